"""Which version of a conversation is the newest, settled from ids alone before any record is parsed."""

from array import array
from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl
import pyarrow as pa

from analytics_platform.catalogue.streams import TypedStream
from analytics_platform.lake import Lake
from analytics_platform.landing.home_days import Contribution, HomeDay
from analytics_platform.landing.raw_rows import raw_rows

Hashes = np.ndarray[tuple[int], np.dtype[np.uint64]]
Instants = np.ndarray[tuple[int], np.dtype[np.int64]]
Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]


def newest_versions(stream: TypedStream, lake: Lake, home_day: HomeDay) -> dict[Contribution, Mask]:
    """For each contribution, which of its rows of the home day are the newest of their id, in raw's order.

    A newer version under a home day that shares ids with this one leaves none here. Empty where one job delivered every
    id once, which is most home days on the day after. Ids are held as 128-bit hashes: 16 MB for a million;
    where a day was asked for in parts, 8 MB more tell when each was.
    """
    own, sharing = home_day.contributions, home_day.sharing
    if not sharing and len(own) < 2 and not any(part.repeated for part in own):
        return {}
    versions = [(part, home.day) for home in (home_day, *sharing) for part in home.contributions]
    versions.sort(key=lambda version: (version[0].as_of, version[0].activity_day, version[0].raw, version[1]))
    first, second, ends = _id_hashes(stream, lake, versions)
    # Stable: among equal ids the later version, which stands further down, comes last.
    order = np.lexsort((*_asked(lake, versions), second, first))
    last_of_id = np.ones(len(order), dtype=np.bool_)
    last_of_id[:-1] = False
    for half in (first, second):
        ordered = half[order]
        last_of_id[:-1] |= ordered[1:] != ordered[:-1]
    newest = np.zeros(len(order), dtype=np.bool_)
    newest[order[last_of_id]] = True
    masks = np.split(newest, ends[:-1])
    return {part: mask for (part, day), mask in zip(versions, masks, strict=True) if day == home_day.day}


def _id_hashes(
    stream: TypedStream, lake: Lake, versions: Sequence[tuple[Contribution, date]]
) -> tuple[Hashes, Hashes, list[int]]:
    """Both halves of the hash of each row's id, all versions one after another, and where each version ends."""
    key = stream.raw.own[0].name
    first, second, ends = array("Q"), array("Q"), []
    for part, day in versions:
        for rows in raw_rows(lake, part, day, [key, "home_day"]):
            ids = pl.Series(rows[key])
            first.frombytes(ids.hash(1).to_numpy().tobytes())
            second.frombytes(ids.hash(2).to_numpy().tobytes())
        ends.append(len(first))
    return np.frombuffer(first, dtype=np.uint64), np.frombuffer(second, dtype=np.uint64), ends


def _asked(lake: Lake, versions: Sequence[tuple[Contribution, date]]) -> tuple[Instants, ...]:
    """When each row was asked for, where the order of the contributions does not tell: a day may have come in parts."""
    if all(len(part.jobs_as_of) == 1 for part, _ in versions):
        return ()
    asked = array("q")
    for part, day in versions:
        for rows in raw_rows(lake, part, day, ["as_of", "home_day"]):
            asked.frombytes(rows["as_of"].cast(pa.int64()).to_numpy().tobytes())
    return (np.frombuffer(asked, dtype=np.int64),)
