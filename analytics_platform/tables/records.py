"""Records, as the JSON the source sent, read into one nested Arrow table around what cannot be read.

The reader fails a whole batch for one value it cannot read. Of the records of a batch that fails the values that do not
fit are taken out and named, and the rest is read. What the reader refuses even so is halved until the records at fault
stand alone; one that cannot be read at all is set aside whole, with the reason.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from analytics_platform.tables.misfits import Mended, Mender, Misfit
from analytics_platform.tables.reader import read_all
from analytics_platform.tables.undecodable import UNDECODABLE

_PREFIXES = ("C Data interface error: ", "Json error: ", "Parser error: ")


@dataclass(frozen=True)
class Unreadable:
    """A record the schema cannot read: its row in the batch, and why."""

    row: int
    reason: str


@dataclass(frozen=True)
class SetAside:
    """A value taken out of a record, which is read without it: the record's row in the batch, and the place."""

    row: int
    misfit: Misfit


@dataclass(frozen=True)
class Read:
    """A batch read: the nested table, the batch's row each of its rows came from, and what could not be read."""

    table: pa.Table
    rows: pa.Int64Array | None
    """None where every record was read, in order."""
    unreadable: tuple[Unreadable, ...] = ()
    values: tuple[SetAside, ...] = ()
    """Values that were taken out."""


def read_records(records: pa.Array, schema: pa.Schema, keys: Collection[str] = ()) -> Read:
    """Read an array of JSON objects (string or large_string, no nulls) with a nested schema.

    Fields outside the schema are passed over; absent fields are null. A record whose value at one of `keys`, dotted
    paths, does not fit is read not at all: without it the rest would be of nothing.
    """
    try:
        return Read(read_all(records, schema), None)
    except pa.ArrowInvalid:
        return _Around(schema, keys).read(records)


@dataclass
class _Around:
    """Reading around what cannot be read."""

    schema: pa.Schema
    keys: Collection[str]
    tables: list[pa.Table] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    values: list[SetAside] = field(default_factory=list)

    def read(self, records: pa.Array) -> Read:
        mender = Mender(self.schema)
        texts = records.cast(pa.large_binary()).to_pylist()
        self._take([(row, each) for row, text in enumerate(texts) if (each := self._mended(mender, row, text))])
        table = pa.concat_tables([self.schema.empty_table(), *self.tables])
        self.unreadable.sort(key=lambda each: each.row)
        return Read(table, pa.array(self.rows, pa.int64()), tuple(self.unreadable), tuple(self.values))

    def _mended(self, mender: Mender, row: int, text: bytes) -> Mended | None:
        """A record without its misfits; None where it is set aside whole for the want of a key."""
        try:
            found = mender.mended(text)
        except UNDECODABLE:
            return Mended(text, [])  # the reader says why
        if key := next((misfit for misfit in found.misfits if misfit.holds(self.keys)), None):
            self.unreadable.append(Unreadable(row, str(key)))
            return None
        return found

    def _take(self, left: Sequence[tuple[int, Mended]]) -> None:
        """Read what is left of records; where the reader refuses still, halve them until those at fault stand alone."""
        try:
            self._keep(left)
        except pa.ArrowInvalid as fault:
            if len(left) > 1:
                half = len(left) // 2
                self._take(left[:half])
                self._take(left[half:])
            else:
                self.unreadable.append(Unreadable(left[0][0], _reason(fault)))

    def _keep(self, left: Sequence[tuple[int, Mended]]) -> None:
        texts = pa.array([found.record for _, found in left], pa.large_binary())
        self.tables.append(read_all(texts, self.schema))
        self.rows += [row for row, _ in left]
        self.values += [SetAside(row, misfit) for row, found in left for misfit in found.misfits]


def _reason(fault: pa.ArrowInvalid) -> str:
    reason = str(fault)
    for prefix in _PREFIXES:
        reason = reason.removeprefix(prefix)
    return reason
