"""Streams of snapshots in Dagster: an asset pair by the UTC day, a schedule that asks for each tick, and the checks.

To materialize today is to take the snapshot that is due. To materialize a day past asks the org nothing: it lands what
was taken and is not in the lake yet, and compacts the day.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg

from analytics_platform.capabilities import Capabilities, known_capabilities
from analytics_platform.catalogue.operations import Operation
from analytics_platform.catalogue.tables import Table
from analytics_platform.connections import opened_lake, protected, source_of
from analytics_platform.defs.by_day import tables_by_day
from analytics_platform.defs.checks import days_of_run, known_to_the_catalogue, overflow, verdict
from analytics_platform.defs.described import asset_spec
from analytics_platform.defs.failures import expected_faults, explained
from analytics_platform.defs.partitions import batches, begun_days_of, run_days
from analytics_platform.defs.requests import request
from analytics_platform.defs.resources import GenesysCloudResource, LakeResource, LedgerResource
from analytics_platform.defs.served import unserved
from analytics_platform.settings import Settings, load_settings

if TYPE_CHECKING:
    from analytics_platform.genesys_cloud.answered import Answered
    from analytics_platform.genesys_cloud.client import GenesysCloud
    from analytics_platform.lake.manifest import Manifest
    from analytics_platform.landing.snapshots import Make
    from analytics_platform.landing.spool import Spool

POOL = "genesys_cloud_snapshots"
TICK_TAG = "analytics_platform/tick"
"""The instant a scheduled run's snapshots are due, UTC; a run that comes too late takes none."""
_URGENT = {"dagster/priority": "10"}
"""Ahead of what can wait: an instant passes."""


@dataclass(frozen=True)
class SnapshotStream:
    """One stream of snapshots: `ask` gives the answers that are one snapshot, `make` their tidy rows.

    The org must serve all `operations`; `group` is where the UI shows it; `minutes` lie between two ticks.
    """

    raw: Table
    table: Table
    operations: tuple[Operation, ...]
    group: str
    minutes: int
    ask: "Callable[[GenesysCloud], Iterable[Answered]]"
    make: "Make"

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def assets(self) -> tuple[str, str]:
        return self.raw.name, self.table.name


def snapshot_definitions(
    name: str, streams: Sequence[SnapshotStream], settings: Settings, capabilities: Capabilities
) -> dg.Definitions:
    """The assets and checks of streams that share a grid of ticks, and their schedule, called `name`."""
    return dg.Definitions(
        assets=[_asset(stream, settings, capabilities) for stream in streams],
        asset_checks=[_checks(stream) for stream in streams],
        schedules=[_schedule(name, streams, settings)] if streams else [],
    )


def _asset(stream: SnapshotStream, settings: Settings, capabilities: Capabilities) -> dg.AssetsDefinition:
    raw, tidy = stream.raw, stream.table

    specs = [asset_spec(table, raw, stream.group, stream.operations, settings, capabilities) for table in (raw, tidy)]

    @tables_by_day(stream.name, specs, settings, POOL, days=begun_days_of(settings))
    def land(
        context: dg.AssetExecutionContext,
        genesys_cloud: GenesysCloudResource,
        lake: LakeResource,
        ledger: LedgerResource,
    ) -> Iterator[dg.Output[object]]:
        from analytics_platform.lake.io_manager import Partitions
        from analytics_platform.landing.snapshots import SnapshotLanding

        def answers() -> "Iterator[Answered]":
            with genesys_cloud.connect(context) as client:  # only when something is asked: a day past needs no org
                yield from stream.ask(client)

        tidied: list[Manifest] = []

        def landed() -> "Iterator[Manifest]":
            with explained():
                now = load_settings()
                landing = SnapshotLanding(
                    lake.open(),
                    ledger.open(),
                    _spool(stream, now),
                    raw,
                    tidy,
                    stream.make,
                    source_of(now),
                    stream.minutes,
                )
                for day in run_days(context):
                    of_raw, of_tidy = landing.land(day, _tick(context), answers)
                    tidied.append(of_tidy)
                    yield of_raw

        yield dg.Output(Partitions(landed()), output_name=raw.name)
        yield dg.Output(Partitions(tidied), output_name=tidy.name)

    return land


def _schedule(name: str, streams: Sequence[SnapshotStream], settings: Settings) -> dg.ScheduleDefinition:
    (minutes,) = {stream.minutes for stream in streams}
    running = settings.sensors == "running"

    @dg.schedule(
        name=name,
        target=dg.AssetSelection.assets(*(asset for stream in streams for asset in stream.assets)),
        cron_schedule="0 * * * *" if minutes == 60 else f"*/{minutes} * * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
        description=f"Takes a snapshot of {', '.join(stream.name for stream in streams)} every {minutes} minutes, of "
        "what the org serves, and compacts each day once it has ended.",
    )
    def due(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        tick = context.scheduled_execution_time.astimezone(UTC)
        now = load_settings()
        known = known_capabilities(now)
        why = {stream.name: unserved(stream.operations, known) for stream in streams}
        served = [stream for stream in streams if why[stream.name] is None]
        requests = [*_tick_request(name, served, tick), *_compactions(streams, now, tick)]
        return requests or dg.SkipReason(" ".join(each for each in why.values() if each) or _too_late(tick))

    return due


def _tick_request(name: str, streams: Sequence[SnapshotStream], tick: datetime) -> Iterator[dg.RunRequest]:
    """One run that takes all of a tick's snapshots; none when its time has passed already."""
    from analytics_platform.landing.ticks import due_tick

    if streams and due_tick(datetime.now(UTC), streams[0].minutes) == tick:
        assets = [asset for stream in streams for asset in stream.assets]
        at = f"{tick:%Y-%m-%dT%H:%MZ}"
        asked = request(name, assets, "tick", [tick.date()], at)
        yield asked.with_replaced_attrs(tags={**asked.tags, TICK_TAG: at, **_URGENT})


def _compactions(streams: Sequence[SnapshotStream], settings: Settings, tick: datetime) -> Iterator[dg.RunRequest]:
    """Runs that end days which have passed: asked for at most once an hour, none while the lake is away."""
    from analytics_platform.landing.snapshots import unfinished

    for stream in streams:
        try:
            days = unfinished(opened_lake(settings), _spool(stream, settings), stream.table, tick.date())
        except expected_faults():
            continue
        for chosen in batches([day for day in days if day >= settings.start_day], settings.max_days_per_run):
            yield request(stream.name, stream.assets, "ended", chosen, f"{tick:%Y-%m-%dT%H}")


def _checks(stream: SnapshotStream) -> dg.AssetChecksDefinition:
    name = stream.name

    @dg.multi_asset_check(
        name=f"{name}_checks",
        can_subset=True,
        specs=[
            dg.AssetCheckSpec(
                "unique_keys", asset=name, description=f"No two rows share {', '.join(stream.table.key)}."
            ),
            dg.AssetCheckSpec(
                "ticks_missing",
                asset=name,
                description=f"A snapshot was taken every {stream.minutes} minutes, from the first on. What was not "
                "taken in time cannot be had any more.",
            ),
            dg.AssetCheckSpec(
                "known_to_the_catalogue",
                asset=name,
                description="The answers hold no field, value or type that the table does not know.",
            ),
        ],
    )
    def checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        from analytics_platform.lake.rows_at_fault import looked_into, repeated_keys

        now = load_settings()
        lake = opened_lake(now)
        chosen = {key.name for key in context.selected_asset_check_keys}
        landed = lake.days(name)
        manifests = lake.manifests(name, days_of_run(context, landed))
        if "unique_keys" in chosen:
            with looked_into(lake, {stream.table.name: manifests}, overflow(now)) as database:
                repeated = repeated_keys(database, stream.table, list(manifests))
            yield verdict("unique_keys", stream.table, repeated)
        if "ticks_missing" in chosen:
            missing = [
                tick
                for manifest in manifests.values()
                for tick in _missing(stream, manifest, manifest.day == landed[0])
            ]
            yield _ticks_missing(name, missing)
        if "known_to_the_catalogue" in chosen:
            yield known_to_the_catalogue(name, manifests)

    return checks


def _missing(stream: SnapshotStream, manifest: "Manifest", first: bool) -> list[datetime]:
    """The ticks of a day that have passed and are not there; on the `first` day those before its first are none."""
    from analytics_platform.landing.ticks import ticks_of, ticks_of_day

    taken = ticks_of(manifest)
    wanted = ticks_of_day(manifest.day, stream.minutes, datetime.now(UTC))
    return [tick for tick in wanted if tick not in taken and not (first and tick < min(taken, default=tick))]


def _ticks_missing(name: str, missing: Sequence[datetime]) -> dg.AssetCheckResult:
    from analytics_platform.landing.ticks import runs_of

    return dg.AssetCheckResult(
        check_name="ticks_missing",
        asset_key=name,
        passed=not missing,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"missing": len(missing), "which": runs_of(missing)},
    )


def _spool(stream: SnapshotStream, settings: Settings) -> "Spool":
    from analytics_platform.landing.spool import Spool

    return Spool(settings.state, source_of(settings), stream.name, protected(settings))


def _tick(context: dg.AssetExecutionContext) -> datetime | None:
    """The tick a schedule asked for; None for whichever is due."""
    told = context.run.tags.get(TICK_TAG)
    return datetime.fromisoformat(told) if told else None


def _too_late(tick: datetime) -> str:
    return f"It is too late for the snapshot of {tick:%Y-%m-%d %H:%M} UTC: the next one is due."
