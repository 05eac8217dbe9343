"""Exported files of services: read in any layout they tell what reading each service by its id would."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given

from analytics_platform.catalogue.service_files import KEPT_NAMES, ServiceFileName, whole
from analytics_platform.tables.schemas import INSTANT
from analytics_platform.tables.service_files import (
    ServiceFile,
    ServiceFilesNotWhole,
    ServiceFilesUnreadable,
    read_service_files,
)
from analytics_platform.tables.service_records import ServiceRead
from analytics_platform.tables.services import service_rows
from analytics_platform_tests.tables.service_layouts import LAYOUTS, STAMP, Layout, Told, services, written

ONE = {
    "service_id": "383-f9a62aec",
    "service_type": 7,
    "started": {"timestamp": "2026-03-03T09:00:00.000Z", "session_id": "0042"},
    "active_states": [{"state_id": 2, "state_type": "waiting", "started": {"timestamp": "2026-03-03T09:10:00.000Z"}}],
    "completed_states": [],
    "active_tasks": [],
    "completed_tasks": [
        {
            "task_id": 1,
            "started": {"timestamp": "2026-03-03T09:00:00.000Z"},
            "completed": {"timestamp": "2026-03-03T09:05:00.000Z"},
        }
    ],
}


def _typed(records: Sequence[ServiceRead]) -> dict[str, list[dict[str, Any]]]:
    """What the typed tables hold of records."""
    raw = pa.table(
        {
            "record": pa.array([each.record.decode() for each in records], pa.string()),
            "gone_at": pa.nulls(len(records), INSTANT),
        }
    )
    day = pa.array([date(2026, 3, 3)] * len(records), pa.date32())
    as_of = pa.array([datetime(2026, 3, 5, tzinfo=UTC)] * len(records), INSTANT)
    tables, unreadable = service_rows(raw, day, as_of)
    assert not unreadable
    return {name: rows.to_pylist() for name, rows in tables.items()}


def _by_id(told: list[Told]) -> dict[str, list[dict[str, Any]]]:
    return _typed([ServiceRead(each["service_id"], json.dumps(each).encode()) for each in told])


def _files(**contents: bytes) -> list[ServiceFile]:
    """Files by `kind=content`, CSV."""
    return [ServiceFile(_name(f"{STAMP}_{kind}.csv"), content) for kind, content in contents.items()]


def _name(text: str) -> ServiceFileName:
    name = ServiceFileName.of(text)
    assert name is not None
    return name


def _changed(files: list[ServiceFile], kind: str, content: bytes) -> list[ServiceFile]:
    return [ServiceFile(each.name, content if each.name.kind == kind else each.content) for each in files]


@given(services(), LAYOUTS)
def test_services_written_in_any_layout_are_read_back_as_if_by_their_ids(told: list[Told], layout: Layout) -> None:
    read = read_service_files(written(told, layout))
    assert [each.service_id for each in read.services] == [each["service_id"] for each in told]
    assert _typed(read.services) == _by_id(told)
    assert read.repeated == 0


@given(services())
def test_json_of_whole_services_is_kept_byte_by_byte(told: list[Told]) -> None:
    (file,) = written(told, Layout(form="json"))
    assert [each.record for each in read_service_files([file]).services] == [json.dumps(each).encode() for each in told]


def test_the_rows_of_each_file_are_counted() -> None:
    assert read_service_files(written([ONE])).rows == {
        f"{STAMP}_services.csv": 1,
        f"{STAMP}_states.csv": 1,
        f"{STAMP}_tasks.csv": 1,
    }


def test_columns_of_no_known_name_are_extensions() -> None:
    files = _files(
        services=(
            "\ufeffService_ID;Started.Timestamp;Started_Channel;Completed_disposition;Loyalty;Note\r\n"
            '1;2026-03-03T09:00:00.000Z;"{""kind"": ""sms""}";12;3;"called; ""twice"""\r\n'
        ).encode(),
        states=b"state_id;service_id;started_timestamp;mood\n4;1;2026-03-03T10:00:00.000Z;[1, 2]\n",
        tasks=b"service_id;task_id\n",
    )
    typed = _typed(read_service_files(files).services)
    (service,) = typed["services"]
    assert (service["service_id"], service["completed_disposition"]) == ("1", "12")
    assert service["started_at"] == datetime(2026, 3, 3, 9, tzinfo=UTC)
    assert [(each["owner"], each["name"], each["value"]) for each in typed["service_extensions"]] == [
        ("service", "Loyalty", "3"),
        ("service", "Note", '"called; \\"twice\\""'),
        ("started", "Channel", '{"kind": "sms"}'),
        ("state 4", "mood", "[1, 2]"),
    ]


def test_an_id_is_never_a_number_and_text_keeps_its_zeros() -> None:
    files = _files(
        services=b"service_id,started,customer_id,started_session_id\n0042,2026-03-03T09:00:00.000Z,007,00\n",
        states=b"service_id,state_id\n",
        tasks=b"service_id,task_id\n",
    )
    (service,) = _typed(read_service_files(files).services)["services"]
    told = (service["service_id"], service["customer_id"], service["started_session_id"])
    assert told == ("0042", "007", "00")
    assert service["started_at"] == datetime(2026, 3, 3, 9, tzinfo=UTC)


def test_a_long_value_is_read_whole() -> None:
    told = ONE | {"transcript": "x" * 400_000}
    assert _typed(read_service_files(written([told])).services) == _by_id([told])


@pytest.mark.parametrize("packing", ["gz", "zip"])
def test_packed_files_are_unpacked(packing: str) -> None:
    packed = []
    for file in written([ONE]):
        content = gzip.compress(file.content)
        if packing == "zip":
            archive = io.BytesIO()
            with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as members:
                members.writestr(file.name.name, file.content)
            content = archive.getvalue()
        packed.append(ServiceFile(_name(f"{file.name.name}.{packing}"), content))
    assert _typed(read_service_files(packed).services) == _by_id([ONE])
    cut = [ServiceFile(each.name, each.content[:-9]) for each in packed]
    with pytest.raises(ServiceFilesNotWhole, match="breaks off"):
        read_service_files(cut)


def test_an_archive_of_several_files_is_refused() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("a", b"")
        members.writestr("b", b"")
    with pytest.raises(ServiceFilesUnreadable, match="an archive of 2 files"):
        read_service_files([ServiceFile(_name(f"{STAMP}_services.json.zip"), archive.getvalue())])


def test_a_service_told_twice_is_read_once_by_its_end_or_its_later_row() -> None:
    files = _files(
        services=(
            b"service_id,started_timestamp,completed_timestamp,service_type\n"
            b"1,2026-03-03T09:00:00.000Z,2026-03-03T10:00:00.000Z,ended\n"
            b"1,2026-03-03T09:00:00.000Z,,open\n"
            b"2,2026-03-03T09:00:00.000Z,,first\n"
            b"2,2026-03-03T09:00:00.000Z,,second\n"
        ),
        states=b"service_id,state_id\n1,1\n",
        tasks=b"service_id,task_id\n",
    )
    read = read_service_files(files)
    typed = _typed(read.services)
    assert [each["service_type"] for each in typed["services"]] == ["ended", "second"]
    assert (len(typed["service_states"]), read.repeated) == (1, 2)


def test_states_within_a_service_are_not_taken_again_from_a_file_of_their_own() -> None:
    within, apart = written([ONE], Layout(form="json")), written([ONE], Layout(form="json", three=True))
    both = [within[0], *apart[1:]]
    assert _typed(read_service_files(both).services) == _by_id([ONE])


@pytest.mark.parametrize("layout", [Layout(), Layout(quoting=csv.QUOTE_ALL, line_end="\n"), Layout(form="json")])
def test_a_file_of_services_cut_anywhere_may_still_grow(layout: Layout) -> None:
    files = written([ONE], layout)
    content = files[0].content
    for end in range(len(content.rstrip())):
        with pytest.raises(ServiceFilesNotWhole):
            read_service_files(_changed(files, "services", content[:end]))
    assert len(read_service_files(files).services) == 1


@pytest.mark.parametrize(
    ("kind", "content", "says"),
    [
        ("services", b"", "does not end"),
        ("services", b"service_id,started_timestamp\n1,2026-03-03T09", "does not end"),
        ("services", b'service_id,note\n1,"never closed\n', "the last value of .*services.csv does not end"),
        ("services", "service_id\n\u00e9".encode()[:-1], "within a letter"),
        ("states", b"service_id,state_id\nanother,1\n", "a row of states tells of service another"),
    ],
)
def test_what_may_still_grow_is_told_from_what_is_wrong(kind: str, content: bytes, says: str) -> None:
    with pytest.raises(ServiceFilesNotWhole, match=says):
        read_service_files(_changed(written([ONE]), kind, content))


@pytest.mark.parametrize(
    ("kind", "content", "says"),
    [
        ("services", b"id,started_timestamp\n1,x\n", "services.csv has no column service_id"),
        ("states", b"state_id\n1\n", "states.csv has no column service_id"),
        ("tasks", b"service_id,task_id\n,1\n", "row 2 of .*tasks.csv has no service_id"),
        ("services", b"service_id,note\n1\n", "row 2 of .*services.csv has 1 values under 2 headings"),
        ("services", b"service_id,note\n1,2,3\n", "has 3 values under 2 headings"),
        ("services", b'service_id,note\n1,"a"b\n', "is no CSV"),
        ("services", b"service_id,note,note\n1,2,3\n", "the column 'note' twice"),
        ("services", b"service_id,note\n1,\xff!\n", "byte 19 of .* is no utf-8 text"),
    ],
)
def test_a_csv_that_is_none_is_refused_and_shows_nothing_of_it(kind: str, content: bytes, says: str) -> None:
    with pytest.raises(ServiceFilesUnreadable, match=says) as caught:
        read_service_files(_changed(written([ONE]), kind, content))
    assert not isinstance(caught.value, ServiceFilesNotWhole)


@pytest.mark.parametrize(
    ("content", "still", "says"),
    [
        (b"", True, "no whole JSON"),
        (b'[{"service_id": "1", "star', True, "no whole JSON"),
        (b'[{"service_id": "1"}', True, "no whole JSON"),
        (b'[{"service_id": "1"} {', False, "no whole JSON"),
        (b'[{"service_id": "1", "deep": ' + b"[" * 5000 + b"]" * 5000 + b"}]", False, "no whole JSON"),
        (b'{"service_id": "1"}', False, "is not a JSON array"),
        (b'["1"]', False, "the 1. entry of .*services.json is no object"),
        (b'[{"service_id": "1"}, {"started": {}}]', False, "the 2. entry of .* has no service_id"),
    ],
)
def test_a_json_that_is_not_whole_or_no_array_of_services_is_refused(content: bytes, still: bool, says: str) -> None:
    (file,) = written([ONE], Layout(form="json"))
    with pytest.raises(ServiceFilesUnreadable, match=says) as caught:
        read_service_files([ServiceFile(file.name, content)])
    assert isinstance(caught.value, ServiceFilesNotWhole) is still


@pytest.mark.parametrize(
    "name",
    [
        "export20140813_160508_183_services.txt",
        "export20140813_160508_services.csv",
        "export20140813_160508_183_events.csv",
        "../export20140813_160508_183_services.csv",
        "export20140813_160508_183_services.csv.exe",
        "export20140813_160508_183_services.csv\n",
        "export２0140813_160508_183_services.csv",
    ],
)
def test_only_names_of_exports_are_names(name: str) -> None:
    assert ServiceFileName.of(name) is None


def test_a_name_tells_what_its_file_is() -> None:
    name = _name("export20140813_160508_183_states.csv.gz")
    assert (name.stamp, name.kind, name.format, name.packing) == ("export20140813_160508_183", "states", "csv", ".gz")
    assert name.kept_as == "states.csv.gz" in KEPT_NAMES
    three = tuple(_name(f"{STAMP}_{kind}.csv") for kind in ("tasks", "services", "states"))
    assert whole(three) and not whole(three[:2]) and not whole(three[1:2])
    assert whole((_name(f"{STAMP}_services.json"),))
