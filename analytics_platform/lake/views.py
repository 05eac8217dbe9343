"""The lake in SQL: an in-memory DuckDB in which every table of the lake is a view."""

import re
import shutil
import weakref
from pathlib import Path

import duckdb

from analytics_platform.lake.frames import live_dataset
from analytics_platform.lake.store import Lake


def connect(lake: Lake) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection with a view for each table of the lake; each has a column `day` (DATE).

    A view's columns are the union of its days' columns. Instants are shown in UTC. Nothing is fetched from the
    internet. The views show the lake as it was when connecting. On an object store, and on a folder this process may
    not write to, they show the days there were when connecting, each as it is when asked; a query that runs while
    one of them is replaced may fail, and then works when asked again.
    """
    # DuckDB opens a file when it plans and again when it runs, with the footer of the first time: a partition
    # replaced in between gives errors or, silently, a wrong count. Hence links that stay as they are.
    connection = duckdb.connect(
        ":memory:", config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    )
    connection.execute("SET TimeZone = 'UTC'")
    folder = lake.snapshot()
    if folder is None:
        for table in lake.tables():
            connection.register(table, live_dataset(lake.place, table, lake.days(table)))
        return connection
    weakref.finalize(connection, _let_go, folder, lake)
    for linked in sorted(folder.iterdir()):
        if any(linked.iterdir()):
            connection.execute(_view(linked))
    return connection


def _view(linked: Path) -> str:
    pattern = re.sub(r"([*?\[])", r"[\1]", str(linked)).replace("'", "''")
    return (
        f'CREATE VIEW "{linked.name}" AS '
        # The last 18 characters of a link's name: 2026-01-02.parquet. DuckDB prunes files by this expression.
        "SELECT * EXCLUDE (filename), CAST(substr(filename, -18, 10) AS DATE) AS day "
        f"FROM read_parquet('{pattern}/*.parquet', union_by_name = true, filename = true)"
    )


def _let_go(folder: Path, lake: Lake) -> None:
    """Remove the links; `lake` is held until here because the folder would go away with it."""
    shutil.rmtree(folder, ignore_errors=True)
