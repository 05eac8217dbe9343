"""The benchmark's comparisons see a difference, and no order."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.catalogue.tables import snake_case
from analytics_platform.tables.schemas import table_schema
from bench.dlt_equality import refuse_unlike
from bench.equality import Unequal, refuse_unequal

_ROWS = 3


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A folder with three rows in every typed table, as a script without a lake writes them."""
    folder = tmp_path / "expected"
    folder.mkdir()
    for table in CONVERSATION_DETAILS.tables:
        pq.write_table(_rows(table_schema(table)), folder / f"{table.name}.parquet")
    return folder


def test_tables_in_another_order_and_in_files_by_day_are_equal(tables: Path, tmp_path: Path) -> None:
    for table in CONVERSATION_DETAILS.tables:
        rows = pq.read_table(tables / f"{table.name}.parquet")
        for number, part in enumerate((rows.slice(1), rows.slice(0, 1))):
            day = tmp_path / "lake" / table.name / f"day=2026-03-0{number + 1}"
            day.mkdir(parents=True)
            pq.write_table(part, day / "data.parquet")
    told = refuse_unequal("some way", tmp_path / "lake", tables)
    assert told == f"all {_ROWS * len(CONVERSATION_DETAILS.tables)} rows of 16 tables, every value"


def test_another_value_is_refused_and_its_column_named(tables: Path, tmp_path: Path) -> None:
    made = _copied(tables, tmp_path / "made")
    file = made / "participants.parquet"
    _replace(file, "purpose", pa.array(["0", "1", None]))
    with pytest.raises(Unequal, match="some way: participants differs: values of purpose"):
        refuse_unequal("some way", made, tables)


def test_a_missing_row_is_refused_and_counted(tables: Path, tmp_path: Path) -> None:
    made = _copied(tables, tmp_path / "made")
    file = made / "segments.parquet"
    pq.write_table(pq.read_table(file).slice(1), file)
    with pytest.raises(Unequal, match="some way: segments differs: 2 rows, not 3"):
        refuse_unequal("some way", made, tables)


def test_what_dlt_makes_is_compared_column_by_column(tables: Path, tmp_path: Path) -> None:
    participants = _as_dlt_would(tables, tmp_path / "out" / "day")
    assert refuse_unlike(tmp_path / "out", tables).tables == 15
    _replace(participants, "purpose", pa.array(["0", "1", "else"]))
    with pytest.raises(Unequal, match="dlt: participants purpose is"):
        refuse_unlike(tmp_path / "out", tables)


def test_a_column_that_dlt_has_not_made_must_hold_nothing(tables: Path, tmp_path: Path) -> None:
    participants = _as_dlt_would(tables, tmp_path / "out" / "day")
    rows = pq.ParquetFile(participants).read()
    pq.write_table(rows.drop_columns(["purpose"]), participants)
    with pytest.raises(Unequal, match=r"dlt: participants purpose is \(0, None\)"):
        refuse_unlike(tmp_path / "out", tables)


def _rows(schema: pa.Schema) -> pa.Table:
    """Rows whose values tell them apart in every column of plain values."""
    numbers = pa.array(range(_ROWS), pa.int64())

    def column(kind: pa.DataType) -> pa.Array:
        if pa.types.is_list(kind):
            return pa.nulls(_ROWS, kind)
        return pc.greater(numbers, 0) if pa.types.is_boolean(kind) else _cast(numbers, kind)

    return pa.table([column(field.type) for field in schema], schema=schema)


def _cast(numbers: pa.Array, kind: pa.DataType) -> pa.Array:
    return numbers.cast(pa.int32()).cast(kind) if pa.types.is_date(kind) else numbers.cast(kind)


def _copied(folder: Path, to: Path) -> Path:
    to.mkdir()
    for file in folder.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    return to


def _replace(file: Path, name: str, values: pa.Array) -> None:
    rows = pq.ParquetFile(file).read()
    pq.write_table(rows.set_column(rows.column_names.index(name), name, values), file)


def _as_dlt_would(tables: Path, day: Path) -> Path:
    """The same rows below dlt's names, the one object within an object as columns of the table above; participants'."""
    files: dict[str, Path] = {}
    for table in CONVERSATION_DETAILS.tables:
        if table.path[-1:] == ("attributes",):
            continue
        rows = pq.read_table(tables / f"{table.name}.parquet").select([each.name for each in table.own if each.source])
        if table.path[-1:] == ("flow",):
            above = files["sessions"]
            held = pq.ParquetFile(above).read()
            for name in rows.column_names:
                held = held.append_column(f"flow__{name}", rows[name])
            pq.write_table(held, above)
            continue
        folder = day / "__".join(("conversations", *map(snake_case, table.path)))
        folder.mkdir(parents=True)
        files[table.name] = folder / "1.parquet"
        pq.write_table(rows, files[table.name])
    return files["participants"]
