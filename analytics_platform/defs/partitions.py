"""Partitions: one a UTC day from the first day to land; and how a run's days are told to it."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import dagster as dg

from analytics_platform.settings import Settings

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
PARTITION = "dagster/partition"
RUN_KEY = "dagster/run_key"


def days_of(settings: Settings) -> dg.DailyPartitionsDefinition:
    """UTC days from the first day to land to yesterday; a day opens for landing when the watermark has passed it."""
    return dg.DailyPartitionsDefinition(start_date=settings.start_day.isoformat(), timezone="UTC")


def begun_days_of(settings: Settings) -> dg.DailyPartitionsDefinition:
    """UTC days from the first day to land to today: snapshots fill a day while it goes on."""
    return dg.DailyPartitionsDefinition(start_date=settings.start_day.isoformat(), timezone="UTC", end_offset=1)


def run_days(context: dg.AssetExecutionContext) -> list[date]:
    """The days of this run, oldest first."""
    return sorted(date.fromisoformat(key) for key in context.partition_keys)


def request_of(context: dg.AssetExecutionContext) -> str:
    """What a run and its retries have in common: a day landed for it is not asked for again.

    Two daemons on one instance may launch two runs of one look: their run key is the same.
    """
    run = context.run
    return run.tags.get(RUN_KEY) or run.root_run_id or run.run_id


def range_tags(days: Sequence[date]) -> dict[str, str]:
    """The tags that make a run take contiguous days."""
    return {RANGE_START: days[0].isoformat(), RANGE_END: days[-1].isoformat()}


def tagged_days(tags: Mapping[str, str]) -> list[date]:
    """The days that a run's tags ask for, oldest first; none where they name no day."""
    if RANGE_START in tags and RANGE_END in tags:
        return days_between(date.fromisoformat(tags[RANGE_START]), date.fromisoformat(tags[RANGE_END]))
    return [date.fromisoformat(tags[PARTITION])] if PARTITION in tags else []


def days_between(first: date, last: date) -> list[date]:
    """All days from `first` to `last`, both inside."""
    return [first + timedelta(days=count) for count in range((last - first).days + 1)]


def batches(days: Sequence[date], longest: int) -> list[list[date]]:
    """Days in contiguous batches of at most `longest`, oldest first."""
    made: list[list[date]] = []
    for day in sorted(set(days)):
        if made and len(made[-1]) < longest and made[-1][-1] + timedelta(days=1) == day:
            made[-1].append(day)
        else:
            made.append([day])
    return made
