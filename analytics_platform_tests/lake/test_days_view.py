"""`days` in SQL: what the manifests say of every landed day, on a disk and in an object store."""

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from analytics_platform.lake import Lake
from analytics_platform.lake.views import connect

D1, D2 = date(2026, 3, 2), date(2026, 3, 3)
AT = datetime(2026, 3, 4, 6, 0, 0, 123_000, tzinfo=UTC)


def land(lake: Lake, table: str, day: date, rows: int, **facts: object) -> None:
    data = pa.table({"number": pa.array(range(rows), pa.int64())})
    with lake.stage(table, day, data.schema) as writer:
        writer.write(data)
        writer.seal(facts).publish()


def days(lake: Lake) -> list[tuple[object, ...]]:
    with connect(lake) as connection:
        return connection.execute("SELECT * FROM days ORDER BY table_name, day").fetchall()


@pytest.mark.parametrize("place", ["disk", "object store"])
def test_every_landed_day_says_its_state(place: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = (
        f"s3://{request.getfixturevalue('bucket')}/lake" if place == "object store" else str(tmp_path / "it's [a] lake")
    )
    lake = Lake.open(url)
    land(lake, "sessions", D1, 3, stream="conversations", state="partial", watermark=AT, as_of=AT)
    land(lake, "sessions", D2, 2, stream="conversations", state="complete", watermark=None, as_of=AT)
    land(lake, "mine", D1, 1)
    expected = [
        ("mine", "mine", D1, "unknown", 1, None, None),
        ("conversations", "sessions", D1, "partial", 3, AT, AT),
        ("conversations", "sessions", D2, "complete", 2, None, AT),
    ]
    assert days(lake) == expected
    with connect(lake) as connection:
        assert [column for column, *_ in connection.execute("DESCRIBE days").fetchall()] == [
            "stream",
            "table_name",
            "day",
            "state",
            "rows",
            "watermark",
            "as_of",
        ]
    land(lake, "sessions", D1, 4, stream="conversations", state="complete", watermark=AT, as_of=AT)
    assert days(lake)[1][3:5] == ("complete", 4)


def test_an_empty_lake_has_no_days(tmp_path: Path) -> None:
    with connect(Lake.open(tmp_path / "lake")) as connection:
        assert connection.execute("SHOW TABLES").fetchall() == []
