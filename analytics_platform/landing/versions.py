"""Which version of a conversation is the newest, settled from ids alone before any record is parsed."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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
Rows = np.ndarray[tuple[int], np.dtype[np.intp]]
Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
_HASHED_AT_ONCE = 10_000


@dataclass(frozen=True)
class Ids:
    """The ids of rows, each as both halves of a 128-bit hash."""

    first: Hashes
    second: Hashes

    @classmethod
    def of(cls, columns: Iterable[pa.ChunkedArray]) -> "Ids":
        """Those of columns of strings, one after another."""
        first, second = array("Q"), array("Q")
        for column in _together(columns):
            ids = pl.Series(column)
            first.frombytes(ids.hash(1).to_numpy().tobytes())
            second.frombytes(ids.hash(2).to_numpy().tobytes())
        return cls(np.frombuffer(first, dtype=np.uint64), np.frombuffer(second, dtype=np.uint64))

    @classmethod
    def joined(cls, parts: "Sequence[Ids]") -> "Ids":
        """Those of rows that stand one after another."""
        return cls(np.concatenate([part.first for part in parts]), np.concatenate([part.second for part in parts]))

    def __len__(self) -> int:
        return len(self.first)

    def __getitem__(self, rows: "slice | Rows") -> "Ids":
        return Ids(self.first[rows], self.second[rows])

    def in_order(self, *finer: Instants) -> "tuple[Rows, Mask]":
        """The rows in an order in which equal ids stand together, those first that `finer` numbers lower and otherwise
        those that stand first; and which places of that order have the same id as the place before."""
        order = np.lexsort((*finer, self.second, self.first))
        same = np.zeros(len(order), dtype=np.bool_)
        same[1:] = True
        for half in (self.first, self.second):
            ordered = half[order]
            same[1:] &= ordered[1:] == ordered[:-1]
        return order, same


def _together(columns: Iterable[pa.ChunkedArray]) -> Iterator[pa.ChunkedArray]:
    """The same in fewer and longer columns: what each costs by itself is then not seen beside its rows."""
    chunks: list[pa.Array] = []
    for column in columns:
        chunks += column.chunks
        if sum(map(len, chunks)) >= _HASHED_AT_ONCE:
            yield pa.chunked_array(chunks)
            chunks = []
    if chunks:
        yield pa.chunked_array(chunks)


@dataclass(frozen=True)
class Newest:
    """Which rows of a contribution are the newest of their id, in raw's order, and the ids of all of them."""

    mask: Mask
    ids: Ids


def newest_versions(stream: TypedStream, lake: Lake, home_day: HomeDay) -> dict[Contribution, Newest]:
    """For each contribution, which of its rows of the home day are the newest of their id.

    A newer version under a home day that shares ids with this one leaves none here. Empty where one job delivered every
    id once, which is most home days on the day after. Ids are held as 128-bit hashes: 16 MB for a million;
    where a day was asked for in parts, 8 MB more tell when each was.
    """
    own, sharing = home_day.contributions, home_day.sharing
    if not sharing and len(own) < 2 and not any(part.repeated for part in own):
        return {}
    versions = [(part, home.day) for home in (home_day, *sharing) for part in home.contributions]
    versions.sort(key=lambda version: (version[0].as_of, version[0].activity_day, version[0].raw, version[1]))
    ids, ends = _ids(stream, lake, versions)
    # Among equal ids the later version, which stands further down, comes last.
    order, same = ids.in_order(*_asked(lake, versions))
    last_of_id = np.ones(len(order), dtype=np.bool_)
    last_of_id[:-1] = ~same[1:]
    newest = np.zeros(len(order), dtype=np.bool_)
    newest[order[last_of_id]] = True
    return {
        part: Newest(newest[first:end], ids[first:end])
        for (part, day), first, end in zip(versions, [0, *ends], ends, strict=False)
        if day == home_day.day
    }


def _ids(stream: TypedStream, lake: Lake, versions: Sequence[tuple[Contribution, date]]) -> tuple[Ids, list[int]]:
    """The ids of all versions one after another, and where each version ends."""
    key, ends = stream.raw.own[0].name, [0]

    def columns() -> Iterator[pa.ChunkedArray]:
        for part, day in versions:
            ends.append(ends[-1])
            for rows in raw_rows(lake, part, day, [key, "home_day"]):
                ends[-1] += len(rows)
                yield rows[key]

    return Ids.of(columns()), ends[1:]


def _asked(lake: Lake, versions: Sequence[tuple[Contribution, date]]) -> tuple[Instants, ...]:
    """When each row was asked for, where the order of the contributions does not tell: a day may have come in parts."""
    if all(len(part.jobs_as_of) == 1 for part, _ in versions):
        return ()
    asked = array("q")
    for part, day in versions:
        for rows in raw_rows(lake, part, day, ["as_of", "home_day"]):
            asked.frombytes(rows["as_of"].cast(pa.int64()).to_numpy().tobytes())
    return (np.frombuffer(asked, dtype=np.int64),)
