"""The check of days that were landed before their watermark: none is left once it has passed them."""

from collections.abc import Iterator, Sequence
from datetime import date

import dagster as dg

from analytics_platform.connections import opened_lake
from analytics_platform.defs.failures import expected_faults
from analytics_platform.defs.openings import Opening
from analytics_platform.settings import load_settings

_NEWEST = 35
"""Days looked at: a provisional one is young."""


def provisional_check(stream: str, tables: Sequence[str], opening: Opening) -> dg.AssetChecksDefinition:
    """The check of the tables of a stream whose days a watermark opens; it warns, and names the days in any case."""

    @dg.multi_asset_check(
        name=f"{stream}_provisional",
        can_subset=True,
        specs=[
            dg.AssetCheckSpec(
                "provisional_replaced",
                asset=table,
                description="No day that the watermark has passed is still as it was landed before: part of a day, "
                "because somebody asked for it.",
            )
            for table in tables
        ],
    )
    def check(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        from analytics_platform.landing.states import PROVISIONAL, end_of

        now = load_settings()
        lake = opened_lake(now)
        for table in sorted(key.asset_key.to_user_string() for key in context.selected_asset_check_keys):
            manifests = lake.manifests(table, lake.days(table)[-_NEWEST:])
            provisional = [day for day, manifest in manifests.items() if manifest.state == PROVISIONAL]
            try:
                watermark = opening.watermark(now) if provisional else None
            except expected_faults() as fault:
                yield _result(table, provisional, overdue=[], passed=False, description=str(fault))
                continue
            overdue = [day for day in provisional if watermark and end_of(day) <= watermark]
            yield _result(table, provisional, overdue=overdue, passed=not overdue)

    return check


def _result(
    table: str, provisional: Sequence[date], *, overdue: Sequence[date], passed: bool, description: str | None = None
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name="provisional_replaced",
        asset_key=table,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=description or ("Upkeep lands them again; see its sensor." if overdue else None),
        metadata={
            "provisional": len(provisional),
            **({"days": [str(day) for day in provisional]} if provisional else {}),
            **({"overdue": [str(day) for day in overdue]} if overdue else {}),
        },
    )
