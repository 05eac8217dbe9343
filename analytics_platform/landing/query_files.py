"""What a query finds, written to a file as it comes: Parquet with the vendor's nested columns, or lines of JSON.

In Parquet a row is a record, read with its model's schema. A record that the schema does not hold whole – one it cannot
read, with a field nobody knows or a value of another type – is kept as sent in the column `record` beside what could be
read of it, so that nothing is lost. Memory holds one row group.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from analytics_platform.genesys_cloud.found import Found
from analytics_platform.lake.whole_file import whole_file
from analytics_platform.source.errors import QueryRefused
from analytics_platform.tables.drift import Kind, drift
from analytics_platform.tables.records import read_records
from analytics_platform.tables.schemas import record_schema

RECORD = "record"
_GROUP_BYTES = 16 << 20
"""JSON read into one row group; its Arrow columns take about as much again."""


@dataclass(frozen=True)
class Written:
    """A file that a query's records were written to; `first` are the first few as sent."""

    path: Path
    rows: int
    size: int
    """Bytes of the file."""
    kept_whole: int
    """Rows whose record is also kept as sent, as the columns do not hold all of it; 0 for lines of JSON."""
    first: tuple[bytes, ...]


def require_kind(path: Path) -> None:
    """Raise QueryRefused for a file of a kind that cannot be written, before anything is asked for."""
    if path.suffix not in (".parquet", ".jsonl"):
        raise QueryRefused(f"{path.name!r} is no file that can be written: its name must end in .parquet or .jsonl.")


def write(found: Found, path: Path, *, first: int = 0) -> Written:
    """Write all that a query finds to `path`, by its ending; readers see it whole, or what was there before.

    Raises the errors of asking, LakeError where the place takes no file.
    """
    require_kind(path)
    kept: list[bytes] = []
    groups = _groups(found, kept, first)
    with whole_file(path) as staged:
        if path.suffix == ".parquet":
            kept_whole = _write_parquet(groups, found.record_model, staged)
        else:
            kept_whole = 0
            with staged.open("wb") as out:
                for group in groups:
                    write_lines(group, out)
        size = staged.stat().st_size
    return Written(path, found.course.given, size, kept_whole, tuple(kept))


def write_lines(records: Iterable[bytes], out: BinaryIO) -> None:
    """Each record as sent on a line of its own; a line break between its parts becomes a space."""
    out.writelines(record.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n" for record in records)


def file_schema(record_model: str) -> pa.Schema:
    """The columns of a Parquet file of these records."""
    return record_schema(record_model).append(pa.field(RECORD, pa.string()))


def _groups(found: Found, kept: list[bytes], first: int) -> Iterator[list[bytes]]:
    """The records in lists of about a row group's size; the first few are put into `kept`."""
    group: list[bytes] = []
    size = 0
    for page in found:
        for record in page:
            group.append(bytes(record))
            size += len(group[-1])
            if len(kept) < first:
                kept.append(group[-1])
        if size >= _GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _write_parquet(groups: Iterator[list[bytes]], record_model: str, staged: Path) -> int:
    schema = file_schema(record_model)
    kept_whole = 0
    with pq.ParquetWriter(staged, schema, compression="zstd", compression_level=1) as writer:
        for group in groups:
            table = _table(group, record_model, schema)
            kept_whole += len(table) - table.column(RECORD).null_count
            writer.write_table(table)
    return kept_whole


def _table(group: list[bytes], record_model: str, schema: pa.Schema) -> pa.Table:
    texts = [str(record, "utf-8", "backslashreplace") for record in group]
    nested = record_schema(record_model)
    read = read_records(pa.array(texts, pa.large_string()), nested)
    told = read.table
    unread = {each.row for each in read.unreadable} | {each.row for each in read.values}
    if read.rows is not None:
        places = {row: place for place, row in enumerate(read.rows.to_pylist())}
        told = told.take(pa.array([places.get(row) for row in range(len(texts))], pa.int64()))
    kept = [text if row in unread or _more(record_model, text) else None for row, text in enumerate(texts)]
    return pa.table([*told.columns, pa.array(kept, pa.string())], schema=schema)


def _more(record_model: str, text: str) -> bool:
    """Whether a record holds more than its columns: a value of an open enum is in them all the same."""
    return any(found.kind is not Kind.UNKNOWN_VALUE for found in drift(record_model, [text]))
