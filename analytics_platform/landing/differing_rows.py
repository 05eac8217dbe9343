"""The rows in which two files of a day differ, brought together by id in memory that does not grow with the day.

Ids fall into buckets, of which one sum of the records' hashes is kept: where the sums are equal, the records are.
What falls into other buckets is laid down on disk, in parts small enough to be compared in memory. Each file is read
once for the sums and, where anything differs, once for the parts, in whatever order its rows stand.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import date

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analytics_platform.lake import Lake, Layout, StagedPartition
from analytics_platform.lake.errors import told

_BUCKETS = 1 << 16
_BATCH_ROWS = 500
_PART_BYTES = 32 << 20
_MOST_PARTS = 256
"""As many files are open at once."""

Sums = np.ndarray[tuple[int], np.dtype[np.uint64]]
Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]


def differing_parts(
    lake: Lake, table: str, day: date, files: tuple[pq.ParquetFile, pq.ParquetFile], columns: Sequence[str]
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Rows of two files of a table's day, in pairs: an id whose records differ is in one pair, with all its rows in
    their order. `columns` begin with the id and hold `record`.

    A pair is about 32 MB of JSON, more where over 8 GB differ. Raises LakeError.
    """
    (old, old_bytes), (new, new_bytes) = (_sums(file, columns[0]) for file in files)
    differing = old != new
    parts = min(_MOST_PARTS, 1 + int((old_bytes + new_bytes)[differing].sum()) // _PART_BYTES)
    part_of = np.where(differing, np.cumsum(differing) % parts, -1).astype(np.int64)
    with ExitStack() as laid_down:
        before, after = (_laid_down(lake, table, day, file, columns, part_of, parts, laid_down) for file in files)
        for one, other in zip(before, after, strict=True):
            yield _taken_up(lake, one), _taken_up(lake, other)


def _sums(file: pq.ParquetFile, key: str) -> tuple[Sums, Sums]:
    """By bucket, the sum of the hashes of its records, and their bytes."""
    sums, sizes = np.zeros(_BUCKETS, np.uint64), np.zeros(_BUCKETS, np.uint64)
    for rows in _batches(file, [key, "record"]):
        buckets = _buckets(rows, key)
        np.add.at(sums, buckets, pl.Series(rows["record"]).hash().to_numpy())
        np.add.at(sizes, buckets, pc.fill_null(pc.binary_length(rows["record"]), 0).to_numpy().astype(np.uint64))
    return sums, sizes


def _laid_down(
    lake: Lake,
    table: str,
    day: date,
    file: pq.ParquetFile,
    columns: Sequence[str],
    part_of: Numbers,
    parts: int,
    until: ExitStack,
) -> list[StagedPartition]:
    """The file's rows by part; they go away at the end of `until`, and after a kill as all that is staged."""
    schema = pa.schema([file.schema_arrow.field(name) for name in columns])
    small = Layout(row_group_bytes=max(_PART_BYTES // parts, 1 << 18))
    with ExitStack() as opened:
        writers = [opened.enter_context(lake.stage(table, day, schema, small)) for _ in range(parts)]
        for rows in _batches(file, columns):
            wanted = part_of[_buckets(rows, columns[0])]
            for part in np.unique(wanted[wanted >= 0]):
                writers[part].write(rows.filter(pa.array(wanted == part)))
        staged = []
        for writer in writers:
            staged.append(writer.seal({}))
            until.callback(staged[-1].discard)
        return staged


def _taken_up(lake: Lake, part: StagedPartition) -> pa.Table:
    with told(f"comparing two readings of {part.day}", lake.place.name), lake.open_staged(part) as file:
        return file.read(use_threads=False)


def _batches(file: pq.ParquetFile, columns: Sequence[str]) -> Iterator[pa.Table]:
    with told("comparing two readings of a day", "the lake"):
        for batch in file.iter_batches(_BATCH_ROWS, columns=list(columns), use_threads=False):
            yield pa.Table.from_batches([batch])


def _buckets(rows: pa.Table, key: str) -> Numbers:
    buckets: Numbers = (pl.Series(rows[key]).hash() % _BUCKETS).cast(pl.Int64).to_numpy()
    return buckets
