"""Checks of people's data: which columns of an asset group hold it in clear, and whether all days follow the policy."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

from analytics_platform.catalogue.exports import AS_TOLD
from analytics_platform.catalogue.personal import EXPORTED, personal_columns
from analytics_platform.catalogue.services import SERVICES
from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.choices import Choices, load_choices
from analytics_platform.connections import opened_lake
from analytics_platform.defs.checks import days_of_run
from analytics_platform.defs.requests import DailyStream
from analytics_platform.gms_settings import GmsSettings
from analytics_platform.protection import chosen, grouped_by
from analytics_platform.settings import load_settings

if TYPE_CHECKING:
    from analytics_platform.lake import Lake

NAME = "personal_data_in_clear"
_EXPORT = "export_"


def personal_data_checks(
    gms: GmsSettings, daily: Sequence[DailyStream], choices: Choices
) -> list[dg.AssetChecksDefinition]:
    """A check of each asset group that has columns of people's data, on the table the others hang from."""
    streams = (CONVERSATION_DETAILS, *([SERVICES] if gms.url else []))
    groups = [(stream.head.name, tuple(table.name for table in stream.tables)) for stream in streams]
    groups += [(each.marks, each.assets) for each in daily]
    return [_check(head, tables) for head, tables in groups if _personal(tables, choices)]


def _check(head: str, tables: Sequence[str]) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        name=NAME,
        asset=head,
        description="Every day is written by the policy as it is now; tells which columns of people's data are kept in "
        "clear by it.",
    )
    def personal_data_in_clear(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        now = load_settings()
        choices, lake = load_choices(now), opened_lake(now)
        days = days_of_run(context, lake.days(head))
        actions = chosen(now, choices)
        kept = [f"{table}.{column}" for table, column in _named(tables, choices) if actions[table, column] == "keep"]
        if head.startswith(_EXPORT):
            kept += _exported(lake, head, days, choices, now.personal_data)
        # Tables of one group are made together, and the mark of one tells of all.
        other = [str(day) for day, told in lake.manifests(head, days).items() if not lake.protection.agrees(told)]
        return dg.AssetCheckResult(
            passed=not other,
            severity=dg.AssetCheckSeverity.WARN,
            description="Days were written by another policy: rebuild them from raw." if other else None,
            metadata={
                "in_clear_count": len(kept),
                **({"in_clear": sorted(kept)} if kept else {}),
                "by_another_policy_count": len(other),
                **({"by_another_policy": other} if other else {}),
                "raw": now.raw,
            },
        )

    return personal_data_in_clear


def _personal(tables: Sequence[str], choices: Choices) -> bool:
    return bool(_named(tables, choices)) or any(table.startswith(_EXPORT) for table in tables)


def _named(tables: Sequence[str], choices: Choices) -> list[tuple[str, str]]:
    """The columns of people's data that these tables have; of aggregates those that were chosen to group by."""
    named = {(name.partition(".")[0], name.partition(".")[2]) for name in choices.pii}
    groups = grouped_by(choices)
    return sorted(
        (table, column)
        for table, column in personal_columns() | named
        if table in tables and not table.startswith(_EXPORT) and (table not in groups or column in groups[table])
    )


def _exported(lake: "Lake", head: str, days: Sequence[date], choices: Choices, by_default: str) -> list[str]:
    """The columns of people's data in the files of these days that are kept, by what is known of their names."""
    headings = {name for told in lake.manifests(head, days).values() for name in told.facts.get("headings") or ()}
    found = {name for name in headings if name.removesuffix(AS_TOLD) in EXPORTED or f"{head}.{name}" in choices.pii}
    return [f"{head}.{name}" for name in found if choices.pii.get(f"{head}.{name}", by_default) == "keep"]
