"""The lake in an S3 bucket: the same laws over requests. The server is moto's, on loopback."""

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import polars as pl
import pyarrow.fs as pafs
import pytest

from analytics_platform.lake import Lake, LakeError, LakeFull, LakeUnreachable, PartitionMissing, object_store
from analytics_platform.lake.object_store import ObjectStorePlace
from analytics_platform.lake.views import connect
from analytics_platform_tests.lake.conftest import DAY, LAYOUT, SCHEMA, land, rows


@pytest.fixture
def lake(bucket: str, tmp_path: Path) -> Lake:
    return Lake.open(f"s3://{bucket}/team/lake", scratch=tmp_path / "scratch")


def _place(lake: Lake) -> ObjectStorePlace:
    assert isinstance(lake.place, ObjectStorePlace)
    return lake.place


def _objects(lake: Lake) -> list[str]:
    place = _place(lake)
    found = place.filesystem.get_file_info(pafs.FileSelector(place.root, recursive=True, allow_not_found=True))
    return sorted(entry.path.removeprefix(f"{place.root}/") for entry in found if entry.type is pafs.FileType.File)


def test_an_empty_bucket_is_an_empty_lake(lake: Lake) -> None:
    assert lake.tables() == []
    assert lake.days("conversations") == []
    assert lake.manifest("conversations", DAY) is None
    assert _objects(lake) == []


def test_a_partition_is_one_object(lake: Lake, tmp_path: Path) -> None:
    manifest = land(lake, table=rows(2000), state="complete")
    assert _objects(lake) == ["conversations/day=2026-01-01/data.parquet"]
    assert lake.tables() == ["conversations"]
    assert lake.manifest("conversations", DAY) == manifest == lake.verify("conversations", DAY)
    assert lake.read("conversations", DAY).equals(rows(2000))
    assert list((tmp_path / "scratch").glob("*/*.parquet")) == []


def test_an_object_equals_the_file_of_a_folder(lake: Lake, tmp_path: Path) -> None:
    land(lake, state="complete")
    land(Lake.open(tmp_path / "local"), state="complete")
    with _place(lake).open("conversations", DAY) as remote:
        assert remote.readall() == (tmp_path / "local/conversations/day=2026-01-01/data.parquet").read_bytes()


def test_replacing_and_removing(lake: Lake) -> None:
    land(lake, table=rows(3, version=1))
    land(lake, table=rows(5, version=2))
    assert lake.read("conversations", DAY, ["duration"]).column("duration").to_pylist() == [2] * 5
    lake.remove("conversations", DAY)
    lake.remove("conversations", DAY)
    assert lake.days("conversations") == []
    with pytest.raises(PartitionMissing, match="s3://"):
        lake.read("conversations", DAY)
    with pytest.raises(PartitionMissing):
        lake.open_partition("conversations", DAY)


def test_days_manifests_and_scan(lake: Lake) -> None:
    days = [DAY + timedelta(days=number) for number in range(3)]
    for number, day in enumerate(days):
        land(lake, day, rows(number, version=number))
    assert {day: manifest.rows for day, manifest in lake.manifests("conversations").items()} == {
        day: number for number, day in enumerate(days)
    }
    frame = lake.scan("conversations", [*days, date(2025, 1, 1)])
    assert frame.collect_schema()["day"] == pl.Date
    assert frame.filter(pl.col("day") == days[2]).select("duration").collect()["duration"].to_list() == [2, 2]
    land(lake, days[2], rows(4, version=9))
    assert frame.select("duration").collect()["duration"].to_list() == [1, 9, 9, 9, 9]


def test_streamed_reads(lake: Lake) -> None:
    land(lake, table=rows(100))
    with lake.open_partition("conversations", DAY) as file:
        assert sum(batch.num_rows for batch in file.iter_batches(batch_size=7)) == 100


def test_sql(lake: Lake) -> None:
    land(lake, table=rows(3, version=1))
    land(lake, DAY + timedelta(days=1), rows(4, version=2))
    with connect(lake) as sql:
        question = "SELECT day, sum(duration) FROM conversations WHERE day >= '2026-01-02' GROUP BY day"
        assert sql.execute(question).fetchall() == [(date(2026, 1, 2), 8)]
        land(lake, DAY + timedelta(days=1), rows(5, version=3))
        assert sql.execute(question).fetchall() == [(date(2026, 1, 2), 15)]


def test_a_writable_store_leaves_no_trace(lake: Lake) -> None:
    lake.check_writable()
    assert _objects(lake) == []


def _half(source: IO[bytes], sink: IO[bytes], length: int) -> None:
    sink.write(source.read()[:100])


def _full(source: IO[bytes], sink: IO[bytes], length: int) -> None:
    _half(source, sink, length)
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(("copy", "kind"), [(_half, LakeError), (_full, LakeFull)])
def test_a_broken_upload_never_reaches_the_partition(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, copy: object, kind: type[LakeError]
) -> None:
    """The object store completes an upload whose stream is closed by an error: the part lands on a staging key."""
    kept = land(lake, table=rows(3, version=1))
    with lake.stage("conversations", DAY, SCHEMA, LAYOUT) as writer:
        writer.write(rows(5000, version=2))
        staged = writer.seal({})
    with monkeypatch.context() as patch, pytest.raises(kind, match="nothing landed was harmed"):
        patch.setattr(shutil, "copyfileobj", copy)
        staged.publish()
    assert lake.verify("conversations", DAY) == kept
    assert _objects(lake) == ["conversations/day=2026-01-01/data.parquet"]
    assert staged.publish().rows == 5000  # what is staged may be published again


def test_staging_keys_of_killed_processes_are_removed_after_a_day(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    place = _place(lake)
    with place.filesystem.open_output_stream(f"{place.root}/.staging/left-behind") as sink:
        sink.write(b"PAR1")
    land(lake)
    assert ".staging/left-behind" in _objects(lake)
    monkeypatch.setattr(object_store, "_LEFT_BEHIND", timedelta(days=-1))
    land(Lake.open(f"s3://{place.root}"))
    assert _objects(lake) == ["conversations/day=2026-01-01/data.parquet"]


def test_a_missing_bucket_is_told(bucket: str) -> None:
    lake = Lake.open("s3://no-such-bucket/lake")
    for look in (lake.tables, lambda: lake.days("conversations")):
        with pytest.raises(LakeUnreachable, match=r"no-such-bucket of the lake .* does not exist"):
            look()
    with pytest.raises(LakeUnreachable, match="NO_SUCH_BUCKET"):
        lake.check_writable()


def test_the_url_may_say_where_the_store_is(bucket: str, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.delenv("AWS_REGION")
    netloc = urlsplit(endpoint).netloc
    lake = Lake.open(f"s3://{bucket}/lake?endpoint_override={netloc}&scheme=http&region=eu-central-1")
    land(lake)
    assert lake.tables() == ["conversations"]
    assert repr(lake) == f"Lake('s3://{bucket}/lake')"


def test_a_store_that_does_not_answer_is_told(bucket: str) -> None:
    lake = Lake.open(f"s3://{bucket}/lake?endpoint_override=127.0.0.1:1&scheme=http")
    with pytest.raises(LakeUnreachable, match="check its address, the credentials and the network"):
        lake.tables()


def test_a_read_that_met_two_versions_is_repeated(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    land(lake, table=rows(3))
    place, opened = _place(lake), []

    def replaced_meanwhile(table: str, day: date) -> object:
        opened.append(day)
        if len(opened) == 1:
            return pafs.LocalFileSystem().open_input_file(__file__)
        return ObjectStorePlace.open(place, table, day)

    monkeypatch.setattr(place, "open", replaced_meanwhile)
    assert lake.read("conversations", DAY).num_rows == 3
    assert len(opened) == 2
