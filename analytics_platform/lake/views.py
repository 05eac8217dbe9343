"""The lake in SQL: an in-memory DuckDB in which every table of the lake is a view."""

import re

import duckdb

from analytics_platform.lake.frames import days_dataset
from analytics_platform.lake.place import FILE
from analytics_platform.lake.store import Lake


def connect(lake: Lake) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection with a view for each table of the lake; each has a column `day` (DATE).

    A view's columns are the union of its days' columns. Instants are shown in UTC. Nothing is fetched from the
    internet. On a local lake a view shows each day as it is when asked; on an object store, the days there were when
    connecting.
    """
    connection = duckdb.connect(
        ":memory:", config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    )
    connection.execute("SET TimeZone = 'UTC'")
    for table in lake.tables():
        if "://" in lake.place.name:
            connection.register(table, days_dataset(lake.place, table, lake.days(table)))
        else:
            connection.execute(_view(table, lake.place.table_path(table)))
    return connection


def _view(table: str, folder: str) -> str:
    pattern = re.sub(r"([*?\[])", r"[\1]", folder).replace("'", "''")
    return (
        f'CREATE VIEW "{table}" AS SELECT * '
        f"FROM read_parquet('{pattern}/day=*/{FILE}', "
        "hive_partitioning = true, hive_types = {'day': DATE}, union_by_name = true)"
    )
