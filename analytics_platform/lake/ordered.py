"""A partition's rows in another order, with memory for a share of them only."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_SHARE_BYTES = 32 << 20


def ordered_rows(file: pq.ParquetFile, by: Sequence[str], share_bytes: int = _SHARE_BYTES) -> Iterator[pa.Table]:
    """All rows in ascending order of the columns `by`, absent values last, in tables of about `share_bytes`.

    The file is read once for the first of the columns alone, and once whole for each table: rows that share a value
    there come in one table.
    """
    groups = range(file.num_row_groups)
    counts: Counter[Any] = Counter()
    for group in groups:
        for found in file.read_row_group(group, [by[0]])[by[0]].value_counts().to_pylist():
            counts[found["values"]] += found["counts"]
    size = sum(file.metadata.row_group(group).total_byte_size for group in groups)
    for values in _shares(counts, max(1, share_bytes * counts.total() // max(size, 1))):
        wanted = pa.array(values, file.schema_arrow.field(by[0]).type)
        parts = []
        for group in groups:
            rows = file.read_row_group(group)
            parts.append(rows.filter(pc.is_in(rows[by[0]], wanted)))
        yield pa.concat_tables(parts).sort_by([(name, "ascending") for name in by])


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
