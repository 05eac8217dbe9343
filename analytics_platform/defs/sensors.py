"""Sensors of a details stream: which days to land, which home days to make, what to read again or to ask for once more.

- availability: the watermark opens days; each newly complete day is requested once, oldest first.
- home days: what a landed raw day touched is made anew.
- upkeep: slow; days due to be read again because the vendor may have rebuilt them, and whatever was requested and never
  arrived, since a run key is remembered for ever and a failed run is never asked for again by itself.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from analytics_platform.catalogue.streams import Stream
from analytics_platform.connections import connected, opened_lake
from analytics_platform.defs.partitions import batches, range_tags
from analytics_platform.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from analytics_platform.landing.home_days import HomeDay

_BATCHES_A_TICK = 12
_ACTIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
STREAM_TAG = "analytics_platform/made"
"""What a requested run makes: a raw table or the typed tables of a stream."""


def details_sensors(stream: Stream, settings: Settings) -> list[dg.SensorDefinition]:
    """The three sensors of a stream; whether they start by themselves is a setting."""
    status = dg.DefaultSensorStatus.RUNNING if settings.sensors == "running" else dg.DefaultSensorStatus.STOPPED
    raw = dg.AssetSelection.assets(stream.raw.name)
    typed = dg.AssetSelection.assets(*(table.name for table in stream.tables))

    @dg.sensor(
        name=f"{stream.name}_availability",
        target=raw,
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=status,
        description=f"Requests each day of {stream.name} once, when the vendor's watermark has passed it.",
    )
    def availability(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            complete_until = _complete_until(stream)
        except _expected() as fault:
            return dg.SkipReason(str(fault))
        now = load_settings()
        first = _next_day(context.cursor, now)
        days = [day for day in _days(first, complete_until) if day not in _landed(stream, now)]
        chosen = batches(days, now.max_days_per_run)[:_BATCHES_A_TICK]
        if not chosen:
            return dg.SensorResult(
                skip_reason=dg.SkipReason(f"Complete through {complete_until - timedelta(days=1)}; nothing new."),
                cursor=json.dumps({"through": max(first, complete_until).isoformat()}),
            )
        through = chosen[-1][-1] + timedelta(days=1)
        return dg.SensorResult(
            run_requests=[_request(stream.raw.name, "complete", days, "") for days in chosen],
            cursor=json.dumps({"through": through.isoformat()}),
        )

    @dg.sensor(
        name=f"{stream.typed}_home_days",
        target=typed,
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=status,
        description=f"Makes the typed tables of every home day that a landed day of {stream.name} touched.",
    )
    def touched(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        latest = context.instance.get_latest_materialization_event(dg.AssetKey(stream.raw.name))
        newest = str(latest.run_id) + str(latest.timestamp) if latest else ""
        if newest == (context.cursor or ""):
            return dg.SkipReason("No day has landed since the last look.")
        try:
            requests = list(_home_day_requests(stream, load_settings(), "touched", ""))
        except _expected() as fault:
            return dg.SkipReason(str(fault))
        return dg.SensorResult(run_requests=requests, cursor=newest)

    @dg.sensor(
        name=f"{stream.name}_upkeep",
        target=raw | typed,
        minimum_interval_seconds=max(settings.sensor_seconds, settings.upkeep_seconds),
        default_status=status,
        description=f"Reads days of {stream.name} again that the vendor may have rebuilt, and asks once more for what "
        "was requested and did not arrive.",
    )
    def upkeep(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            complete_until = _complete_until(stream)
            requests = list(_upkeep_requests(context, stream, complete_until))
        except _expected() as fault:
            return dg.SkipReason(str(fault))
        return dg.SensorResult(run_requests=requests[:_BATCHES_A_TICK])

    return [availability, touched, upkeep]


def due_again(as_of: datetime, day: date, ages: Sequence[int], watermark: datetime) -> int | None:
    """The greatest age in days at which `day` should have been read again by now and was not; None when none is due."""
    end = datetime.combine(day, time(), UTC) + timedelta(days=1)
    due = [age for age in ages if as_of < end + timedelta(days=age) <= watermark]
    return max(due, default=None)


def _upkeep_requests(
    context: dg.SensorEvaluationContext, stream: Stream, complete_until: date
) -> Iterator[dg.RunRequest]:
    now = load_settings()
    attempt = datetime.now(UTC).strftime("%Y-%m-%dT%H")
    if not _active(context, stream.raw.name):
        manifests = opened_lake(now).manifests(stream.raw.name)
        watermark = datetime.combine(complete_until, time(), UTC)
        again: dict[int, list[date]] = {}
        for day, manifest in manifests.items():
            age = due_again(datetime.fromisoformat(manifest.facts["as_of"]), day, now.reread_after_days, watermark)
            if age is not None:
                again.setdefault(age, []).append(day)
        for age, days in sorted(again.items()):
            for chosen in batches(days, now.max_days_per_run):
                yield _request(stream.raw.name, f"read again after {age} days", chosen, attempt)
        missing = [
            day
            for day in _days(now.start_day, min(complete_until, _next_day(_cursor_of(context, stream), now)))
            if day not in manifests or manifests[day].facts["state"] == "provisional"
        ]
        for chosen in batches(missing, now.max_days_per_run):
            yield _request(stream.raw.name, "missing", chosen, attempt)
    if not _active(context, stream.typed):
        yield from _home_day_requests(stream, now, "stale", attempt)


def _home_day_requests(stream: Stream, now: Settings, reason: str, attempt: str) -> Iterator[dg.RunRequest]:
    from analytics_platform.landing.home_days import stale_home_days

    stale: dict[date, list[HomeDay]] = {}
    for home in stale_home_days(stream, opened_lake(now)):
        # The first partition stands for the home days before it too.
        stale.setdefault(max(home.day, now.start_day), []).append(home)
    for days in batches(list(stale), now.max_days_per_run):
        versions = [home.version(stream) for day in days for home in stale[day]]
        made_from = hashlib.sha256("".join(versions).encode()).hexdigest()[:12]
        yield _request(stream.typed, reason, days, f"{made_from} {attempt}".strip())


def _request(made: str, reason: str, days: Sequence[date], suffix: str) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=f"{made}: {reason} {days[0]}..{days[-1]} {suffix}".strip(),
        asset_selection=_selection(made),
        tags={**range_tags(days), STREAM_TAG: made, "analytics_platform/reason": reason},
    )


def _selection(made: str) -> list[dg.AssetKey]:
    from analytics_platform.catalogue.streams import STREAMS

    for stream in STREAMS:
        if made == stream.raw.name:
            return [dg.AssetKey(made)]
        if made == stream.typed:
            return [dg.AssetKey(table.name) for table in stream.tables]
    raise KeyError(made)


def _active(context: dg.SensorEvaluationContext, made: str) -> bool:
    runs = dg.RunsFilter(tags={STREAM_TAG: made}, statuses=_ACTIVE)
    return context.instance.get_runs_count(runs) > 0


def _cursor_of(context: dg.SensorEvaluationContext, stream: Stream) -> str | None:
    """How far the availability sensor has asked; what it has not asked for yet is not missing."""
    for state in context.instance.all_instigator_state():
        if state.instigator_name == f"{stream.name}_availability" and state.instigator_data is not None:
            return getattr(state.instigator_data, "cursor", None)
    return None


def _complete_until(stream: Stream) -> date:
    """The first day that is not complete: every day before it is."""
    from analytics_platform.genesys_cloud.jobs import DetailsJobs

    with connected(load_settings()) as client:
        return DetailsJobs(client, stream.family).availability().astimezone(UTC).date()


def _next_day(cursor: str | None, now: Settings) -> date:
    if not cursor:
        return now.start_day
    return max(now.start_day, date.fromisoformat(json.loads(cursor)["through"]))


def _days(first: date, until: date) -> list[date]:
    return [first + timedelta(days=count) for count in range((until - first).days)]


def _landed(stream: Stream, now: Settings) -> set[date]:
    return set(opened_lake(now).days(stream.raw.name))


def _expected() -> tuple[type[Exception], ...]:
    from analytics_platform.genesys_cloud.errors import GenesysCloudError
    from analytics_platform.lake import LakeError

    return (GenesysCloudError, LakeError, SettingsError)
