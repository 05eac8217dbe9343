"""`python -m bench.readers.asking <lake> <subject as JSON>`: each question, by each engine, and what it cost.

Each is asked some times, of which the cheapest counts: what disturbs the machine makes none cheaper. The kernel's
cache is warm; of the engines' own caches they have what they keep by themselves.
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
_TIMES, _MOST_TIMES, _SECONDS = 2, 12, 0.15
"""How often a question is asked at least and at most, and the CPU seconds after which it is asked no more."""


class Asked(msgspec.Struct, frozen=True):
    """One question at its cheapest; CPU is that of the whole process, all its threads."""

    engine: str
    question: str
    cpu_seconds: float
    wall_seconds: float
    answer: tuple[tuple[int, tuple[int, ...]], ...] = ()
    """Of each table answered its rows and the sums of its whole numbers."""


def main(root: Path, subject: Subject) -> None:
    """Ask everything once, after one question that is not measured; and make a connection of `sql` once more."""
    lake = Lake.open(root)
    asked: list[Asked] = []
    with connect(lake) as viewed, duckdb.connect() as plain:
        plain.execute("SET TimeZone = 'UTC'")
        for question in (_FIRST, *QUESTIONS):
            asked.append(_by_sql(viewed, {table: table for table in TABLES}, question, subject, VIEWS))
            asked.append(_by_sql(plain, _straight(lake), question, subject, STRAIGHT))
            asked.append(_by_polars(lake, question, subject))
    told = [*asked[len(ENGINES) :], _connecting(lake)]
    sys.stdout.write(msgspec.json.encode(told).decode() + "\n")


def _straight(lake: Lake) -> dict[str, str]:
    files = {table: f"{lake.place.table_path(table)}/*/*.parquet" for table in TABLES}
    return {table: f"read_parquet('{pattern}', hive_partitioning = true)" for table, pattern in files.items()}


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
    taken: list[tuple[float, float]] = []
    while len(taken) < _TIMES or (len(taken) < _MOST_TIMES and sum(cpu for cpu, _ in taken) < _SECONDS):
        watch = Stopwatch.started()
        answers = ask()
        taken.append((watch.cpu_seconds, watch.wall_seconds))
    cpu, wall = min(taken)
    frames = [pl.DataFrame(answer) for answer in answers]
    sums = [tuple(value or 0 for row in frame.select(cs.integer().sum()).rows() for value in row) for frame in frames]
    return Asked(engine, question.name, cpu, wall, tuple(zip((frame.height for frame in frames), sums, strict=True)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=Subject))
