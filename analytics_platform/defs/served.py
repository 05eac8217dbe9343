"""How an asset says that the org does not serve it, and how sensors and schedules know not to ask for it.

`known_capabilities(settings)` tells what is known. Definitions read it once, when they are loaded; a sensor or schedule
reads it at each look, since the daily probe may have learned more by then.
"""

from collections.abc import Iterable, Mapping

from analytics_platform.capabilities import Capabilities
from analytics_platform.catalogue.operations import Operation


def unserved(operations: Iterable[Operation], capabilities: Capabilities) -> str | None:
    """The sentence why one of the operations an asset needs is not served, None where all are or nothing is known.

    An asset of which it tells something is never requested by a sensor or schedule; a person still can.
    """
    return next((why for each in operations if (why := capabilities.why_not(each))), None)


def served_metadata(operations: Iterable[Operation], capabilities: Capabilities) -> Mapping[str, object]:
    """What an asset's metadata say of it: `served`, and `not_served_because` where it is not."""
    why = unserved(operations, capabilities)
    return {"served": True} if why is None else {"served": False, "not_served_because": why}


def served_description(description: str, operations: Iterable[Operation], capabilities: Capabilities) -> str:
    """The description of an asset, headed by a line of its own where the org does not serve it."""
    why = unserved(operations, capabilities)
    return description if why is None else f"Never scheduled. {why}\n\n{description}"
