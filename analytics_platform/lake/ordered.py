"""A partition's rows in another order, with memory for a share of them only."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_SHARE_BYTES = 64 << 20


def ordered_rows(file: pq.ParquetFile, by: Sequence[str], share_bytes: int = _SHARE_BYTES) -> Iterator[pa.Table]:
    """All rows in ascending order of the columns `by`, absent values last, in tables of about `share_bytes` in memory.

    The file is read once for the first of the columns alone, and once whole for each table: rows that share a value
    there come in one table.
    """
    groups = range(file.num_row_groups)
    counts: Counter[Any] = Counter()
    for group in groups:
        for found in file.read_row_group(group, [by[0]])[by[0]].value_counts().to_pylist():
            counts[found["values"]] += found["counts"]
    for values in _shares(counts, max(1, int(share_bytes / _row_bytes(file)))):
        wanted = pa.array(values, file.schema_arrow.field(by[0]).type)
        parts = []
        for group in groups:
            rows = file.read_row_group(group)
            parts.append(rows.filter(pc.is_in(rows[by[0]], wanted)))
        yield pa.concat_tables(parts).sort_by([(name, "ascending") for name in by])


def _row_bytes(file: pq.ParquetFile) -> float:
    """What a row takes in memory, by the first row group; repeated values make it far more than in the file."""
    first = file.read_row_group(0) if file.num_row_groups else None
    return first.nbytes / len(first) if first else 1.0


def _shares(counts: Counter[Any], most: int) -> Iterator[list[Any]]:
    """The values in order, absent last, in lists that stand for at most `most` rows each, or for one value."""
    share: list[Any] = []
    rows = 0
    for value in sorted(counts, key=lambda value: (value is None, value)):
        if share and rows + counts[value] > most:
            yield share
            share, rows = [], 0
        share.append(value)
        rows += counts[value]
    if share:
        yield share
