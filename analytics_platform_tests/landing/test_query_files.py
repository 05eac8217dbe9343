"""What a query finds, in a file: every record of it, whole, or no file at all."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from analytics_platform.genesys_cloud.found import Course, Found, Records
from analytics_platform.lake.errors import LakeError
from analytics_platform.landing import query_files
from analytics_platform.landing.query_files import file_schema, write
from analytics_platform.source.errors import QueryRefused, ServerFault

MODEL = "AnalyticsConversationWithoutAttributes"
SOUND = b'{"conversationId":"c-%d","conversationStart":"2026-03-02T10:00:00.000Z","participants":[{"purpose":"agent"}]}'


def found(*pages: list[bytes], fault: Exception | None = None) -> Found:
    def told() -> Iterator[Records]:
        for page in pages:
            yield [msgspec.Raw(record) for record in page]
        if fault is not None:
            raise fault

    return Found(MODEL, told(), Course())


def sound(*numbers: int) -> list[bytes]:
    return [SOUND % number for number in numbers]


def test_parquet_has_a_row_a_record_with_the_vendors_nested_columns(tmp_path: Path) -> None:
    written = write(found(sound(1, 2), sound(3)), tmp_path / "new" / "found.parquet", first=2)
    table = pq.read_table(written.path)
    assert table.schema.equals(file_schema(MODEL))
    assert table.column("conversationId").to_pylist() == ["c-1", "c-2", "c-3"]
    assert table.column("participants").to_pylist()[0][0]["purpose"] == "agent"
    assert table.column("record").null_count == 3
    assert (written.rows, written.kept_whole, written.size) == (3, 0, written.path.stat().st_size)
    assert written.first == tuple(sound(1, 2))
    assert [file.name for file in written.path.parent.iterdir()] == ["found.parquet"]


def test_what_the_columns_do_not_hold_is_kept_as_sent_in_its_place(tmp_path: Path) -> None:
    strange = [
        b'{"conversationId":"c-2","conversationStart":"not an instant"}',
        b'{"conversationId":"c-3","news":{"a":1}}',
        b"[]",
        b'{"conversationId":"c-5","participants":[{"sessions":[{"metrics":[{"name":"t","value":1.5}]}]}]}',
        b'{"conversationId":"c-6","originatingDirection":"sideways"}',
    ]
    path = tmp_path / "found.parquet"
    written = write(found([*sound(1), *strange], sound(7)), path)
    rows = pq.read_table(path).select(["conversationId", "record"]).to_pylist()
    assert [row["conversationId"] for row in rows] == ["c-1", "c-2", "c-3", None, "c-5", "c-6", "c-7"]
    kept = [None if row["record"] is None else row["record"].encode() for row in rows]
    assert kept == [None, *strange[:4], None, None]
    assert written.kept_whole == 4


def test_row_groups_are_written_as_records_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_files, "_GROUP_BYTES", 3 * len(SOUND))
    consumed: list[int] = []
    held: list[int] = []
    table = query_files._table

    def counted(group: list[bytes], *others: object) -> object:
        held.append(len(group))
        return table(group, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(query_files, "_table", counted)

    def told() -> Iterator[Records]:
        for number in range(20):
            consumed.append(len(held))
            yield [msgspec.Raw(record) for record in sound(number)]

    path = tmp_path / "found.parquet"
    write(Found(MODEL, told(), Course()), path)
    assert max(held) <= 4 and sum(held) == 20
    assert consumed[-1] > 0  # groups were written before the last page was asked for
    assert pq.ParquetFile(path).num_row_groups == len(held)


def test_nothing_found_is_a_file_without_rows(tmp_path: Path) -> None:
    assert write(found(), tmp_path / "found.parquet").rows == 0
    assert pq.read_table(tmp_path / "found.parquet").schema.equals(file_schema(MODEL))
    assert write(found(), tmp_path / "found.jsonl").size == 0


def test_lines_of_json_are_the_records_as_sent(tmp_path: Path) -> None:
    laid_out = b'{"conversationId":\n "c-2",\r\n "news": "a\\nb"}'
    path = tmp_path / "found.jsonl"
    write(found(sound(1), [laid_out]), path)
    first, second = path.read_bytes().splitlines()
    assert first == SOUND % 1
    assert json.loads(second) == json.loads(laid_out)


@pytest.mark.parametrize("name", ["found.parquet", "found.jsonl"])
def test_a_query_that_fails_leaves_what_was_there(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("the old one")
    with pytest.raises(ServerFault):
        write(found(sound(1), fault=ServerFault("down")), path)
    assert path.read_text() == "the old one"
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_another_kind_of_file_is_refused_before_anything_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(QueryRefused, match=r"must end in \.parquet or \.jsonl"):
        write(found(fault=AssertionError("asked")), tmp_path / "found.csv")


def test_a_place_that_takes_no_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder.jsonl").mkdir()
    for path in (tmp_path / "file" / "found.jsonl", tmp_path / "folder.jsonl"):
        with pytest.raises(LakeError) as fault:
            write(found(sound(1)), path)
        assert str(path) in str(fault.value)
