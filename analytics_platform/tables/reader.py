"""JSON records read into one nested Arrow table, by arrow-rs through arro3; all of them, or none.

The reader cuts 1.5 to 1 where a whole number belongs and says nothing. So whole numbers are read as decimals and made
whole after it, which refuses what is not: all else stays where it is, and that costs a tenth of the reading.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import arro3.io
import pyarrow as pa
import pyarrow.compute as pc

from analytics_platform.tables.surrogates import readable

_WIDE = pa.decimal128(38, 9)
"""Holds every whole number of 64 bits; of a fraction what is below a billionth goes unnoticed."""


def read_all(records: pa.Array, schema: pa.Schema) -> pa.Table:
    """An array of JSON objects (string or large_string, no nulls) with a nested schema, a row each.

    Fields outside the schema are passed over; absent fields are null. Raises ArrowInvalid for one value that cannot be
    read, also a number with a fraction, or one of more than 64 bits, where a whole number belongs.
    """
    if len(records) == 0:
        return schema.empty_table()
    reader = arro3.io.read_json(pa.BufferReader(_bytes_of(records)), _wide(schema), batch_size=len(records))
    # Imported through the C stream interface: pyarrow reads it with the GIL released.
    table = pa.RecordBatchReader.from_stream(reader).read_all()
    if len(table) != len(records):
        raise pa.ArrowInvalid(f"{len(records)} records were given and {len(table)} were read")
    (batch,) = table.to_batches()  # as many records as were given are one; putting one together would copy it
    columns = batch.columns
    for place, within in _numbers(schema).items():
        columns[place] = _whole(columns[place], schema.types[place], within)
    return pa.Table.from_arrays(columns, schema=schema)


def _bytes_of(records: pa.Array) -> bytes | memoryview:
    """The records' bytes back to back: a JSON reader needs nothing between two objects."""
    _, offsets, data = records.buffers()
    width = 8 if pa.types.is_large_string(records.type) or pa.types.is_large_binary(records.type) else 4
    ends = memoryview(offsets).cast("q" if width == 8 else "i")
    return readable(memoryview(data or b"")[ends[records.offset] : ends[records.offset + len(records)]])


@cache
def _wide(schema: pa.Schema) -> pa.Schema:
    """The schema with room for fractions where whole numbers belong."""
    return pa.schema([field.with_type(_widened(field.type)) for field in schema])


def _widened(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_int64(kind):
        return _WIDE
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_widened(field.type)) for field in kind])
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_widened(kind.value_type)))
    return kind


_Numbers = Mapping[int, Any]
"""Where below fields there are whole numbers: by the place of a field the same of what it holds, none of a number."""


@cache
def _numbers(schema: pa.Schema) -> _Numbers:
    return _of_struct(pa.struct(list(schema)))


def _of_struct(kind: pa.StructType) -> _Numbers:
    found = ((place, _within(field.type)) for place, field in enumerate(kind))
    return {place: within for place, within in found if within is not None}


def _within(kind: pa.DataType) -> _Numbers | None:
    if pa.types.is_list(kind):
        return _within(kind.value_type)
    if pa.types.is_struct(kind):
        return _of_struct(kind) or None
    return {} if pa.types.is_int64(kind) else None


def _whole(values: pa.Array, kind: pa.DataType, numbers: _Numbers) -> pa.Array:
    """Values that were read wide, as they belong; their buffers are shared, save those of whole numbers."""
    if not numbers:
        return pc.cast(values, kind)
    if pa.types.is_list(kind):
        items = _whole(values.values, kind.value_type, numbers)
        return pa.Array.from_buffers(kind, len(values), values.buffers()[:2], values.null_count, 0, [items])
    # A slice of a struct keeps its children whole; what was just read is no slice.
    fields = [values.field(place) for place in range(kind.num_fields)]
    for place, within in numbers.items():
        fields[place] = _whole(fields[place], kind.field(place).type, within)
    return pa.Array.from_buffers(kind, len(values), values.buffers()[:1], values.null_count, 0, fields)
