"""Making typed tables anew from raw as a job: after a release that knows more of what the source sends."""

from collections.abc import Iterator
from datetime import date

import dagster as dg
from pydantic import Field

from analytics_platform.defs.details import TABLES_POOL
from analytics_platform.defs.failures import explained
from analytics_platform.defs.resources import LakeResource, LedgerResource
from analytics_platform.settings import load_settings


class RebuildConfig(dg.Config):
    """What is made anew; as it stands, everything."""

    streams: list[str] = Field(
        default=[], description="Streams, such as conversations or queue_observations; none is all that raw holds."
    )
    first_day: str = Field(default="", description="First UTC day, such as 2026-03-02; empty is the first there is.")
    last_day: str = Field(default="", description="Last UTC day; empty is the newest.")


def definitions() -> dg.Definitions:
    """The job; it runs when a person launches it."""
    return dg.Definitions(jobs=[rebuild])


@dg.op(
    pool=TABLES_POOL,
    out=dg.Out(dg.Nothing),
    description="Makes each day of each stream anew and replaces it; nothing is asked of any source.",
)
def make_anew(
    context: dg.OpExecutionContext, config: RebuildConfig, lake: LakeResource, ledger: LedgerResource
) -> Iterator[dg.AssetMaterialization | dg.Output[None]]:
    from analytics_platform.lake.io_manager import partition_event
    from analytics_platform.landing.rebuilding import rebuildable

    opened, days = lake.open(), 0
    with explained():
        first, last = (date.fromisoformat(day) if day else None for day in (config.first_day, config.last_day))
        for each in rebuildable(opened, ledger.open(), load_settings().snapshot_minutes, config.streams):
            for made in each.rebuilt(first, last):
                days += 1
                context.log.info("%s of %s is made anew", made.stream, made.day)
                for manifest in made.manifests:
                    yield partition_event(dg.AssetKey(manifest.table), manifest, opened)
    context.add_output_metadata({"days": days})
    yield dg.Output(None)


@dg.job(description="Typed tables from what raw keeps, with no request to any source.")
def rebuild() -> None:
    make_anew()
