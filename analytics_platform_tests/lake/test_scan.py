"""Many days as one lazy frame or one SQL view, also where the columns changed over time."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from analytics_platform.lake import Lake, LakeError, Layout
from analytics_platform.lake.views import connect
from analytics_platform_tests.lake.conftest import DAY, land, rows

_DAYS = [DAY + timedelta(days=number) for number in range(3)]


@pytest.fixture
def grown(lake: Lake) -> Lake:
    """A table whose columns and types grew from day to day."""
    parts = pa.list_(pa.struct([("name", pa.string())]))
    more_parts = pa.list_(pa.struct([("name", pa.string()), ("count", pa.int64())]))
    days = [
        pa.table({"id": ["a"], "number": pa.array([1], pa.int32()), "parts": pa.array([[{"name": "x"}]], parts)}),
        pa.table({"id": ["b"], "number": pa.array([2**40], pa.int64()), "new": [True]}),
        pa.table({"id": ["c"], "number": [0.5], "parts": pa.array([[{"name": "y", "count": 2}]], more_parts)}),
    ]
    for day, table in zip(_DAYS, days, strict=True):
        land(lake, day, table, layout=Layout())
    return lake


def test_a_frame_has_the_union_of_the_columns(grown: Lake) -> None:
    frame = grown.scan("conversations").sort("day").collect()
    assert frame.select("id", "number", "new", "day").rows() == [
        ("a", 1.0, None, _DAYS[0]),
        ("b", float(2**40), True, _DAYS[1]),
        ("c", 0.5, None, _DAYS[2]),
    ]
    assert frame["parts"].to_list() == [[{"name": "x", "count": None}], None, [{"name": "y", "count": 2}]]


def test_a_view_has_the_union_of_the_columns(grown: Lake) -> None:
    with connect(grown) as sql:
        assert sql.execute("SELECT id, number, new, day FROM conversations ORDER BY day").fetchall() == [
            ("a", 1.0, None, _DAYS[0]),
            ("b", float(2**40), True, _DAYS[1]),
            ("c", 0.5, None, _DAYS[2]),
        ]


def test_columns_that_cannot_be_brought_together_are_told(lake: Lake) -> None:
    land(lake, _DAYS[0], pa.table({"id": [1]}), layout=Layout())
    land(lake, _DAYS[1], pa.table({"id": [[1]]}), layout=Layout())
    with pytest.raises(LakeError, match="types cannot be brought together"):
        lake.scan("conversations")


def test_only_wanted_and_landed_days_are_scanned(lake: Lake) -> None:
    for number, day in enumerate(_DAYS):
        land(lake, day, rows(number))
    frame = lake.scan("conversations", [_DAYS[2], date(2025, 1, 1), _DAYS[1], _DAYS[2]]).collect()
    assert frame["day"].value_counts().sort("day").rows() == [(_DAYS[1], 1), (_DAYS[2], 2)]


def test_no_landed_day_makes_an_empty_frame(lake: Lake) -> None:
    land(lake)
    frame = lake.scan("conversations", [date(2025, 1, 1)])
    assert frame.collect().is_empty()
    assert frame.collect_schema() == lake.scan("conversations").collect_schema()


def test_only_empty_days_make_an_empty_frame(lake: Lake) -> None:
    land(lake, table=rows(0))
    assert lake.scan("conversations").collect().is_empty()
    with connect(lake) as sql:
        assert sql.execute("SELECT count(*) FROM conversations").fetchone() == (0,)


def test_a_frame_reads_only_the_days_it_is_filtered_by(lake: Lake, root: Path) -> None:
    for day in _DAYS:
        land(lake, day)
    frame = lake.scan("conversations").filter(pl.col("day") == _DAYS[1])
    (root / "conversations" / f"day={_DAYS[0]}" / "data.parquet").write_bytes(b"damaged")
    assert frame.collect().height == 3


@pytest.mark.parametrize("folder", ["a [lake]", "it's *a* lake?", "lake {1,2}", "Ünïcode"])
def test_folders_with_odd_names(tmp_path: Path, folder: str) -> None:
    lake = Lake.open(tmp_path / folder)
    land(lake)
    assert lake.scan("conversations").collect().height == 3
    with connect(lake) as sql:
        assert sql.execute("SELECT count(*), min(day) FROM conversations").fetchone() == (3, DAY)


def test_a_table_may_be_called_like_a_word_of_sql(lake: Lake) -> None:
    land(lake, name="group")
    with connect(lake) as sql:
        assert sql.execute('SELECT count(*) FROM "group"').fetchone() == (3,)


def test_instants_in_sql_are_utc(lake: Lake) -> None:
    land(lake)
    with connect(lake) as sql:
        assert sql.execute("SELECT min(start)::VARCHAR FROM conversations").fetchone() == ("2026-01-01 00:00:00+00",)


def test_days_are_pruned_in_sql(lake: Lake) -> None:
    for day in _DAYS:
        land(lake, day)
    with connect(lake) as sql:
        plan = sql.execute(
            "EXPLAIN ANALYZE SELECT sum(duration) FROM conversations WHERE day = '2026-01-02'"
        ).fetchall()
    assert "1/3" in plan[0][1]


def test_a_connection_shows_the_lake_as_it_was(lake: Lake, root: Path) -> None:
    land(lake, table=rows(3, version=1))
    sql = connect(lake)
    land(lake, table=rows(9, version=2))
    lake.remove("conversations", DAY)
    assert sql.execute("SELECT count(*), max(duration) FROM conversations").fetchone() == (3, 1)
    sql.close()
    del sql
    assert list((root / ".staging").glob("*/*/*")) == []


def test_a_connection_outlives_its_lake(root: Path) -> None:
    land(Lake.open(root))
    with connect(Lake.open(root)) as sql:
        assert sql.execute("SELECT count(*) FROM conversations").fetchone() == (3,)


def test_a_lake_that_cannot_be_linked_is_read_in_place(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    land(lake)

    def refuse(*_: object) -> None:
        raise PermissionError(1, "no hard links here")

    monkeypatch.setattr("os.link", refuse)
    with connect(lake) as sql:
        assert sql.execute("SELECT count(*), min(day) FROM conversations").fetchone() == (3, DAY)
        land(lake, table=rows(7, version=2))
        assert sql.execute("SELECT count(*), max(duration) FROM conversations").fetchone() == (7, 2)


def test_an_empty_lake_has_no_views(lake: Lake, root: Path) -> None:
    with connect(lake) as sql:
        assert sql.execute("SHOW TABLES").fetchall() == []
    assert not root.exists()


def test_only_wanted_days_of_wanted_tables_are_shown_and_the_newest_where_none_of_them_landed(lake: Lake) -> None:
    for number, day in enumerate(_DAYS):
        land(lake, day, rows(number + 1))
    with lake.stage("participants", _DAYS[0], rows(1).schema) as writer:
        writer.seal({}).publish()
    shown = "SELECT DISTINCT day FROM conversations ORDER BY 1"
    with connect(lake, {"conversations": _DAYS[:2]}) as sql:
        assert sql.execute(shown).fetchall() == [(_DAYS[0],), (_DAYS[1],)]
        assert ("participants",) not in sql.execute("SHOW TABLES").fetchall()
    with connect(lake, {"conversations": [_DAYS[0] - timedelta(days=9)], "absent": _DAYS}) as sql:
        assert sql.execute(shown).fetchall() == [(_DAYS[2],)]
    with connect(lake, {"absent": _DAYS}) as sql:
        assert ("absent",) not in sql.execute("SHOW TABLES").fetchall()
