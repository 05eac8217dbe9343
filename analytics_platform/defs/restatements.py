"""What the vendor changed of days it had told before: the asset, its partitions as raw days land, and the check.

The rows are published with the raw day that shows them, by the run of the raw asset; this asset runs nothing itself.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg

from analytics_platform.catalogue.streams import Stream
from analytics_platform.connections import opened_lake
from analytics_platform.defs.checks import days_of_run
from analytics_platform.defs.described import OWNERS, TYPED_KINDS, lineage, table_metadata
from analytics_platform.defs.partitions import days_of
from analytics_platform.settings import Settings, load_settings

if TYPE_CHECKING:
    from analytics_platform.lake import Lake

_MOST_FIELDS = 20


def restatements_asset(stream: Stream, settings: Settings) -> dg.AssetSpec:
    """The table of a stream's restatements, by activity day."""
    table = stream.restatements
    return dg.AssetSpec(
        key=table.name,
        deps=[stream.raw.name],
        description=f"{table.description}\n\nIt grows as days of {stream.raw.name} are read again.",
        group_name=stream.name,
        owners=OWNERS,
        kinds=TYPED_KINDS,
        metadata={**table_metadata(table, settings), **lineage(stream, table)},
        partitions_def=days_of(settings),
    )


def tell_restatements(context: dg.AssetExecutionContext, lake: "Lake", stream: Stream, days: Iterable[date]) -> None:
    """Tell Dagster of the restatements that came with the raw days that were landed just now."""
    from analytics_platform.lake.io_manager import partition_event

    for day in days:
        raw, history = (lake.manifest(table.name, day) for table in (stream.raw, stream.restatements))
        if raw is not None and history is not None and history.facts["job_ids"] == raw.facts["job_ids"]:
            context.log_event(partition_event(dg.AssetKey(stream.restatements.name), history, lake))


def restated_check(stream: Stream, settings: Settings) -> dg.AssetChecksDefinition:
    """The check of how much of a day the vendor changed after it had told it."""
    raw, most = stream.raw.name, settings.restated_warn_share

    @dg.asset_check(
        name="restated",
        asset=raw,
        description=f"Of a day that is read again at most {most:.1%} of the records differ, as is set by "
        f"ANALYTICS_PLATFORM_RESTATED_WARN_SHARE; {stream.restatements.name} holds which, and in what.",
    )
    def restated(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        from analytics_platform.landing.restatements import COUNTS, FIELDS

        now = load_settings()
        lake = opened_lake(now)
        counts: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
        fields: Counter[str] = Counter()
        above: dict[str, str] = {}
        read_again = 0
        for day, manifest in lake.manifests(raw, days_of_run(context, lake.days(raw))).items():
            told = {name: int(manifest.facts[name]) for name in COUNTS if manifest.facts.get(name) is not None}
            if not told:
                continue
            read_again += 1
            counts.update(told)
            fields.update(manifest.facts.get(FIELDS) or {})
            differing, records = sum(told.values()), manifest.rows + told["restated_removed"]
            if differing > now.restated_warn_share * records:
                above[day.isoformat()] = f"{differing} of {records}"
        most_changed: dict[str, Any] = dict(fields.most_common(_MOST_FIELDS))
        return dg.AssetCheckResult(
            passed=not above,
            severity=dg.AssetCheckSeverity.WARN,
            description="The vendor changed much of these days; the typed tables follow." if above else None,
            metadata={
                "days_read_again": read_again,
                **counts,
                **({"changed_fields": most_changed} if most_changed else {}),
                **({"days_above": above} if above else {}),
            },
        )

    return restated
