"""Upkeep of a stream: days the vendor may have rebuilt are read again, what did not arrive is asked for once more, and
what the lake holds without Dagster's knowledge is told to it.

A run key is remembered for ever and a failed run is never asked for again by itself; hence this slow look at what is.
"""

import itertools
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from analytics_platform.defs.pace import Pause, pauses
from analytics_platform.defs.partitions import batches, days_between
from analytics_platform.defs.requests import DailyStream, days_in_progress, request
from analytics_platform.settings import Settings

if TYPE_CHECKING:
    from analytics_platform.lake import Lake

_RECORDED_AT_ONCE = 500


def due_again(read_under: datetime, day: date, ages: Sequence[int], watermark: datetime) -> int | None:
    """The greatest age in days at which `day` should have been read again by now and was not; None when none is due.

    A reading is as old as the watermark it was made under: what came after that, it may have missed.
    """
    from analytics_platform.landing.states import end_of

    due = [age for age in ages if read_under < end_of(day) + timedelta(days=age) <= watermark]
    return max(due, default=None)


def upkeep_requests(
    instance: dg.DagsterInstance,
    stream: DailyStream,
    lake: "Lake",
    settings: Settings,
    *,
    watermark: datetime,
    asked_until: date,
    now: datetime,
) -> tuple[list[dg.RunRequest], list[str]]:
    """What is due of a stream whose complete days before `asked_until` have been asked for, nothing that runs now; and
    of which days it is not asked for yet because their runs have failed, a sentence each.

    What one look has asked for and still lacks, a later one asks for again; after how long, `defs.pace` says.
    """
    running = days_in_progress(instance, stream.assets)
    manifests = lake.manifests(stream.marks)
    read = {day: datetime.fromisoformat(each.facts["as_of"]) for day, each in manifests.items()}
    kept = stream.first_kept(settings.start_day, watermark.date())
    due: dict[date, str] = {}
    for day, manifest in manifests.items():
        read_under = datetime.fromisoformat(manifest.facts["watermark"])
        age = due_again(read_under, day, settings.reread_after_days, watermark)
        if age is not None and manifest.state != "provisional" and day >= kept:
            due[day] = f"read again after {age} days"
    for day in days_between(kept, asked_until - timedelta(days=1)):
        if day not in manifests or manifests[day].state == "provisional":
            due[day] = "missing"
    due = {day: reason for day, reason in due.items() if day not in running}
    every = timedelta(seconds=settings.upkeep_seconds)
    paused = pauses(instance, stream.name, {day: read.get(day) for day in due}, every, now)
    requests = [
        request(stream.name, stream.assets, reason, chosen, period(settings.upkeep_seconds, now))
        for reason in sorted(set(due.values()), key=lambda reason: (reason == "missing", reason))
        for chosen in _batches([day for day in due if due[day] == reason], paused, now, settings.max_days_per_run)
    ]
    return requests, [pause.told(stream.name) for pause in paused if pause.until > now]


def _batches(days: list[date], paused: Sequence[Pause], now: datetime, longest: int) -> list[list[date]]:
    """The days in batches, without those that wait. A run ends at the first day that it cannot bring: one that has
    failed by itself is alone in its run, where it holds up no other."""
    waiting = {day for pause in paused if pause.until > now for day in pause.days}
    alone = {day for pause in paused if not pause.to_mend for day in pause.days}
    together = batches([day for day in days if day not in waiting | alone], longest)
    return sorted(together + [[day] for day in days if day in alone - waiting])


def period(seconds: int, now: datetime) -> str:
    """The stretch of so many seconds that an instant lies in, by its beginning."""
    at = int(now.timestamp())
    return datetime.fromtimestamp(at - at % seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def unrecorded(
    instance: dg.DagsterInstance,
    lake: "Lake",
    together: Iterable[Sequence[str]],
    partitions: dg.PartitionsDefinition[str],
) -> list[dg.AssetMaterialization]:
    """Partitions that the lake holds and Dagster knows nothing of: landed by a command, by a run that was killed, or
    recorded in an instance that is lost. `together` are assets by what one run makes; nothing that runs now counts."""
    unknown = (
        _event(lake, asset, day)
        for assets in together
        for running in [days_in_progress(instance, assets)]
        for asset in assets
        for day in _unknown_days(instance, lake, asset, partitions)
        if day not in running
    )
    return list(itertools.islice(unknown, _RECORDED_AT_ONCE))


def _unknown_days(
    instance: dg.DagsterInstance, lake: "Lake", table: str, partitions: dg.PartitionsDefinition[str]
) -> list[date]:
    landed = lake.days(table)
    if not landed:
        return []
    known = instance.get_materialized_partitions(dg.AssetKey(table))
    shown = set(partitions.get_partition_keys())
    return [day for day in landed if day.isoformat() in shown and day.isoformat() not in known]


def _event(lake: "Lake", table: str, day: date) -> dg.AssetMaterialization:
    from analytics_platform.lake.io_manager import partition_event

    manifest = lake.manifest(table, day)
    assert manifest is not None
    return partition_event(dg.AssetKey(table), manifest, lake)
