"""Sensors of the streams that land by day with no vendor job to announce them: aggregates, exports, bot turns.

One pair of sensors a watermark serves all streams it opens days of:

- availability: each newly complete day of each stream is requested once, oldest first.
- upkeep: slow; see `defs.upkeep`.

What the org is known not to serve is never requested; its days are, once it does.
"""

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from analytics_platform.capabilities import known_capabilities
from analytics_platform.connections import opened_lake
from analytics_platform.defs.failures import expected_faults
from analytics_platform.defs.openings import Opening
from analytics_platform.defs.partitions import batches, days_between, days_of
from analytics_platform.defs.requests import DailyStream, days_in_progress, request
from analytics_platform.defs.served import unserved
from analytics_platform.defs.upkeep import unrecorded, upkeep_requests
from analytics_platform.settings import Settings, load_settings

if TYPE_CHECKING:
    from analytics_platform.lake import Lake

BATCHES_A_TICK = 12


def daily_sensors(streams: Sequence[DailyStream], settings: Settings) -> list[dg.SensorDefinition]:
    """The sensors of all daily streams together; whether they start by themselves is a setting."""
    by_opening: dict[Opening, list[DailyStream]] = {}
    for stream in streams:
        by_opening.setdefault(stream.opened_by, []).append(stream)
    return [
        sensor
        for opening, mine in by_opening.items()
        for sensor in (_availability(opening, mine, settings), _upkeep(opening, mine, settings))
    ]


def availability_sensor(opening: Opening) -> str:
    """The name of the sensor that requests the days a watermark opens."""
    return f"daily_{opening.name}_availability"


def upkeep_sensor(opening: Opening) -> str:
    """The name of the sensor that looks after the days a watermark has opened."""
    return f"daily_{opening.name}_upkeep"


def _availability(opening: Opening, streams: Sequence[DailyStream], settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        name=availability_sensor(opening),
        target=dg.AssetSelection.assets(*_assets(streams)),
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=sensor_status(settings),
        description=f"Requests each day of {_names(streams)} once, when the watermark of {opening.name} has passed it.",
    )
    def availability(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return or_skip(lambda: _opened(context, opening, streams, load_settings()))

    return availability


def _upkeep(opening: Opening, streams: Sequence[DailyStream], settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        name=upkeep_sensor(opening),
        target=dg.AssetSelection.assets(*_assets(streams)),
        minimum_interval_seconds=max(settings.sensor_seconds, settings.upkeep_seconds),
        default_status=sensor_status(settings),
        description=f"Reads days of {_names(streams)} again that the vendor may have rebuilt, asks once more for what "
        "was requested and did not arrive, and records what landed without Dagster's knowledge.",
    )
    def upkeep(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return or_skip(lambda: _due(context, opening, streams, load_settings()))

    return upkeep


def _opened(
    context: dg.SensorEvaluationContext, opening: Opening, streams: Sequence[DailyStream], now: Settings
) -> dg.SensorResult:
    """Requests for the days the watermark has opened since the last look, of each stream the org serves."""
    served, reasons = _served(streams, now)
    if not served:
        return dg.SensorResult(skip_reason=reasons)
    complete_until = opening.watermark(now).date()
    lake, cursor = opened_lake(now), _cursors(context.cursor)
    requests: list[dg.RunRequest] = []
    for stream in served:
        left = BATCHES_A_TICK - len(requests)
        if left:
            first = stream.first_kept(asked_until(cursor.get(stream.name), now), complete_until)
            opened, until = opened_days(context.instance, stream, lake, now, first, complete_until, most=left)
            requests += opened
            cursor[stream.name] = until.isoformat()
    nothing = f"Complete through {complete_until - timedelta(days=1)}; nothing new. {reasons}".strip()
    return dg.SensorResult(
        run_requests=requests, skip_reason=None if requests else nothing, cursor=json.dumps(cursor, sort_keys=True)
    )


def _due(
    context: dg.SensorEvaluationContext, opening: Opening, streams: Sequence[DailyStream], now: Settings
) -> dg.SensorResult:
    """Requests for what is due of each stream in turn, and records of what Dagster has not been told of."""
    served, reasons = _served(streams, now)
    lake = opened_lake(now)
    due: list[list[dg.RunRequest]] = []
    waits: list[str] = []
    if served:
        watermark = opening.watermark(now)
        cursor = _cursors(cursor_of(context.instance, availability_sensor(opening)))
        for stream in served:
            until = min(watermark.date(), asked_until(cursor.get(stream.name), now))
            looked, waiting = upkeep_requests(
                context.instance,
                stream,
                lake,
                now,
                watermark=watermark,
                asked_until=until,
                now=datetime.now(UTC),
            )
            due.append(looked)
            waits += waiting
    in_turn = [each for turn in itertools.zip_longest(*due) for each in turn if each is not None]
    return dg.SensorResult(
        run_requests=in_turn[:BATCHES_A_TICK],
        asset_events=unrecorded(context.instance, lake, [stream.assets for stream in streams], days_of(now)),
        skip_reason=None if in_turn else nothing_due(waits, reasons),
    )


def nothing_due(waits: Sequence[str], reasons: str) -> str:
    """Why upkeep requests nothing: `waits` tells of days whose runs failed, `reasons` of what is not served."""
    told = "Nothing is due now." if waits else "Nothing is due to be read again, and nothing is missing."
    return " ".join(each for each in (told, *waits, reasons) if each)


def opened_days(
    instance: dg.DagsterInstance,
    stream: DailyStream,
    lake: "Lake",
    settings: Settings,
    first: date,
    complete_until: date,
    *,
    most: int = BATCHES_A_TICK,
) -> tuple[list[dg.RunRequest], date]:
    """At most `most` requests for the days in `[first, complete_until)` that are not there, and the first day that is
    not asked for then."""
    days = set(days_between(first, complete_until - timedelta(days=1)))
    days -= _complete(lake, stream.marks, days)
    days -= days_in_progress(instance, stream.assets)
    chosen = batches(list(days), settings.max_days_per_run)[:most]
    requests = [request(stream.name, stream.assets, "complete", batch) for batch in chosen]
    return requests, chosen[-1][-1] + timedelta(days=1) if chosen else max(first, complete_until)


def sensor_status(settings: Settings) -> dg.DefaultSensorStatus:
    """Whether a sensor runs from the start."""
    return dg.DefaultSensorStatus.RUNNING if settings.sensors == "running" else dg.DefaultSensorStatus.STOPPED


def or_skip(look: Callable[[], dg.SensorResult]) -> dg.SensorResult:
    """What a look brings, or the skip that tells why it could not be taken: no credentials, the org or lake away."""
    try:
        return look()
    except expected_faults() as fault:
        return dg.SensorResult(skip_reason=str(fault))


def asked_until(cursor: str | None, settings: Settings) -> date:
    """The first day not asked for yet; the first of all where the cursor is lost or was set to what is no day."""
    try:
        return max(settings.start_day, date.fromisoformat(cursor or ""))
    except ValueError:
        return settings.start_day


def cursor_of(instance: dg.DagsterInstance, sensor: str) -> str | None:
    """How far an availability sensor has asked; what it has not asked for yet is not missing."""
    for state in instance.all_instigator_state():
        if state.instigator_name == sensor and state.instigator_data is not None:
            return getattr(state.instigator_data, "cursor", None)
    return None


def _complete(lake: "Lake", table: str, days: set[date]) -> set[date]:
    """Which of the days have landed, and not only for the time being."""
    manifests = lake.manifests(table, days.intersection(lake.days(table)))
    return {day for day, manifest in manifests.items() if manifest.facts["state"] != "provisional"}


def _served(streams: Sequence[DailyStream], settings: Settings) -> tuple[list[DailyStream], str]:
    """The streams the org serves as far as is known, and why not the others, a sentence each."""
    capabilities = known_capabilities(settings)
    why = {stream.name: unserved(stream.operations, capabilities) for stream in streams}
    return [stream for stream in streams if why[stream.name] is None], " ".join(each for each in why.values() if each)


def _cursors(text: str | None) -> dict[str, str]:
    """The first day not asked for of each stream; none where the cursor is lost or was set to something else."""
    try:
        told = json.loads(text or "")
    except ValueError:
        return {}
    return {str(name): str(day) for name, day in told.items()} if isinstance(told, Mapping) else {}


def _assets(streams: Sequence[DailyStream]) -> list[str]:
    return [asset for stream in streams for asset in stream.assets]


def _names(streams: Sequence[DailyStream]) -> str:
    return ", ".join(stream.name for stream in streams)
