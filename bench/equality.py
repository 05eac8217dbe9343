"""Whether two ways have made the same tables: equal rows and values, whatever their order and their files."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.catalogue.tables import Table
from analytics_platform.tables.schemas import table_schema


class Unequal(Exception):
    """Two ways did not make the same tables."""


def refuse_unequal(way: str, made: Path, expected: Path, without: frozenset[str] = frozenset()) -> str:
    """Raise Unequal where a typed table below one folder differs from that below the other; what was compared."""
    tables = [table for table in CONVERSATION_DETAILS.tables if table.name not in without]
    rows = 0
    for table in tables:
        here, there = _rows(made, table), _rows(expected, table)
        if not here.equals(there):
            raise Unequal(f"{way}: {table.name} differs: {_difference(here, there)}")
        rows += len(here)
    left_out = f" (all but {', '.join(sorted(without))})" if without else ""
    return f"all {rows:,} rows of {len(tables)} tables{left_out}, every value"


def _rows(folder: Path, table: Table) -> pa.Table:
    """All rows of a table below a folder, in the order of its key, which is unique."""
    schema = table_schema(table)
    files = [file for file in folder.rglob("*.parquet") if table.name in (file.stem, file.parent.parent.name)]
    parts = [pq.ParquetFile(file).read(columns=schema.names).cast(schema) for file in files]
    rows = pa.concat_tables([schema.empty_table(), *parts])
    return rows.sort_by([(name, "ascending") for name in table.key]).combine_chunks()


def _difference(here: pa.Table, there: pa.Table) -> str:
    if len(here) != len(there):
        return f"{len(here)} rows, not {len(there)}"
    names = [name for name in here.column_names if not here[name].equals(there[name])]
    return f"values of {', '.join(names)}"
