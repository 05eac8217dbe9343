"""The assets of a details stream: the raw day from the vendor's job, and the typed tables of a home day from raw."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from analytics_platform.catalogue.streams import Stream, TypedStream
from analytics_platform.catalogue.tables import Table
from analytics_platform.connections import source_of
from analytics_platform.defs.by_day import retries, tables_by_day
from analytics_platform.defs.described import OWNERS, RAW_KINDS, TYPED_KINDS, lineage, table_metadata
from analytics_platform.defs.failures import explained
from analytics_platform.defs.partitions import days_of, request_of, run_days
from analytics_platform.defs.resources import GenesysCloudResource, LakeResource, LedgerResource
from analytics_platform.defs.restatements import tell_restatements
from analytics_platform.settings import Settings, load_settings

if TYPE_CHECKING:
    from analytics_platform.lake.manifest import Manifest
    from analytics_platform.landing.details import StagedDay

JOBS_POOL = "genesys_cloud_jobs"
TABLES_POOL = "typed_tables"


class LandingConfig(dg.Config):
    """How a run lands its days."""

    provisional: bool = Field(
        default=False,
        description="Land days that the watermark has not passed yet all the same; they are marked provisional and "
        "replaced later.",
    )


def raw_asset(stream: Stream, settings: Settings) -> dg.AssetsDefinition:
    """The raw table of a stream, by activity day. One vendor job a day, several in flight, published as they come."""

    @dg.asset(
        name=stream.raw.name,
        partitions_def=days_of(settings),
        backfill_policy=dg.BackfillPolicy.multi_run(settings.max_days_per_run),
        retry_policy=retries(settings),
        pool=JOBS_POOL,
        io_manager_key="lake_io_manager",
        group_name=stream.name,
        owners=OWNERS,
        kinds=RAW_KINDS,
        description=f"{stream.raw.description}\n\n{stream.description}",
        metadata=table_metadata(stream.raw, settings),
    )
    def land(
        context: dg.AssetExecutionContext,
        config: LandingConfig,
        genesys_cloud: GenesysCloudResource,
        lake: LakeResource,
        ledger: LedgerResource,
    ) -> dg.Output[object]:
        from analytics_platform.genesys_cloud.jobs import DetailsJobs
        from analytics_platform.lake.io_manager import Partitions
        from analytics_platform.landing.details import DetailsLanding, Options

        def published() -> "Iterator[StagedDay | Manifest]":
            # Runs while the output is written, so that each day is published as soon as it is whole.
            now = load_settings()
            options = Options(
                page_size=now.page_size,
                first_pause=now.poll_seconds,
                job_deadline=60.0 * now.job_deadline_minutes,
                jobs_in_flight=now.jobs_in_flight,
                result_cap=now.job_result_cap,
                provisional=config.provisional,
                settled_after_days=now.settled_after.days,
            )
            with explained(), genesys_cloud.connect(context) as client:
                jobs = DetailsJobs(client, stream.family)
                landing = DetailsLanding(stream, jobs, lake.open(), ledger.open(), source_of(now), options)
                landed: list[date] = []
                try:
                    for day in landing.land_all(run_days(context), request_of(context)):
                        yield day
                        landed.append(day.day)
                finally:
                    tell_restatements(context, landing.lake, stream, landed)

        return dg.Output(Partitions(published()))

    return land


def typed_assets(stream: TypedStream, settings: Settings, raws: Sequence[Table] = ()) -> dg.AssetsDefinition:
    """All typed tables of a stream, by home day, made together from what raw holds; `raws` are the raw tables that are
    assets, the stream's own where none are named."""
    raw = [each.name for each in raws or (stream.raw,)]
    specs = [
        dg.AssetSpec(
            key=table.name,
            deps=raw if table.parent is None or table in stream.roots else [table.parent.name],
            description=table.description,
            group_name=stream.name,
            owners=OWNERS,
            kinds=TYPED_KINDS,
            metadata={**table_metadata(table, settings), **lineage(stream, table)},
        ).with_io_manager_key("lake_io_manager")
        for table in stream.tables
    ]

    @tables_by_day(stream.typed + "_tables", specs, settings, TABLES_POOL)
    def make(
        context: dg.AssetExecutionContext, lake: LakeResource, ledger: LedgerResource
    ) -> Iterator[dg.Output[object]]:
        from analytics_platform.lake.io_manager import Partitions
        from analytics_platform.landing.home_days import claimed, home_days, home_days_of_run
        from analytics_platform.landing.typed import stage_home_day

        opened = lake.open()
        with explained():
            homes = home_days_of_run(stream, opened, run_days(context), settings.start_day)
            with claimed(stream, ledger.open(), [home.day for home in homes]):
                # While this run waited for another, more of them may have landed.
                now = home_days(stream, opened)
                staged = [stage_home_day(stream, opened, now.get(home.day, home)) for home in homes]
                for day in staged:
                    day.publish_set_aside(opened)
                for table in stream.tables:
                    yield dg.Output(Partitions([day.tables[table.name] for day in staged]), output_name=table.name)

    return make
