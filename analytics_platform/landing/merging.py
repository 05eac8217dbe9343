"""Making a home day's tables from those that are stored, where raw holds little that they were not made from.

What a table holds of a conversation that is taken from a raw day which has not changed since is what would be made of
it again: its rows are copied. Only the others' records are read, and made as ever. Which rows these are is told by ids
alone, of all of raw and of the stored head, so that what was removed, forgotten, moved or came back needs no thought.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analytics_platform.catalogue.streams import PATH, TypedStream
from analytics_platform.catalogue.tables import Table
from analytics_platform.lake import Lake, Manifest
from analytics_platform.lake.errors import told
from analytics_platform.lake.manifest import code_version
from analytics_platform.landing.home_days import TAKEN_IN, Contribution, HomeDay, taken_in
from analytics_platform.landing.versions import Ids, Mask, Newest
from analytics_platform.tables.schemas import table_schema

_ID_ROWS = 50_000
Days = np.ndarray[tuple[int], np.dtype[np.int32]]


@dataclass(frozen=True)
class Rule:
    """When copying costs less than making. To make a conversation's rows takes 70 to 90 µs, to copy them 20 to 30, and
    100 ms go to the files of the stored tables, however small.
    """

    least_copied: int = 3000
    """Conversations."""
    most_made: float = 0.6
    """By those that are stored."""


@dataclass(frozen=True)
class Merge:
    """What of the stored tables of a home day stays, and what is made from raw."""

    stream: TypedStream
    lake: Lake
    day: date
    made: Mapping[Contribution, Mask]
    """The rows of raw that are made, by contribution."""
    gone: pa.Array
    """The ids of which no stored row stays."""
    tables: frozenset[str]
    """Those that are stored: all, but the quarantine where nothing is set aside."""

    def kept(self, table: Table) -> Iterator[pa.Table]:
        """The rows of a stored table that stay, a row group at a time. Raises LakeError."""
        if table.name not in self.tables:
            return
        with self.lake.open_partition(table.name, self.day) as file:
            for group in range(file.num_row_groups):
                with told(f"reading {table.name} of {self.day}", self.lake.place.name):
                    rows = file.read_row_group(group, use_threads=False)
                goes = self._goes(table, rows)
                yield rows.filter(pc.invert(goes)) if pc.any(goes).as_py() else rows

    def _goes(self, table: Table, rows: pa.Table) -> pa.ChunkedArray:
        if table is self.stream.typed_quarantine:
            # A record that was set aside whole has no row in the head, and is made again.
            if PATH not in table.columns:
                return pa.chunked_array([pa.repeat(True, len(rows))])
            return pc.or_(pc.is_null(rows[PATH.name]), pc.is_in(rows[self.stream.head.key[0]], self.gone))
        return pc.is_in(rows[self.stream.head.key[0]], self.gone)


def merge_of(
    stream: TypedStream, lake: Lake, home_day: HomeDay, newest: Mapping[Contribution, Newest], rule: Rule
) -> Merge | None:
    """How a home day is made from its stored tables, given the newest versions that raw holds; None where it is not.

    So it is where they are not whole, were made by another release or policy, or are what raw holds already: who asks
    for these wants them made anew. And where the rule says so. Raises LakeError.
    """
    if not newest or sum(part.records for part in home_day.contributions) < rule.least_copied:
        return None
    stored = _stored(stream, lake, home_day)
    same = _unchanged(stream, home_day, stored[0].facts[TAKEN_IN]) if stored else []
    if stored is None or sum(part.records for part in same) < rule.least_copied:
        return None
    held, days = _head(stream, lake, home_day.day)
    copied, kept = _in_both(newest, same, held, days)
    made = {part: each.mask & ~copied[part] if part in copied else each.mask for part, each in newest.items()}
    to_make = sum(np.count_nonzero(mask) for mask in made.values())
    if np.count_nonzero(kept) < rule.least_copied or to_make > rule.most_made * len(held):
        return None
    gone = pa.concat_arrays([pa.array([], pa.string()), *_ids_where(stream, lake, home_day.day, ~kept)])
    return Merge(stream, lake, home_day.day, made, gone, frozenset(each.table for each in stored))


def _stored(stream: TypedStream, lake: Lake, home_day: HomeDay) -> Sequence[Manifest] | None:
    """The manifests of the stored tables, the head first, where all of them were made together, by this release and
    policy, from something else than raw holds now."""
    found = [lake.manifest(table.name, home_day.day) for table in (*stream.tables, stream.typed_quarantine)]
    stored = [manifest for manifest in found if manifest is not None]
    if None in found[:-1]:
        return None
    head = stored[0].facts
    if head["version"] == home_day.version(stream):
        return None
    if bool(head["set_aside"] + head["values_set_aside"]) != (found[-1] is not None):
        return None
    alike = all(
        manifest.code_version == code_version()
        and manifest.facts[TAKEN_IN] == head[TAKEN_IN]
        and manifest.facts["version"] == head["version"]
        and lake.protection.agrees(manifest)
        for manifest in stored
    )
    tables = (*stream.tables, stream.typed_quarantine)
    columns = (
        _has_columns(lake, table, home_day.day) for table, manifest in zip(tables, found, strict=True) if manifest
    )
    return stored if alike and all(columns) else None


def _has_columns(lake: Lake, table: Table, day: date) -> bool:
    with lake.open_partition(table.name, day) as file:
        return bool(file.schema_arrow.equals(table_schema(table)))


def _unchanged(stream: TypedStream, home_day: HomeDay, before: Mapping[str, object]) -> list[Contribution]:
    """The contributions whose raw file is the one that the stored tables were made of. Of two routes that delivered a
    day neither counts: the head tells the day a row was taken from, not the route."""
    now = taken_in(stream, home_day.contributions)
    days = [name.split()[-1] for name in now.keys() | before.keys()]
    return [
        part
        for part in home_day.contributions
        if all(before.get(name) == told for name, told in taken_in(stream, [part]).items())
        and days.count(part.activity_day.isoformat()) == 1
    ]


def _head(stream: TypedStream, lake: Lake, day: date) -> tuple[Ids, Days]:
    """Of each row of the stored head the id, and the activity day it was taken from, in days since 1970."""
    key, days = stream.head.key[0], [np.zeros(0, np.int32)]

    def ids() -> Iterator[pa.ChunkedArray]:
        for rows in _columns(lake, stream.head, day, [key, "activity_day"]):
            days.append(pc.fill_null(rows["activity_day"].cast(pa.int32()), -1).to_numpy())
            yield rows[key]

    return Ids.of(ids()), np.concatenate(days)


def _in_both(
    newest: Mapping[Contribution, Newest], same: Collection[Contribution], held: Ids, days: Days
) -> tuple[Mapping[Contribution, Mask], Mask]:
    """Which of raw's newest rows of unchanged contributions the head holds as taken from these, and where it does."""
    rows = {part: np.flatnonzero(newest[part].mask) for part in same if part in newest}
    own = [newest[part].ids[mine] for part, mine in rows.items()]
    both = Ids.joined([*own, held])
    taken_from = np.concatenate([*(np.full(len(mine), _number(part)) for part, mine in rows.items()), days])
    # An id stands once in raw's newest rows and once in the head, which comes last: two that are equal are a pair.
    order, again = both.in_order()
    second = np.flatnonzero(again & (taken_from[order] == taken_from[np.roll(order, 1)]))
    paired = np.zeros(len(both), dtype=np.bool_)
    paired[order[second]] = paired[order[second - 1]] = True
    copied, first = {}, 0
    for part, mine in rows.items():
        copied[part] = np.zeros(len(newest[part].mask), dtype=np.bool_)
        copied[part][mine] = paired[first : first + len(mine)]
        first += len(mine)
    return copied, paired[first:]


def _number(part: Contribution) -> int:
    """The activity day as the head's column holds it: days since 1970."""
    return (part.activity_day - date(1970, 1, 1)).days


def _ids_where(stream: TypedStream, lake: Lake, day: date, wanted: Mask) -> Iterator[pa.Array]:
    key, first = stream.head.key[0], 0
    for rows in _columns(lake, stream.head, day, [key]):
        yield rows[key].filter(pa.array(wanted[first : first + len(rows)])).combine_chunks()
        first += len(rows)


def _columns(lake: Lake, table: Table, day: date, names: list[str]) -> Iterator[pa.Table]:
    with lake.open_partition(table.name, day) as file, told(f"reading {table.name} of {day}", lake.place.name):
        for batch in file.iter_batches(_ID_ROWS, columns=names, use_threads=False):
            yield pa.Table.from_batches([batch])
