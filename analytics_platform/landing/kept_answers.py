"""The answers that raw keeps, read again as they were given; some at a time."""

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Any

from analytics_platform.genesys_cloud.answered import Answered
from analytics_platform.lake import Lake
from analytics_platform.landing.spool import Snapshot

_BATCH_ROWS = 50
"""An answer may have megabytes."""


def kept_answers(lake: Lake, raw: str, day: date) -> Iterator[Answered]:
    """The answers of a day in the order they were asked for. Raises LakeError."""
    return (_answered(row) for row in _rows(lake, raw, day))


def kept_snapshots(lake: Lake, raw: str, day: date) -> Iterator[Snapshot]:
    """The snapshots of a day in their order. Raises LakeError."""
    for (tick, taken_at), rows in groupby(_rows(lake, raw, day), lambda row: (row["tick"], row["taken_at"])):
        yield Snapshot(tick, taken_at, tuple(_answered(row) for row in rows))


def _rows(lake: Lake, raw: str, day: date) -> Iterator[dict[str, Any]]:
    with lake.open_partition(raw, day) as file:
        for batch in file.iter_batches(_BATCH_ROWS, use_threads=False):
            yield from batch.to_pylist()


def _answered(row: dict[str, Any]) -> Answered:
    return Answered(row["asked_at"], row["request"], row["answer"].encode(), row["correlation_id"])
