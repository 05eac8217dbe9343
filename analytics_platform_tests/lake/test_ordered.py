"""A partition is read in another order, a share of its rows at a time."""

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.lake.ordered import ordered_rows

_ROWS = st.tuples(st.one_of(st.none(), st.sampled_from("abcd")), st.one_of(st.none(), st.integers(0, 3)))
_SCHEMA = pa.schema([("name", pa.string()), ("number", pa.int64())])


def _file(groups: list[list[tuple[str | None, int | None]]]) -> pq.ParquetFile:
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, _SCHEMA) as writer:
        for group in groups:
            columns = list(zip(*group, strict=True)) or [(), ()]
            writer.write_table(pa.table([pa.array(c, t) for c, t in zip(columns, _SCHEMA.types, strict=True)], _SCHEMA))
    return pq.ParquetFile(pa.BufferReader(sink.getvalue()))


@given(groups=st.lists(st.lists(_ROWS, max_size=6), max_size=5), share=st.sampled_from([1, 100, 1 << 20]))
def test_all_rows_come_once_in_order_absent_values_last(
    groups: list[list[tuple[str | None, int | None]]], share: int
) -> None:
    tables = list(ordered_rows(_file(groups), ("name", "number"), share))
    rows = [tuple(row.values()) for table in tables for row in table.to_pylist()]
    assert rows == sorted(
        (row for group in groups for row in group),
        key=lambda row: tuple((value is None, value) for value in row),  # type: ignore[arg-type]
    )


def test_a_share_holds_no_more_than_it_may_save_where_one_value_has_more() -> None:
    file = _file([[("a", 1), ("b", 1), ("c", 1)], [("b", 2), ("b", 3), ("d", 1), (None, 1)]])
    two_rows = int(2 * file.read_row_group(0).nbytes / 3) + 1
    tables = list(ordered_rows(file, ("name",), two_rows))
    assert [table["name"].to_pylist() for table in tables] == [["a"], ["b"] * 3, ["c", "d"], [None]]
