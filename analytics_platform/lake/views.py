"""The lake in SQL: an in-memory DuckDB in which every table of the lake is a view."""

import re
import shutil
import weakref
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, STREAMS, Stream
from analytics_platform.lake.days_view import DAYS, LiveDays, days_view
from analytics_platform.lake.frames import live_dataset
from analytics_platform.lake.open_conversations import OPEN_CONVERSATIONS, open_conversations_view
from analytics_platform.lake.store import Lake

RESTATEMENTS = "restatements"
"""The view's name; no table of the lake is called so."""


def connect(lake: Lake, wanted: Mapping[str, Collection[date]] | None = None) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection with a view for each table of the lake; each has a column `day` (DATE).

    With `wanted` only those tables, and of each only those days, or its newest where it has none of them: what is not
    shown costs nothing.

    Beside them stand `days`, the state of each day of each table, `open_conversations`, those without an end, and
    `restatements`, what the vendor changed of any stream's days after it had told them.
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
    if wanted is None:
        shown = {table: lake.days(table) for table in lake.tables()}
    else:
        shown = {table: _shown(lake.days(table), days) for table, days in wanted.items()}
    folder = lake.snapshot(shown)
    if folder is None:
        tables = [table for table, days in shown.items() if days]
        for table in tables:
            connection.register(table, live_dataset(lake.place, table, shown[table]))
        if lake.tables():
            connection.register(DAYS, LiveDays(lake))
    else:
        weakref.finalize(connection, _let_go, folder, lake)
        # A view reads the footers of all its days whenever it is named; a link shows the same file for ever.
        connection.execute("SET parquet_metadata_cache = true")
        tables = sorted(linked.name for linked in folder.iterdir() if any(linked.iterdir()))
        for table in tables:
            connection.execute(_view(folder / table))
        connection.execute(days_view(f"{_literally(folder)}/*/*.parquet"))
    if restated := [stream for stream in STREAMS if stream.restatements.name in tables]:
        connection.execute(_restatements(restated))
    activity_days = lake.days(CONVERSATION_DETAILS.raw.name)
    if activity_days and shown.get(CONVERSATION_DETAILS.head.name):
        connection.execute(open_conversations_view(activity_days[-1]))
    return connection


def named(lake: Lake, query: str) -> Mapping[str, Collection[date]] | None:
    """What `connect` has to show for a query: the tables it names. None, for all, where it cannot be told from it.

    DuckDB tells what a query names without knowing the tables, but not of each query: not of a `JOIN … USING`, for one.
    """
    try:
        with duckdb.connect(":memory:") as reading:
            names = {name.lower() for name in reading.get_table_names(query)}
    except duckdb.Error:
        return None
    if RESTATEMENTS in names:
        names = names - {RESTATEMENTS} | {stream.restatements.name for stream in STREAMS}.intersection(lake.tables())
    if OPEN_CONVERSATIONS in names:
        names = names - {OPEN_CONVERSATIONS} | {CONVERSATION_DETAILS.head.name}
    return {name: lake.days(name) for name in names} if names and names.issubset(lake.tables()) else None


def _shown(landed: list[date], wanted: Collection[date]) -> list[date]:
    return [day for day in landed if day in wanted] or landed[-1:]


def _restatements(streams: Sequence[Stream]) -> str:
    parts = [f"SELECT '{stream.name}' AS stream, * FROM {stream.restatements.name}" for stream in streams]
    return f"CREATE VIEW {RESTATEMENTS} AS {' UNION ALL BY NAME '.join(parts)}"


def _view(linked: Path) -> str:
    return (
        f'CREATE VIEW "{linked.name}" AS '
        # The last 18 characters of a link's name: 2026-01-02.parquet. DuckDB prunes files by this expression.
        "SELECT * EXCLUDE (filename), CAST(substr(filename, -18, 10) AS DATE) AS day "
        f"FROM read_parquet('{_literally(linked)}/*.parquet', union_by_name = true, filename = true)"
    )


def _literally(folder: Path) -> str:
    """A folder's name in a pattern within quotes."""
    return re.sub(r"([*?\[])", r"[\1]", str(folder)).replace("'", "''")


def _let_go(folder: Path, lake: Lake) -> None:
    """Remove the links; `lake` is held until here because the folder would go away with it."""
    shutil.rmtree(folder, ignore_errors=True)
