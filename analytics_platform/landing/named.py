"""Where the lake names some ids: every text of every table, and the files that exports are kept in, looked through."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl
import pyarrow as pa

from analytics_platform.lake import Lake
from analytics_platform.lake.manifest import manifest_of

_BATCH_ROWS = 2_000
_UNREADABLE = ".pdf"


@dataclass(frozen=True)
class Named:
    """Rows of a day of a table that name one of the ids in a column; of a kept file the lines that do."""

    table: str
    day: date
    column: str
    rows: int


def named(lake: Lake, ids: Collection[str], among: Callable[[str], bool] = lambda table: True) -> Iterator[Named]:
    """Every place of the lake that names one of the ids, in order of tables and days; `among` chooses tables.

    Everything is read, a few rows at a time. Raises LakeError.
    """
    if not ids:
        return
    wanted = sorted(ids)
    files: set[tuple[str, date, str]] = set()
    for table in filter(among, lake.tables()):
        for day in lake.days(table):
            found: dict[str, int] = {}
            with lake.open_partition(table, day) as file:
                told = manifest_of(file.metadata, 0, table).facts.get("file")
                texts = [each.name for each in file.schema_arrow if _is_text(each.type)]
                for batch in file.iter_batches(_BATCH_ROWS, columns=texts, use_threads=False) if texts else ():
                    for name, rows in _naming_rows(batch, wanted).items():
                        found[name] = found.get(name, 0) + rows
            yield from (Named(table, day, name, rows) for name, rows in sorted(found.items()))
            if told:
                files.add((str(told).partition("/")[0], day, str(told).rpartition("/")[2]))
    for folder, day, name in sorted(files):
        if not name.endswith(_UNREADABLE) and (lines := _lines(lake.read_file(folder, day, name), wanted)):
            yield Named(folder, day, name, lines)


def _naming_rows(batch: pa.RecordBatch, ids: list[str]) -> dict[str, int]:
    """How many rows of a batch name one of the ids, by column; those columns alone in which any does."""
    rows = pl.DataFrame(batch)
    counts = rows.select(_names(name, kind, ids).sum() for name, kind in rows.schema.items()).row(0)
    return {name: count for name, count in zip(rows.columns, counts, strict=True) if count}


def _names(column: str, kind: pl.DataType, ids: list[str]) -> pl.Expr:
    """Whether a text, or one of a list of texts, names one of the ids."""
    if isinstance(kind, pl.List):
        return pl.col(column).list.eval(pl.element().str.contains_any(ids)).list.any()
    return pl.col(column).cast(pl.String).str.contains_any(ids)


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _lines(content: bytes, ids: Collection[str]) -> int:
    wanted = [each.encode() for each in ids]
    return sum(any(each in line for each in wanted) for line in content.splitlines())
