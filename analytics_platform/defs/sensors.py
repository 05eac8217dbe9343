"""Sensors of a stream with typed tables by home day: days to land, home days to make, what to ask for once more.

- availability: the source's watermark opens days; each newly complete day is requested once, oldest first.
- home days: what a landed raw day touched is made anew.
- upkeep: slow; see `defs.upkeep`.
"""

import itertools
from datetime import UTC, datetime, timedelta

import dagster as dg

from analytics_platform.capabilities import known_capabilities
from analytics_platform.catalogue.streams import Stream, TypedStream
from analytics_platform.connections import opened_lake
from analytics_platform.defs.daily import (
    BATCHES_A_TICK,
    asked_until,
    cursor_of,
    nothing_due,
    opened_days,
    or_skip,
    sensor_status,
)
from analytics_platform.defs.partitions import days_of
from analytics_platform.defs.requests import DailyStream, days_in_progress, details_stream, home_day_requests
from analytics_platform.defs.served import unserved
from analytics_platform.defs.upkeep import period, unrecorded, upkeep_requests
from analytics_platform.settings import Settings, load_settings


def details_sensors(stream: Stream, settings: Settings) -> list[dg.SensorDefinition]:
    """The sensors of a stream that a vendor job delivers."""
    return typed_sensors(stream, details_stream(stream), settings)


def typed_sensors(stream: TypedStream, daily: DailyStream, settings: Settings) -> list[dg.SensorDefinition]:
    """The three sensors of a stream whose raw days land as `daily`; whether they start by themselves is a setting."""
    return [_availability(daily, settings), _home_days(stream, settings), _upkeep(stream, daily, settings)]


def _availability(daily: DailyStream, settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        name=_availability_name(daily),
        target=dg.AssetSelection.assets(*daily.assets),
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=sensor_status(settings),
        description=f"Requests each day of {daily.name} once, when the source's watermark has passed it.",
    )
    def availability(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return or_skip(lambda: _opened(context, daily, load_settings()))

    return availability


def _home_days(stream: TypedStream, settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        name=f"{stream.typed}_home_days",
        target=dg.AssetSelection.assets(*_typed(stream)),
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=sensor_status(settings),
        description=f"Makes the typed tables of every home day that a landed day of {stream.name} touched.",
    )
    def touched(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        events = [context.instance.get_latest_materialization_event(dg.AssetKey(raw.name)) for raw in stream.raws]
        newest = ", ".join(f"{latest.run_id} {latest.timestamp}" for latest in events if latest)
        if newest == (context.cursor or ""):
            return dg.SensorResult(skip_reason="No day has landed since the last look.")
        return or_skip(lambda: _touched(stream, load_settings(), newest))

    return touched


def _upkeep(stream: TypedStream, daily: DailyStream, settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        name=f"{stream.name}_upkeep",
        target=dg.AssetSelection.assets(*daily.assets, *_typed(stream)),
        minimum_interval_seconds=max(settings.sensor_seconds, settings.upkeep_seconds),
        default_status=sensor_status(settings),
        description=f"Reads days of {stream.name} again that the vendor may have rebuilt, asks once more for what "
        "was requested and did not arrive, and records what landed without Dagster's knowledge.",
    )
    def upkeep(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return or_skip(lambda: _due(context, stream, daily, load_settings()))

    return upkeep


def _opened(context: dg.SensorEvaluationContext, daily: DailyStream, now: Settings) -> dg.SensorResult:
    """Requests for the days the watermark has opened since the last look; none while the org does not serve them."""
    if why := unserved(daily.operations, known_capabilities(now)):
        return dg.SensorResult(skip_reason=why)
    complete_until = daily.opened_by.watermark(now).date()
    first = asked_until(context.cursor, now)
    requests, until = opened_days(context.instance, daily, opened_lake(now), now, first, complete_until)
    nothing = f"Complete through {complete_until - timedelta(days=1)}; nothing new."
    return dg.SensorResult(run_requests=requests, skip_reason=None if requests else nothing, cursor=until.isoformat())


def _touched(stream: TypedStream, now: Settings, newest: str) -> dg.SensorResult:
    """Requests for the home days that the days landed up to `newest` have touched."""
    requests = list(home_day_requests(stream, opened_lake(now), now, "touched"))
    reason = None if requests else "The typed tables are those of what has landed."
    return dg.SensorResult(run_requests=requests, skip_reason=reason, cursor=newest)


def _due(
    context: dg.SensorEvaluationContext, stream: TypedStream, daily: DailyStream, now: Settings
) -> dg.SensorResult:
    """Requests for what is due, and records of what Dagster has not been told of."""
    lake, instant = opened_lake(now), datetime.now(UTC)
    landing: list[dg.RunRequest] = []
    waits: list[str] = []
    why = unserved(daily.operations, known_capabilities(now))
    if why is None:
        watermark = daily.opened_by.watermark(now)
        cursor = cursor_of(context.instance, _availability_name(daily))
        landing, waits = upkeep_requests(
            context.instance,
            daily,
            lake,
            now,
            watermark=watermark,
            asked_until=min(watermark.date(), asked_until(cursor, now)),
            now=instant,
        )
    making = days_in_progress(context.instance, _typed(stream))
    stale = home_day_requests(stream, lake, now, "stale", suffix=period(now.upkeep_seconds, instant), without=making)
    chosen = list(itertools.chain(landing, stale))[:BATCHES_A_TICK]
    return dg.SensorResult(
        run_requests=chosen,
        asset_events=unrecorded(context.instance, lake, [_landed(stream, daily), _typed(stream)], days_of(now)),
        skip_reason=None if chosen else nothing_due(waits, why or ""),
    )


def _availability_name(daily: DailyStream) -> str:
    return f"{daily.name}_availability"


def _typed(stream: TypedStream) -> list[str]:
    return [table.name for table in stream.tables]


def _landed(stream: TypedStream, daily: DailyStream) -> list[str]:
    """What a run that lands days publishes."""
    return [*daily.assets, *([stream.restatements.name] if isinstance(stream, Stream) else [])]
