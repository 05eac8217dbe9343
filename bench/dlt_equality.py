"""Whether dlt has made of the same pages what the typed tables hold, as far as it makes the same.

It names, types and keys its tables by itself, so that they cannot be equal; but its root and child tables have a row
for the same things, and its columns the same names. Each table is counted, and of each column of plain values, cast to
our type, the values that are there are counted and their hashes added up; a column that dlt has not made must hold no
value. Columns of lists and participants' attributes, tables or columns of other names with dlt, are left out.
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.catalogue.tables import Table, snake_case
from bench.equality import Unequal

_SQL = {"string": "VARCHAR", "int64": "BIGINT", "float64": "DOUBLE", "bool": "BOOLEAN", "instant": "TIMESTAMPTZ"}


@dataclass
class Compared:
    """How much of dlt's was compared with the typed tables, and found to be the same."""

    tables: int = 0
    columns: int = 0
    values: int = 0


def refuse_unlike(made: Path, expected: Path) -> Compared:
    """Raise Unequal where dlt's tables below one folder tell other things than the typed tables below the other."""
    compared = Compared()
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        for table in CONVERSATION_DETAILS.tables:
            if table.path[-1:] != ("attributes",):
                _compare(database, table, made / "day", expected / f"{table.name}.parquet", compared)
    return compared


def _compare(database: duckdb.DuckDBPyConnection, table: Table, made: Path, expected: Path, compared: Compared) -> None:
    # The one object within an object is columns of the table above.
    above, prefix = (table.path[:-1], "flow__") if table.path[-1:] == ("flow",) else (table.path, "")
    files = sorted((made / "__".join(("conversations", *map(snake_case, above)))).glob("*.parquet"))
    known = {name for file in files for name in pq.read_schema(file).names}
    named = {each.name: each.type for each in table.own if each.source and each.type in _SQL}
    theirs = {name: f"{prefix}{name}" for name in named if f"{prefix}{name}" in known}
    missing = {name: "NULL" for name in named if name not in theirs}
    ours = _told(database, [str(expected)], named, dict(zip(named, named, strict=True)))
    told = _told(database, [str(file) for file in files], named, theirs | missing) if files else {}
    for name in ("", *named):
        if (name or not prefix) and told.get(name, (0, None)) != ours[name]:
            raise Unequal(f"dlt: {table.name} {name} is {told.get(name)}, not {ours[name]}")
    compared.tables += 1
    compared.columns += len(theirs)
    compared.values += sum(ours[name][0] for name in theirs)


def _told(
    database: duckdb.DuckDBPyConnection, files: list[str], types: dict[str, str], columns: dict[str, str]
) -> dict[str, tuple[int, int | None]]:
    """Of each column how many values there are, and the sum of their hashes; by the empty name how many rows."""
    asked = ["count(*)"]
    for name, type_word in types.items():
        value = f"CAST({columns[name]} AS {_SQL[type_word]})"
        asked += [f"count({value})", f"sum(hash({value})) FILTER ({value} IS NOT NULL)"]
    row = database.execute(f"SELECT {', '.join(asked)} FROM read_parquet({files}, union_by_name = true)").fetchone()
    assert row is not None
    pairs = zip(row[1::2], row[2::2], strict=True)
    return {"": (row[0], None), **dict(zip(types, pairs, strict=True))}
