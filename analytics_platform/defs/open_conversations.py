"""The check of conversations without an end: how old they are, which are stuck, and which the vendor no longer has."""

from typing import TYPE_CHECKING, Any

import dagster as dg

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.connections import opened_lake
from analytics_platform.defs.checks import overflow
from analytics_platform.settings import load_settings

if TYPE_CHECKING:
    from analytics_platform.lake.open_conversations import Named

_NAMED = 20


def open_conversations_check() -> dg.AssetChecksDefinition:
    """The check, on the head table of conversations; it looks at all home days that hold open ones."""

    @dg.asset_check(
        name="open_conversations",
        asset=CONVERSATION_DETAILS.head.name,
        description="No conversation is open for longer than ANALYTICS_PLATFORM_STUCK_AFTER_DAYS, and each one that is "
        "open is told by every activity day it lived through.",
    )
    def check() -> dg.AssetCheckResult:
        from analytics_platform.lake.open_conversations import days_of_open, readings, still_open
        from analytics_platform.lake.rows_at_fault import looked_into

        now = load_settings()
        lake = opened_lake(now)
        read = readings(lake)
        with looked_into(lake, days_of_open(lake), overflow(now)) as database:
            found = still_open(database, read, stuck_after_days=now.stuck_after_days, most=_NAMED)
        return dg.AssetCheckResult(
            passed=not (found.stuck.count or found.no_longer_told.count),
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "open": sum(found.ages.values()),
                **{f"open_{band}_days": count for band, count in found.ages.items()},
                **_named("stuck", found.stuck),
                **_named("open_and_no_longer_told", found.no_longer_told),
            },
        )

    return check


def _named(kind: str, found: "Named") -> dict[str, Any]:
    return {kind: found.count, **({f"{kind}_ids": list(found.ids)} if found.ids else {})}
