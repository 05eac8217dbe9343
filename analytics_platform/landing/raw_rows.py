"""What a raw day holds of one home day, read in batches; row groups that hold nothing of it are passed over."""

from collections.abc import Iterator
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analytics_platform.lake import Lake
from analytics_platform.lake.manifest import manifest_of
from analytics_platform.landing.errors import RawReplaced
from analytics_platform.landing.home_days import Contribution

_BATCH_ROWS = 500
"""So few that what is made of them stays near the processor, and memory low."""


def raw_rows(
    lake: Lake, contribution: Contribution, home_day: date, columns: list[str] | None = None
) -> Iterator[pa.Table]:
    """The rows of a raw day that belong to a home day, in order, some hundred at a time; some may be empty.

    `columns` must hold the home day's own, `home_day` or `first_home_day` and `last_home_day`. Raises LakeError, and
    RawReplaced when the raw day is not the one the contribution tells of.
    """
    raw, day = contribution.raw, contribution.activity_day
    with lake.open_partition(raw, day) as file:
        if manifest_of(file.metadata, 0, lake.place.path(raw, day)).checksum != contribution.checksum:
            raise RawReplaced(raw, day)
        one = "home_day" in file.schema_arrow.names
        first, last = ("home_day", "home_day") if one else ("first_home_day", "last_home_day")
        groups = [group for group in range(file.num_row_groups) if _may_hold(file, group, first, last, home_day)]
        for batch in _batches(file, groups, columns):
            rows = pa.Table.from_batches([batch])
            mine = pc.and_(pc.less_equal(rows[first], home_day), pc.greater_equal(rows[last], home_day))
            # Nothing is copied where all rows are wanted, as nearly always in the day's own delivery.
            yield rows if pc.all(mine, skip_nulls=False).as_py() else rows.filter(mine)


def _batches(file: pq.ParquetFile, groups: list[int], columns: list[str] | None) -> Iterator[pa.RecordBatch]:
    # One column holds nearly all bytes: threads would have nothing to share, and their upkeep costs a third more.
    return file.iter_batches(_BATCH_ROWS, row_groups=groups, columns=columns, use_threads=False) if groups else iter(())


def _may_hold(file: pq.ParquetFile, group: int, first: str, last: str, home_day: date) -> bool:
    least, greatest = _range(file, group, first)[0], _range(file, group, last)[1]
    return (least is None or least <= home_day) and (greatest is None or greatest >= home_day)


def _range(file: pq.ParquetFile, group: int, column: str) -> tuple[date | None, date | None]:
    """The least and the greatest value of a column in a row group, None where the file does not tell."""
    told = file.metadata.row_group(group).column(file.schema_arrow.names.index(column)).statistics
    return (told.min, told.max) if told is not None and told.has_min_max else (None, None)
