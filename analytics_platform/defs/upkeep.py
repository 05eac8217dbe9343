"""Upkeep of a stream: days the vendor may have rebuilt are read again, what did not arrive is asked for once more, and
what the lake holds without Dagster's knowledge is told to it.

A run key is remembered for ever and a failed run is never asked for again by itself; hence this slow look at what is.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from analytics_platform.defs.partitions import batches, days_between
from analytics_platform.defs.requests import DailyStream, days_in_progress, request
from analytics_platform.settings import Settings

if TYPE_CHECKING:
    from analytics_platform.lake import Lake

_RECORDED_AT_ONCE = 500


def due_again(as_of: datetime, day: date, ages: Sequence[int], watermark: datetime) -> int | None:
    """The greatest age in days at which `day` should have been read again by now and was not; None when none is due."""
    end = datetime.combine(day, time(), UTC) + timedelta(days=1)
    due = [age for age in ages if as_of < end + timedelta(days=age) <= watermark]
    return max(due, default=None)


def upkeep_requests(
    instance: dg.DagsterInstance,
    stream: DailyStream,
    lake: "Lake",
    settings: Settings,
    *,
    watermark: datetime,
    asked_until: date,
    attempt: str,
) -> Iterator[dg.RunRequest]:
    """What is due of a stream whose complete days before `asked_until` have been asked for; nothing that runs now.

    `attempt` tells one look from the next: what one look has asked for and still lacks, another may ask for again.
    """
    running = days_in_progress(instance, stream.assets)
    manifests = lake.manifests(stream.marks)
    kept = stream.first_kept(settings.start_day, watermark.date())
    again: dict[int, list[date]] = {}
    for day, manifest in manifests.items():
        age = due_again(datetime.fromisoformat(manifest.facts["as_of"]), day, settings.reread_after_days, watermark)
        provisional = manifest.facts["state"] == "provisional"
        if age is not None and not provisional and day >= kept and day not in running:
            again.setdefault(age, []).append(day)
    for age, days in sorted(again.items()):
        for chosen in batches(days, settings.max_days_per_run):
            yield request(stream.name, stream.assets, f"read again after {age} days", chosen, attempt)
    missing = [
        day
        for day in days_between(kept, asked_until - timedelta(days=1))
        if day not in running and (day not in manifests or manifests[day].facts["state"] == "provisional")
    ]
    for chosen in batches(missing, settings.max_days_per_run):
        yield request(stream.name, stream.assets, "missing", chosen, attempt)


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
