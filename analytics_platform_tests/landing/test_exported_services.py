"""Services written to files by hand: the lake's own columns, whole files or none, nothing lost."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from analytics_platform.catalogue.services import SERVICES
from analytics_platform.gms.answers import ServiceRecord
from analytics_platform.landing import exported_services
from analytics_platform.landing.exported_services import require_place, write_services
from analytics_platform.source.errors import CutShort, QueryRefused
from analytics_platform.tables.schemas import table_schema

READ_AT = datetime(2026, 3, 7, tzinfo=UTC)
TABLES = {table.name for table in SERVICES.tables}
FILES = {f"{name}.parquet" for name in (*TABLES, "services_quarantine")}


def record(service_id: str, **more: Any) -> ServiceRecord:
    told = {"service_id": service_id, "started": {"timestamp": "2026-03-02T08:00:00.000Z"}, **more}
    return ServiceRecord(service_id, json.dumps(told, indent=1).encode(), READ_AT)


ONE = record("1-a", active_states=[{"state_id": 1, "started": {"timestamp": "2026-03-02T08:00:00.000Z"}}], vip=True)
TWO = record("2-b", completed={"timestamp": "2026-03-02T09:00:00.000Z"}, active_tasks=[{"task_id": 5}])
ODD = record("3-c", est_duration="soon")


def rows(file: Path) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = pq.ParquetFile(file).read().to_pylist()
    return told


def test_a_folder_holds_the_four_tables_with_the_lakes_columns_and_their_quarantine(tmp_path: Path) -> None:
    written = write_services([ONE, TWO], tmp_path / "out")
    assert (written.services, written.unreadable) == (2, 0)
    assert {file.name for file in (tmp_path / "out").iterdir()} == FILES
    for table in (*SERVICES.tables, SERVICES.typed_quarantine):
        assert pq.read_schema(tmp_path / "out" / f"{table.name}.parquet").names == table_schema(table).names
    told = {name: rows(tmp_path / "out" / f"{name}.parquet") for name in TABLES}
    assert [(row["service_id"], row["active"], row["as_of"]) for row in told["services"]] == [
        ("1-a", True, READ_AT),
        ("2-b", False, READ_AT),
    ]
    assert [(row["service_id"], row["state_id"]) for row in told["service_states"]] == [("1-a", 1)]
    assert [(row["service_id"], row["task_id"]) for row in told["service_tasks"]] == [("2-b", 5)]
    assert [(row["name"], row["value"]) for row in told["service_extensions"]] == [("vip", "true")]


def test_what_the_tables_cannot_hold_is_kept_as_sent(tmp_path: Path) -> None:
    written = write_services([ONE, ODD, TWO], tmp_path)
    assert (written.services, written.unreadable) == (3, 1)
    assert len(rows(tmp_path / "services.parquet")) == 2
    (kept,) = rows(tmp_path / "services_quarantine.parquet")
    assert (kept["service_id"], kept["record"], kept["position"]) == ("3-c", ODD.record.decode(), 1)
    assert "soon" in kept["reason"]


def test_one_parquet_file_holds_services_and_each_as_sent(tmp_path: Path) -> None:
    written = write_services([ONE, ODD, TWO], tmp_path / "services.parquet")
    assert (written.services, written.unreadable) == (3, 1)
    told = {row["service_id"]: row for row in rows(tmp_path / "services.parquet")}
    assert {service_id: row["record"].encode() for service_id, row in told.items()} == {
        each.service_id: each.record for each in (ONE, TWO, ODD)
    }
    assert told["2-b"]["completed_at"] == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert told["3-c"]["started_at"] is None


def test_lines_are_services_as_sent(tmp_path: Path) -> None:
    assert write_services([ONE, ODD], tmp_path / "out.jsonl").services == 2
    lines = (tmp_path / "out.jsonl").read_bytes().splitlines()
    assert [json.loads(line) for line in lines] == [json.loads(each.record) for each in (ONE, ODD)]


def test_many_services_are_many_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exported_services, "_GROUP", 4)
    assert write_services((record(f"{number}-x") for number in range(10)), tmp_path).services == 10
    file = pq.ParquetFile(tmp_path / "services.parquet")
    assert file.num_row_groups == 3
    assert file.read()["service_id"].to_pylist() == [f"{number}-x" for number in range(10)]


@pytest.mark.parametrize("name", ["", "out.parquet", "out.jsonl"])
def test_no_services_are_files_without_rows(tmp_path: Path, name: str) -> None:
    assert write_services([], tmp_path / name).services == 0
    if name == "out.jsonl":
        assert (tmp_path / name).read_bytes() == b""
    else:
        assert rows(tmp_path / (name or "services.parquet")) == []


@pytest.mark.parametrize("name", ["out", "out.parquet", "out.jsonl"])
def test_services_that_break_off_leave_what_was_there(tmp_path: Path, name: str) -> None:
    def broken() -> Iterator[ServiceRecord]:
        yield TWO
        raise CutShort("the answer broke off")

    write_services([ONE], tmp_path / name)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    with pytest.raises(CutShort):
        write_services(broken(), tmp_path / name)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QueryRefused, match=r"'out\.csv' is nothing services can be written to"):
        require_place(tmp_path / "out.csv")
    (tmp_path / "v1.2").mkdir()
    require_place(tmp_path / "v1.2")
