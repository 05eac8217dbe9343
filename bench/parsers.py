"""The floor with another reader of JSON, for the record: `--reader polars` or `--reader duckdb`.

What follows the reader is the floor's own: the same kernels, the same files. Both are given the schema, and the records
of pages that msgspec has split. polars takes a page's at once (`str.json_decode`); it has no type for an object of free
keys, so that participants' attributes are left out. DuckDB takes those of ten pages as a file of lines (`read_json`): a
page as it came, one object, it reads ten times slower.
"""

from collections.abc import Iterator
from itertools import islice

import duckdb
import polars as pl
import pyarrow as pa

from analytics_platform.tables.schemas import record_schema
from bench.fetching import pages
from bench.figures import Stopwatch
from bench.recording import Recording
from bench.task import Task
from bench.typed_files import TypedFiles

_SCHEMA = record_schema("AnalyticsConversation")
_RECORD = pa.struct(list(_SCHEMA))
_PAGES_A_STATEMENT = 10
_PLAIN = {
    pa.string(): (pl.String(), "VARCHAR"),
    pa.int64(): (pl.Int64(), "BIGINT"),
    pa.float64(): (pl.Float64(), "DOUBLE"),
    pa.bool_(): (pl.Boolean(), "BOOLEAN"),
    pa.timestamp("ms", tz="UTC"): (pl.Datetime("ms", "UTC"), "TIMESTAMPTZ"),
}


def main(task: Task) -> None:
    """Turn the day's pages into Parquet files."""
    before = task.sent()
    read = {"polars": _by_polars, "duckdb": _by_duckdb}[task.options[-1]]
    watch = Stopwatch.started()
    typed = TypedFiles(task.work, Recording.read(task.recorded))
    conversations = 0
    for records, json_bytes in read(task):
        typed.take(records, json_bytes)
        conversations += len(records)
    typed.close()
    task.done(watch, conversations, task.sent() - before)


def _by_polars(task: Task) -> Iterator[tuple[pa.Table, int]]:
    kind = _polars_type(_RECORD)
    for _, page in pages(task):
        records = page.conversations
        texts = pl.Series([str(record, "utf-8") for record in records])
        nested = texts.str.json_decode(kind).to_arrow(compat_level=pl.CompatLevel.oldest())
        yield pa.Table.from_struct_array(nested.cast(_RECORD)), sum(map(len, records))


def _by_duckdb(task: Task) -> Iterator[tuple[pa.Table, int]]:
    lines = task.work / "lines.json"
    columns = ", ".join(f"\"{field.name}\": '{_sql_type(field.type)}'" for field in _SCHEMA)
    fetched = pages(task)
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        while batch := [record for _, page in islice(fetched, _PAGES_A_STATEMENT) for record in page.conversations]:
            lines.write_bytes(b"\n".join(batch))
            told = f"SELECT * FROM read_json('{lines}', columns = {{{columns}}}, format = 'newline_delimited')"
            yield database.sql(told).to_arrow_table().cast(_SCHEMA), lines.stat().st_size
            lines.unlink()


def _polars_type(kind: pa.DataType) -> pl.DataType:
    if pa.types.is_struct(kind):
        return pl.Struct({each.name: _polars_type(each.type) for each in kind if not pa.types.is_map(each.type)})
    if pa.types.is_list(kind):
        return pl.List(_polars_type(kind.value_type))
    return _PLAIN[kind][0]


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_struct(kind):
        within = [f'"{field.name}" {_sql_type(field.type)}' for field in kind]
        return f"STRUCT({', '.join(within)})"
    if pa.types.is_list(kind):
        return f"{_sql_type(kind.value_type)}[]"
    if pa.types.is_map(kind):
        return f"MAP(VARCHAR, {_sql_type(kind.item_type)})"
    return _PLAIN[kind][1]


if __name__ == "__main__":
    main(Task.of_command_line())
