"""Records, as the JSON the source sent, read into one nested Arrow table.

The reader (arrow-rs, through arro3) fails a whole batch for one value it cannot read. A batch that fails is halved
until the records at fault stand alone; they are set aside with the reader's reason, and all others are read.
"""

from dataclasses import dataclass

import arro3.io
import pyarrow as pa

from analytics_platform.tables.surrogates import readable

_REASON_PREFIX = "C Data interface error: Json error: "


@dataclass(frozen=True)
class Unreadable:
    """A record the schema cannot read: its row in the batch, and why."""

    row: int
    reason: str


@dataclass(frozen=True)
class Read:
    """A batch read: the nested table, the batch's row each of its rows came from, and what could not be read."""

    table: pa.Table
    rows: pa.Int64Array | None
    """None where every record was read, in order."""
    unreadable: tuple[Unreadable, ...]


def read_records(records: pa.Array, schema: pa.Schema) -> Read:
    """Read an array of JSON objects (string or large_string, no nulls) with a nested schema.

    Fields outside the schema are passed over; absent fields are null.
    """
    try:
        return Read(_parse(records, schema), None, ())
    except pa.ArrowInvalid:
        return _read_around_faults(records, schema)


def _read_around_faults(records: pa.Array, schema: pa.Schema) -> Read:
    tables: list[pa.Table] = [schema.empty_table()]
    rows: list[int] = []
    unreadable: list[Unreadable] = []
    spans = [(0, len(records))]
    while spans:
        start, length = spans.pop()
        try:
            tables.append(_parse(records.slice(start, length), schema))
            rows.extend(range(start, start + length))
        except pa.ArrowInvalid as fault:
            if length == 1:
                unreadable.append(Unreadable(start, str(fault).removeprefix(_REASON_PREFIX)))
                continue
            half = length // 2
            spans += [(start + half, length - half), (start, half)]
    return Read(pa.concat_tables(tables), pa.array(rows, pa.int64()), tuple(unreadable))


def _parse(records: pa.Array, schema: pa.Schema) -> pa.Table:
    if len(records) == 0:
        return schema.empty_table()
    reader = arro3.io.read_json(pa.BufferReader(_bytes_of(records)), schema, batch_size=len(records))
    # Imported through the C stream interface: pyarrow reads it with the GIL released.
    table = pa.RecordBatchReader.from_stream(reader).read_all()
    if len(table) != len(records):
        raise pa.ArrowInvalid(f"{len(records)} records were given and {len(table)} were read")
    return table.combine_chunks()


def _bytes_of(records: pa.Array) -> bytes | memoryview:
    """The records' bytes back to back: a JSON reader needs nothing between two objects."""
    _, offsets, data = records.buffers()
    width = 8 if pa.types.is_large_string(records.type) or pa.types.is_large_binary(records.type) else 4
    ends = memoryview(offsets).cast("q" if width == 8 else "i")
    return readable(memoryview(data or b"")[ends[records.offset] : ends[records.offset + len(records)]])
