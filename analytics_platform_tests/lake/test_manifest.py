"""Manifests: what is known of a partition, and whether its bytes still are what was written."""

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from analytics_platform.lake import Lake, LakeError, PartitionDamaged, PartitionMissing
from analytics_platform.lake.manifest import KEY, manifest_of
from analytics_platform_tests.lake.conftest import DAY, SCHEMA, land, rows


def _file(root: Path, day: date = DAY) -> Path:
    return root / "conversations" / f"day={day}" / "data.parquet"


def test_what_a_manifest_says(lake: Lake, root: Path) -> None:
    manifest = land(lake, table=rows(3), state="complete")
    assert manifest.table == "conversations"
    assert manifest.day == DAY
    assert manifest.rows == 3
    assert manifest.bytes == _file(root).stat().st_size
    assert manifest.min_instant == datetime(2026, 1, 1, 0, 0, tzinfo=UTC)
    assert manifest.max_instant == datetime(2026, 1, 1, 0, 2, tzinfo=UTC)
    assert len(manifest.checksum) == 32
    assert 0 < manifest.checksum_bytes < manifest.bytes
    assert manifest.code_version
    assert manifest.facts == {"state": "complete"}


def test_instants_and_days_among_the_facts_become_text(lake: Lake) -> None:
    watermark = datetime(2026, 1, 3, 4, 5, 6, 789000, tzinfo=UTC)
    manifest = land(lake, watermark=watermark, days=(DAY, DAY + timedelta(days=1)))
    assert manifest.facts == {"watermark": "2026-01-03T04:05:06.789000Z", "days": ["2026-01-01", "2026-01-02"]}
    assert lake.manifest("conversations", DAY) == manifest


@pytest.mark.parametrize("fact", [object(), {1, 2}, b"bytes", datetime(2026, 1, 1)])  # noqa: DTZ001 - that is the fault
def test_facts_that_json_cannot_say_are_refused(lake: Lake, root: Path, fact: object) -> None:
    with pytest.raises(TypeError):
        land(lake, fact=fact)
    assert lake.days("conversations") == []


def test_manifests_of_wanted_days(lake: Lake) -> None:
    days = [DAY + timedelta(days=number) for number in range(4)]
    for number, day in enumerate(days):
        land(lake, day, rows(number))
    assert list(lake.manifests("conversations")) == days
    some = lake.manifests("conversations", [days[3], days[1], date(2025, 1, 1), days[1]])
    assert {day: manifest.rows for day, manifest in some.items()} == {days[1]: 1, days[3]: 3}


def test_verify_notices_any_flipped_byte_of_the_rows(lake: Lake, root: Path) -> None:
    manifest = land(lake, table=rows(20))
    whole = _file(root).read_bytes()
    for position in range(manifest.checksum_bytes):
        damaged = bytearray(whole)
        damaged[position] ^= 0x10
        _file(root).write_bytes(damaged)
        with pytest.raises(PartitionDamaged, match="land the day again"):
            lake.verify("conversations", DAY)
    _file(root).write_bytes(whole)
    assert lake.verify("conversations", DAY) == manifest


def test_a_partition_whose_manifest_tells_a_sha256_is_verified_by_it(lake: Lake, root: Path) -> None:
    manifest, file = land(lake, table=rows(20)), _file(root)
    with file.open("wb") as sink, pq.ParquetWriter(sink, SCHEMA) as writer:
        writer.write_table(rows(20))
        sink.flush()
        written, hashed = sink.tell(), hashlib.sha256(file.read_bytes())
        older = replace(manifest, checksum=hashed.hexdigest(), checksum_bytes=written)
        writer.add_key_value_metadata({KEY: older.encode().encode()})
    assert lake.verify("conversations", DAY).checksum == older.checksum
    damaged = bytearray(file.read_bytes())
    damaged[written // 2] ^= 0x10
    file.write_bytes(damaged)
    with pytest.raises(PartitionDamaged, match="land the day again"):
        lake.verify("conversations", DAY)


def test_reading_notices_a_flipped_byte_of_a_page(lake: Lake, root: Path) -> None:
    land(lake, table=rows(2000))
    with pq.ParquetFile(_file(root)) as file:
        column = file.metadata.row_group(0).column(0)
    damaged = bytearray(_file(root).read_bytes())
    damaged[column.data_page_offset + column.total_compressed_size - 10] ^= 0xFF
    _file(root).write_bytes(damaged)
    with pytest.raises(PartitionDamaged, match="CRC"):
        lake.read("conversations", DAY)


@pytest.mark.parametrize("keep", [0, 3, 500, -1])
def test_a_cut_file_is_told(lake: Lake, root: Path, keep: int) -> None:
    land(lake, table=rows(2000))
    _file(root).write_bytes(_file(root).read_bytes()[:keep])
    for look in (lake.manifest, lake.read, lake.verify, lake.open_partition):
        with pytest.raises(PartitionDamaged, match="land the day again"):
            look("conversations", DAY)


def test_a_foreign_file_is_told(lake: Lake, root: Path) -> None:
    land(lake)
    pq.write_table(rows(3), _file(root))
    with pytest.raises(LakeError, match="was not written by this platform"):
        lake.manifest("conversations", DAY)


def test_missing_partitions_are_told(lake: Lake) -> None:
    for look in (lake.read, lake.verify, lake.open_partition):
        with pytest.raises(PartitionMissing, match="conversations has not landed 2026-01-01"):
            look("conversations", DAY)
    with pytest.raises(PartitionMissing, match="conversations has not landed any day"):
        lake.scan("conversations")


def test_the_schema_carries_no_manifest(lake: Lake) -> None:
    """Two days with different manifests have equal schemas, which readers compare."""
    land(lake, state="complete")
    land(lake, DAY + timedelta(days=1), state="provisional")
    one, two = (lake.read("conversations", day).schema for day in lake.days("conversations"))
    assert one.equals(SCHEMA)
    assert one.remove_metadata().equals(two.remove_metadata(), check_metadata=True)


@pytest.mark.parametrize("length", [0, 127, 128, 20_000, 40_000])
def test_a_manifest_of_any_length_is_the_one_in_the_footer(lake: Lake, length: int) -> None:
    manifest = land(lake, told="analytics_platform é" + "x" * length)
    with lake.open_partition("conversations", DAY) as file:
        in_footer = manifest_of(file.metadata, manifest.bytes, "")
    assert lake.manifest("conversations", DAY) == in_footer == manifest
