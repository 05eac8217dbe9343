"""A nested Arrow table taken apart into one flat table a node, column by column; no loop over rows.

`Level` is a node's rows: their columns, and for each row the row of its parent. Inherited columns are gathered through
the chain of parents when they are asked for, so that a key is moved once, from where it lives.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analytics_platform.catalogue.tables import Table
from analytics_platform.tables.schemas import table_schema

Rows = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass
class Level:
    """The rows of one node; `parents` holds for each the row of the node above, `ordinals` its place there."""

    table: Table
    columns: Mapping[str, pa.Array]
    length: int
    above: "Level | None" = None
    parents: Rows | None = None
    _gathered: dict[str, pa.Array] = field(default_factory=dict)

    def ordinals(self) -> pa.Array:
        """Each row's position among the rows of its parent, from 0."""
        assert self.parents is not None
        first = np.flatnonzero(np.diff(self.parents, prepend=-1))  # rows of one parent stand side by side
        return pa.array(np.arange(self.length, dtype=np.int64) - np.repeat(first, np.diff(first, append=self.length)))

    def inherited(self, name: str) -> pa.Array:
        """A column of this level or of the nearest level above that has it, one value a row of this level."""
        if name not in self._gathered:
            self._gathered[name] = self._gather(name)
        return self._gathered[name]

    def _gather(self, name: str) -> pa.Array:
        if name == self.table.ordinal:
            return self.ordinals()
        own = self._own_column(name)
        if own is not None:
            return own
        assert self.above is not None, f"no level holds {name}"
        return self.above.inherited(name).take(pa.array(self.parents))

    def _own_column(self, name: str) -> pa.Array | None:
        for column in self.table.own:
            # What the platform adds to a root goes by its own name.
            if column.name == name and (column.source or name) in self.columns:
                return self.columns[column.source or name]
        return None

    def flat(self, extra: Mapping[str, pa.Array]) -> pa.Table:
        """The typed table of this level; `extra` gives the columns the platform adds."""
        schema = table_schema(self.table)
        above = [self.inherited(column.name) for column in self.table.inherited]
        own = [self.columns[column.source] if column.source else extra[column.name] for column in self.table.own]
        arrays = above + own
        return pa.Table.from_arrays(arrays, schema=schema)


def levels(records: pa.Table, tables: tuple[Table, ...]) -> Iterator[Level]:
    """All levels of a nested table of records, parents before children; `tables` in the same order."""
    made: dict[str, Level] = {}
    for table in tables:
        level = _root(records, table) if table.parent is None else _child(made[table.parent.name], table)
        made[table.name] = level
        yield level


def _root(records: pa.Table, table: Table) -> Level:
    columns = {name: one_array(records[name]) for name in records.column_names}
    return Level(table, columns, len(records))


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece, copied only where it is in several: Arrow copies one piece too."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _child(above: Level, table: Table) -> Level:
    node = above.columns[table.path[-1]]
    if pa.types.is_map(node.type):
        return _entries(above, table, node)
    if pa.types.is_struct(node.type):
        return _object(above, table, node)
    return _items(above, table, node)


def _entries(above: Level, table: Table, node: pa.MapArray) -> Level:
    """A free-key dictionary: one row an entry, in the order sent."""
    as_lists = node.cast(pa.list_(pa.struct([pa.field("key", pa.string(), nullable=False), ("value", pa.string())])))
    return _items(above, table, as_lists)


def _items(above: Level, table: Table, node: pa.ListArray) -> Level:
    """A list of objects: one row an object. A null list has none, whatever lies in the memory behind it."""
    counts = pc.fill_null(pc.list_value_length(node), 0).to_numpy()
    parents = np.repeat(np.arange(len(node), dtype=np.int64), counts)
    return Level(table, _fields(node.flatten()), len(parents), above, parents)


def _object(above: Level, table: Table, node: pa.StructArray) -> Level:
    """A nested object: one row where it is there."""
    there = np.flatnonzero(node.is_valid().to_numpy(zero_copy_only=False))
    return Level(table, _fields(node.take(pa.array(there))), len(there), above, there)


def _fields(node: pa.StructArray) -> dict[str, pa.Array]:
    return {name: node.field(index) for index, name in enumerate(node.type.names)}
