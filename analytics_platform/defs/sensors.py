"""Sensors of a details stream: which days to land, which home days to make, what to read again or to ask for once more.

- availability: the watermark opens days; each newly complete day is requested once, oldest first.
- home days: what a landed raw day touched is made anew.
- upkeep: slow; see `defs.upkeep`.

A look that cannot be taken - no credentials, the org or the lake away - is skipped with the reason in a sentence.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from analytics_platform.catalogue.streams import Stream
from analytics_platform.connections import connected, opened_lake
from analytics_platform.defs.failures import expected_faults
from analytics_platform.defs.partitions import batches, days_between, days_of
from analytics_platform.defs.requests import days_in_progress, home_day_requests, request
from analytics_platform.defs.upkeep import unrecorded, upkeep_requests
from analytics_platform.settings import Settings, load_settings

if TYPE_CHECKING:
    from analytics_platform.lake import Lake

_BATCHES_A_TICK = 12


def details_sensors(stream: Stream, settings: Settings) -> list[dg.SensorDefinition]:
    """The three sensors of a stream; whether they start by themselves is a setting."""
    return [_availability(stream, settings), _home_days(stream, settings), _upkeep(stream, settings)]


def _availability(stream: Stream, settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        name=f"{stream.name}_availability",
        target=dg.AssetSelection.assets(stream.raw.name),
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=_status(settings),
        description=f"Requests each day of {stream.name} once, when the vendor's watermark has passed it.",
    )
    def availability(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return _or_skip(lambda: _opened(context, stream, load_settings()))

    return availability


def _home_days(stream: Stream, settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        name=f"{stream.typed}_home_days",
        target=dg.AssetSelection.assets(*(table.name for table in stream.tables)),
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=_status(settings),
        description=f"Makes the typed tables of every home day that a landed day of {stream.name} touched.",
    )
    def touched(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        latest = context.instance.get_latest_materialization_event(dg.AssetKey(stream.raw.name))
        newest = f"{latest.run_id} {latest.timestamp}" if latest else ""
        if newest == (context.cursor or ""):
            return dg.SensorResult(skip_reason="No day has landed since the last look.")
        return _or_skip(lambda: _touched(stream, load_settings(), newest))

    return touched


def _upkeep(stream: Stream, settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        name=f"{stream.name}_upkeep",
        target=dg.AssetSelection.assets(stream.raw.name, *(table.name for table in stream.tables)),
        minimum_interval_seconds=max(settings.sensor_seconds, settings.upkeep_seconds),
        default_status=_status(settings),
        description=f"Reads days of {stream.name} again that the vendor may have rebuilt, asks once more for what "
        "was requested and did not arrive, and records what landed without Dagster's knowledge.",
    )
    def upkeep(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return _or_skip(lambda: _due(context, stream, load_settings()))

    return upkeep


def _status(settings: Settings) -> dg.DefaultSensorStatus:
    return dg.DefaultSensorStatus.RUNNING if settings.sensors == "running" else dg.DefaultSensorStatus.STOPPED


def _or_skip(look: Callable[[], dg.SensorResult]) -> dg.SensorResult:
    """What a look brings, or the skip that tells why it could not be taken."""
    try:
        return look()
    except expected_faults() as fault:
        return dg.SensorResult(skip_reason=str(fault))


def _opened(context: dg.SensorEvaluationContext, stream: Stream, now: Settings) -> dg.SensorResult:
    """Requests for the days the watermark has opened since the last look."""
    complete_until = _watermark(stream, now).date()
    first = _asked_until(context.cursor, now)
    days = set(days_between(first, complete_until - timedelta(days=1)))
    days -= _complete(stream, opened_lake(now), days)
    days -= days_in_progress(context.instance, stream.raw.name)
    chosen = batches(list(days), now.max_days_per_run)[:_BATCHES_A_TICK]
    if chosen:
        return dg.SensorResult(
            run_requests=[request(stream.raw.name, "complete", batch) for batch in chosen],
            cursor=(chosen[-1][-1] + timedelta(days=1)).isoformat(),
        )
    return dg.SensorResult(
        skip_reason=f"Complete through {complete_until - timedelta(days=1)}; nothing new.",
        cursor=max(first, complete_until).isoformat(),
    )


def _touched(stream: Stream, now: Settings, newest: str) -> dg.SensorResult:
    """Requests for the home days that the days landed up to `newest` have touched."""
    requests = list(home_day_requests(stream, opened_lake(now), now, "touched"))
    reason = None if requests else "The typed tables are those of what has landed."
    return dg.SensorResult(run_requests=requests, skip_reason=reason, cursor=newest)


def _due(context: dg.SensorEvaluationContext, stream: Stream, now: Settings) -> dg.SensorResult:
    """Requests for what is due, and records of what Dagster has not been told of."""
    lake = opened_lake(now)
    watermark = _watermark(stream, now)
    requests = upkeep_requests(
        context.instance,
        stream,
        lake,
        now,
        watermark=watermark,
        asked_until=min(watermark.date(), _asked_until(_cursor_of_availability(context, stream), now)),
        attempt=_period(now.upkeep_seconds),
    )
    chosen = list(requests)[:_BATCHES_A_TICK]
    return dg.SensorResult(
        run_requests=chosen,
        asset_events=unrecorded(context.instance, stream, lake, days_of(now)),
        skip_reason=None if chosen else "Nothing is due to be read again, and nothing is missing.",
    )


def _watermark(stream: Stream, settings: Settings) -> datetime:
    from analytics_platform.genesys_cloud.jobs import DetailsJobs

    with connected(settings, hurried=True) as client:
        return DetailsJobs(client, stream.family).availability().astimezone(UTC)


def _complete(stream: Stream, lake: "Lake", days: set[date]) -> set[date]:
    """Which of the days have landed, and not only for the time being."""
    manifests = lake.manifests(stream.raw.name, days.intersection(lake.days(stream.raw.name)))
    return {day for day, manifest in manifests.items() if manifest.facts["state"] != "provisional"}


def _asked_until(cursor: str | None, settings: Settings) -> date:
    """The first day not asked for yet; the first of all where the cursor is lost or was set to what is no day."""
    try:
        return max(settings.start_day, date.fromisoformat(cursor or ""))
    except ValueError:
        return settings.start_day


def _cursor_of_availability(context: dg.SensorEvaluationContext, stream: Stream) -> str | None:
    """How far the availability sensor has asked; what it has not asked for yet is not missing."""
    for state in context.instance.all_instigator_state():
        if state.instigator_name == f"{stream.name}_availability" and state.instigator_data is not None:
            return getattr(state.instigator_data, "cursor", None)
    return None


def _period(seconds: int) -> str:
    """The present stretch of so many seconds, by its beginning."""
    now = int(datetime.now(UTC).timestamp())
    return datetime.fromtimestamp(now - now % seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
