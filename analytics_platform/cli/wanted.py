"""What was chosen to land, and which operations each of it needs."""

from collections.abc import Iterator
from dataclasses import dataclass

from analytics_platform.catalogue.aggregates import AGGREGATES
from analytics_platform.catalogue.observations import OBSERVATIONS
from analytics_platform.catalogue.operations import Lands, Operation
from analytics_platform.catalogue.operations.bots import BOTS
from analytics_platform.catalogue.operations.reporting import EXPORT_LIST, EXPORT_REQUEST
from analytics_platform.choices import Choices


@dataclass(frozen=True)
class Wanted:
    """One stream that was chosen: all of `needs` must be served, or one of them where that is enough."""

    stream: str
    lands: Lands
    needs: tuple[Operation, ...]
    otherwise: str
    """How not to choose it, in the file of ANALYTICS_PLATFORM_STREAMS."""
    one_is_enough: bool = False


def wanted(choices: Choices) -> Iterator[Wanted]:
    """The streams that were chosen, beside the details streams, which always are."""
    for family in AGGREGATES:
        if choices.aggregate(family.name).enabled:
            off = f"set aggregates.{family.name}.enabled = false"
            yield Wanted(family.stream, Lands.DAY, family.operations, off)
    for observed in OBSERVATIONS:
        if choices.observation(observed.name).enabled:
            off = f"set observations.{observed.name}.enabled = false"
            yield Wanted(observed.stream, Lands.SNAPSHOT, observed.operations, off)
    if choices.bot_flows.ids:
        yield Wanted(BOTS[0].tables[0], Lands.DAY, BOTS, "leave bot_flows.ids empty", one_is_enough=True)
    for export in choices.exports:
        yield Wanted(
            f"export_{export.name}", Lands.DAY, (EXPORT_REQUEST, EXPORT_LIST), f"take {export.name} out of exports"
        )
