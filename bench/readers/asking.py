"""`python -m bench.readers.asking <lake> <subject as JSON>`: each question once, by each engine, and what it cost.

One question is asked before any is measured, and each has a connection of its own: libraries are loaded and the kernel's
cache is warm, the engine's own caches are not.
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import date
from pathlib import Path

import duckdb
import msgspec
import polars as pl
import polars.selectors as cs
import pyarrow as pa

from analytics_platform.lake import Lake
from analytics_platform.lake.views import connect
from bench.figures import Stopwatch
from bench.readers.questions import QUESTIONS, TABLES, Question, Subject

VIEWS, STRAIGHT, POLARS, CONNECT = "DuckDB, views of sql", "DuckDB, read_parquet", "polars, lazy", "connect"
ENGINES = (VIEWS, STRAIGHT, POLARS)
_FIRST = QUESTIONS[1]


class Asked(msgspec.Struct, frozen=True):
    """One question asked once; CPU is that of the whole process, all its threads."""

    engine: str
    question: str
    cpu_seconds: float
    wall_seconds: float
    answer: tuple[tuple[int, tuple[int, ...]], ...] = ()
    """Of each table answered its rows and the sums of its whole numbers."""


def main(root: Path, subject: Subject) -> None:
    lake = Lake.open(root)
    ways = {VIEWS: _by_views, STRAIGHT: _by_read_parquet, POLARS: _by_polars}
    for way in ways.values():
        way(lake, _FIRST, subject)
    asked = [way(lake, question, subject) for question in QUESTIONS for way in ways.values()] + [_connecting(lake)]
    sys.stdout.write(msgspec.json.encode(asked).decode() + "\n")


def _by_views(lake: Lake, question: Question, subject: Subject) -> Asked:
    with connect(lake) as connection:
        return _by_sql(connection, {table: table for table in TABLES}, question, subject, VIEWS)


def _by_read_parquet(lake: Lake, question: Question, subject: Subject) -> Asked:
    files = {
        table: f"read_parquet('{lake.place.table_path(table)}/*/*.parquet', hive_partitioning = true)"
        for table in TABLES
    }
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return _by_sql(connection, files, question, subject, STRAIGHT)


def _by_sql(
    connection: duckdb.DuckDBPyConnection,
    tables: dict[str, str],
    question: Question,
    subject: Subject,
    engine: str,
) -> Asked:
    words = tables | {name: f"'{value}'" for name, value in asdict(subject).items()}

    def answer(statement: str) -> pa.Table:
        return connection.sql(statement.format_map(words)).to_arrow_table()

    return _asked(engine, question, lambda: [answer(statement) for statement in question.sql])


def _by_polars(lake: Lake, question: Question, subject: Subject) -> Asked:
    def scan(table: str, days: Sequence[date] | None) -> pl.LazyFrame:
        return lake.scan(table, days)

    return _asked(POLARS, question, lambda: [frame.collect() for frame in question.polars(scan, subject)])


def _connecting(lake: Lake) -> Asked:
    watch = Stopwatch.started()
    with closing(connect(lake)):
        return Asked(CONNECT, "links and views of all tables", watch.cpu_seconds, watch.wall_seconds)


def _asked(engine: str, question: Question, ask: Callable[[], list[pl.DataFrame] | list[pa.Table]]) -> Asked:
    watch = Stopwatch.started()
    answers = ask()
    cpu, wall = watch.cpu_seconds, watch.wall_seconds
    frames = [pl.DataFrame(answer) for answer in answers]
    sums = [tuple(value or 0 for row in frame.select(cs.integer().sum()).rows() for value in row) for frame in frames]
    return Asked(engine, question.name, cpu, wall, tuple(zip((frame.height for frame in frames), sums, strict=True)))



if __name__ == "__main__":
    main(Path(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=Subject))
