"""Rows of stored tables that break what their tables promise, counted in SQL and in bounded memory."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from analytics_platform.catalogue.tables import Table
from analytics_platform.lake.store import Lake
from analytics_platform.lake.views import connect

_MEMORY = "256MB"


@contextmanager
def looked_into(
    lake: Lake, wanted: Mapping[str, Collection[date]], overflow: Path
) -> Iterator[duckdb.DuckDBPyConnection]:
    """These days of these tables in SQL. Keys of many days pass the memory allowed: what does not fit is laid down in
    the folder `overflow`.
    """
    with connect(lake, wanted) as database:
        folder = str(overflow).replace("'", "''")
        database.execute(f"SET memory_limit = '{_MEMORY}'; SET temp_directory = '{folder}'")
        yield database


def repeated_keys(database: duckdb.DuckDBPyConnection, table: Table, days: Sequence[date]) -> int:
    """How many keys of a table's days stand on several rows."""
    if not days:
        return 0
    key, rows = _key(table), f"FROM {table.name} WHERE {_on(days)}"
    # Equal keys have equal hashes, which are told apart at two thirds of the cost: nearly always that is all.
    if not _count(database, f"SELECT count(*) - count(DISTINCT hash({key})) {rows}"):
        return 0
    return _count(database, f"SELECT count(*) FROM (SELECT {key} {rows} GROUP BY {key} HAVING count(*) > 1)")


def orphans(database: duckdb.DuckDBPyConnection, table: Table, parent: Table, days: Sequence[date]) -> int:
    """How many rows of a table's days have no row in its parent table's."""
    if not days:
        return 0
    key = _key(parent)
    return _count(
        database,
        f"SELECT count(*) FROM (SELECT {key} FROM {table.name} WHERE {_on(days)}) child "
        f"ANTI JOIN (SELECT {key} FROM {parent.name} WHERE {_on(days)}) parent USING ({key})",
    )


def rows_where(database: duckdb.DuckDBPyConnection, table: Table, days: Sequence[date], condition: str) -> int:
    """How many rows of a table's days meet an SQL condition."""
    return _count(database, f"SELECT count(*) FROM {table.name} WHERE {_on(days)} AND {condition}") if days else 0


def _key(table: Table) -> str:
    return ", ".join(f'"{name}"' for name in table.key)


def _on(days: Sequence[date]) -> str:
    return f"day IN ({', '.join(f'DATE {day.isoformat()!r}' for day in days)})"


def _count(database: duckdb.DuckDBPyConnection, query: str) -> int:
    row = database.execute(query).fetchone()
    assert row is not None
    return int(row[0])
