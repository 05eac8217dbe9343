"""How a table is written: which columns get which encoding, and how large a row group grows."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_CODEC, _LEVEL = "zstd", 1
_FALSE_POSITIVES = 0.05
"""At most: Arrow makes a filter larger by up to twice. One of 0.01 takes twice the memory while a file is written."""
_MORE_IDS = 1000
"""A bloom filter is made for so many more than the values seen: other row groups may hold more of them."""
_MANY_GROUPS = 64
"""Row groups after which they grow with the file: what is known of each takes memory until it is closed."""


@dataclass(frozen=True)
class Layout:
    """How a table is written. Columns are named by their top-level name; a name not in the schema is a ValueError.

    A row group is closed when its buffered Arrow data reaches `row_group_bytes` or its rows reach
    `row_group_rows`, whichever comes first.
    """

    instant: str | None = None
    """The instant column whose least and greatest value go to the manifest; it must carry a time zone."""
    dictionary: tuple[str, ...] = ()
    """Columns whose values repeat; nested columns count with all their leaves."""
    delta: tuple[str, ...] = ()
    """Whole-number and instant columns whose neighbours differ little."""
    bloom: tuple[str, ...] = ()
    """Columns looked up by equality: ids."""
    uncompressed: tuple[str, ...] = ()
    """Columns of which compression would save next to nothing, and those that are read whole where one value is looked
    for: of ids it saves half, and costs readers as much as all else."""
    sorted_by: tuple[str, ...] = ()
    """Columns by which the caller hands over the rows in ascending order; told to readers, not checked."""
    grouped_by: str | None = None
    """A column of few values, by which the rows that are written together are sorted: who asks for one value passes
    over all other rows."""
    grouped_rows: int | None = None
    """About how many rows a row group of those has: it ends where the value changes, and readers pass over it whole.
    Late in a large file they have more."""
    row_group_bytes: int = 32 << 20
    row_group_rows: int = 500_000

    def check(self, schema: pa.Schema) -> None:
        """Raise ValueError where the layout does not fit `schema`."""
        named = {*self.dictionary, *self.delta, *self.bloom, *self.uncompressed, *self.sorted_by}
        named.update(name for name in (self.instant, self.grouped_by) if name is not None)
        if unknown := sorted(named.difference(schema.names)):
            raise ValueError(f"The layout names columns that the schema lacks: {', '.join(unknown)}.")
        if self.instant is not None:
            kind = schema.field(self.instant).type
            if not pa.types.is_timestamp(kind) or kind.tz is None:
                raise ValueError(f"Column {self.instant} is {kind}; an instant is a timestamp with a time zone.")
        if wrong := [name for name in self.delta if not _countable(schema.field(name).type)]:
            raise ValueError(f"Delta encoding is for whole numbers and instants, not for {', '.join(wrong)}.")
        if both := sorted(set(self.delta).intersection(self.dictionary)):
            raise ValueError(f"A column takes one encoding, dictionary or delta: {', '.join(both)}.")

    def arranged(self, rows: pa.Table, so_far: int) -> list[pa.Table]:
        """The rows that are written together in their order, cut where a row group is to end; rows of one value stay in
        the order in which they came. `so_far` are the file's rows with these."""
        if self.grouped_by is None:
            return [rows]
        # Sorting the few values of a dictionary costs half of sorting all strings.
        values = rows[self.grouped_by].combine_chunks().dictionary_encode()
        order = pc.sort_indices(values)
        rows = rows.take(order)
        if self.grouped_rows is None:
            return [rows]
        numbers = values.indices.take(order).fill_null(-1).to_numpy()
        changes = np.flatnonzero(np.diff(numbers)) + 1
        wanted = max(self.grouped_rows, so_far // _MANY_GROUPS)
        ends = [*_cuts(changes, len(rows), wanted), len(rows)]
        return [rows.slice(start, end - start) for start, end in itertools.pairwise([0, *ends])]

    def options(self, schema: pa.Schema, rows: int, ids: Mapping[str, int] | None = None) -> Mapping[str, object]:
        """Keyword arguments of `pq.ParquetWriter`; `rows` is about how many rows a row group will hold, and `ids` how
        many different values one holds of each column that is looked up."""
        in_order = {self.grouped_by, *self.sorted_by}
        # Filters of all row groups wait in memory until the file is closed: no larger than need be.
        bloom = {
            leaf: {"ndv": max(min(rows, (ids or {}).get(name, rows) + _MORE_IDS), 1), "fpp": _FALSE_POSITIVES}
            for name in self.bloom
            for leaf in leaves(name, schema.field(name).type)
        }
        return {
            "version": "2.6",
            **self._compression(schema),
            "use_dictionary": [leaf for name in self.dictionary for leaf in leaves(name, schema.field(name).type)],
            "column_encoding": {name: "DELTA_BINARY_PACKED" for name in self.delta} or None,
            # Least and greatest values of other texts, ids most of all, pass over nothing; a footer without them, and
            # without the types told once more in Arrow's way, is read in less time.
            "write_statistics": [field.name for field in schema if _countable(field.type) or field.name in in_order],
            "store_schema": any(field.metadata for field in schema),
            "write_page_checksum": True,
            "bloom_filter_options": bloom or None,
            "sorting_columns": pq.SortingColumn.from_ordering(schema, [(name, "ascending") for name in self.sorted_by])
            if self.sorted_by
            else None,
        }

    def _compression(self, schema: pa.Schema) -> Mapping[str, object]:
        if not self.uncompressed:
            return {"compression": _CODEC, "compression_level": _LEVEL}
        plain = {leaf for name in self.uncompressed for leaf in leaves(name, schema.field(name).type)}
        every = [leaf for field in schema for leaf in leaves(field.name, field.type)]
        return {
            "compression": {leaf: "none" if leaf in plain else _CODEC for leaf in every},
            "compression_level": {leaf: _LEVEL for leaf in every if leaf not in plain},
        }


def _cuts(changes: np.ndarray[tuple[int], np.dtype[np.int64]], rows: int, wanted: int) -> list[int]:
    """Of the places where a value changes those nearest to cuts into equal parts of about so many rows."""
    parts = round(rows / wanted)
    if parts < 2 or not len(changes):
        return []
    nearest = np.abs(changes - np.arange(1, parts)[:, None] * rows / parts).argmin(axis=1)
    return [int(place) for place in np.unique(changes[nearest])]


def _countable(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_time(kind)
    )


def leaves(path: str, kind: pa.DataType) -> Iterator[str]:
    """The Parquet paths of the leaf columns below `path`."""
    if pa.types.is_struct(kind):
        for index in range(kind.num_fields):
            child = kind.field(index)
            yield from leaves(f"{path}.{child.name}", child.type)
    elif pa.types.is_map(kind):
        yield from leaves(f"{path}.key_value.key", kind.key_type)
        yield from leaves(f"{path}.key_value.value", kind.item_type)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        yield from leaves(f"{path}.list.element", kind.value_type)
    else:
        yield path
