"""Staging: rows stream in, nothing is seen before publish, nothing stays after an exception."""

import tracemalloc
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analytics_platform.lake import Lake, LakeError, Layout
from analytics_platform_tests.lake.conftest import DAY, LAYOUT, SCHEMA, land, rows


def _staged_files(root: Path) -> list[Path]:
    return list((root / ".staging").glob("*/*.parquet"))


def test_nothing_is_created_before_the_first_write(root: Path) -> None:
    lake = Lake.open(root)
    assert lake.tables() == []
    assert lake.days("conversations") == []
    assert lake.manifest("conversations", DAY) is None
    assert lake.manifests("conversations") == {}
    assert not root.exists()


def test_a_sealed_partition_is_not_seen_before_it_is_published(lake: Lake) -> None:
    with lake.stage("conversations", DAY, SCHEMA, LAYOUT) as writer:
        writer.write(rows(3))
        staged = writer.seal({"state": "complete"})
    assert (staged.table, staged.day, staged.manifest.rows) == ("conversations", DAY, 3)
    assert lake.days("conversations") == []
    published = staged.publish()
    assert lake.days("conversations") == [DAY]
    assert lake.manifest("conversations", DAY) == published == staged.manifest


def test_a_lake_nobody_holds_keeps_its_staged_partition(root: Path) -> None:
    writer = Lake.open(root).stage("conversations", DAY, SCHEMA)
    with writer:
        writer.write(rows(2))
        staged = writer.seal({})
    del writer
    assert staged.publish().rows == 2


def test_publishing_replaces(lake: Lake, root: Path) -> None:
    land(lake, table=rows(3, version=1))
    land(lake, table=rows(2, version=2))
    assert lake.read("conversations", DAY).column("duration").to_pylist() == [2, 2]
    assert [path.name for path in (root / "conversations" / "day=2026-01-01").iterdir()] == ["data.parquet"]


def test_an_exception_discards(lake: Lake, root: Path) -> None:
    land(lake, table=rows(3, version=1))
    with pytest.raises(RuntimeError, match="half way"), lake.stage("conversations", DAY, SCHEMA, LAYOUT) as writer:
        writer.write(rows(100))
        writer.flush()
        raise RuntimeError("half way")
    assert _staged_files(root) == []
    assert lake.read("conversations", DAY).num_rows == 3


def test_leaving_without_seal_discards(lake: Lake, root: Path) -> None:
    with lake.stage("conversations", DAY, SCHEMA, LAYOUT) as writer:
        writer.write(rows(3))
    assert _staged_files(root) == []
    assert lake.days("conversations") == []


def test_a_staged_partition_may_be_discarded(lake: Lake, root: Path) -> None:
    with lake.stage("conversations", DAY, SCHEMA) as writer:
        staged = writer.seal({})
    staged.discard()
    staged.discard()
    assert _staged_files(root) == []
    with pytest.raises(LakeError, match="stage it again"):
        staged.publish()


def test_publishing_twice_is_an_error(lake: Lake) -> None:
    with lake.stage("conversations", DAY, SCHEMA) as writer:
        staged = writer.seal({})
    staged.publish()
    with pytest.raises(LakeError, match="published or discarded before"):
        staged.publish()


def test_a_sealed_writer_takes_no_more_rows(lake: Lake) -> None:
    with lake.stage("conversations", DAY, SCHEMA) as writer:
        writer.seal({})
        with pytest.raises(ValueError, match="sealed or discarded"):
            writer.write(rows(1))


def test_an_empty_day_is_landed(lake: Lake) -> None:
    manifest = land(lake, table=SCHEMA.empty_table())
    assert (manifest.rows, manifest.min_instant, manifest.max_instant) == (0, None, None)
    assert lake.days("conversations") == [DAY]
    assert lake.read("conversations", DAY).equals(SCHEMA.empty_table())
    assert lake.verify("conversations", DAY) == manifest


def test_record_batches_are_rows_too(lake: Lake) -> None:
    with lake.stage("conversations", DAY, SCHEMA, LAYOUT) as writer:
        for batch in rows(5).to_batches(max_chunksize=2):
            writer.write(batch)
        writer.seal({}).publish()
    assert lake.read("conversations", DAY).equals(rows(5))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param(rows(1).drop(["queues"]), "lacking \\['queues'\\]", id="a column is missing"),
        pytest.param(rows(1).append_column("more", pa.array([1])), "unknown \\['more'\\]", id="a column is unknown"),
        pytest.param(rows(1).select(SCHEMA.names[::-1]), "another order", id="another order"),
        pytest.param(
            rows(1).cast(SCHEMA.set(2, pa.field("duration", pa.float64()))),
            "duration is double, not int64",
            id="another type",
        ),
    ],
)
def test_rows_of_another_schema_are_refused(lake: Lake, given: pa.Table, told: str) -> None:
    with lake.stage("conversations", DAY, SCHEMA) as writer, pytest.raises(ValueError, match=told):
        writer.write(given)


@pytest.mark.parametrize("name", ["", "Conversations", "a/b", "../up", ".staging", "a b"])
def test_a_table_has_a_plain_name(lake: Lake, name: str) -> None:
    with pytest.raises(ValueError, match="small letters"):
        lake.stage(name, DAY, SCHEMA)


def test_a_column_cannot_be_called_day(lake: Lake) -> None:
    with pytest.raises(ValueError, match="column `day`"):
        lake.stage("conversations", DAY, pa.schema([("day", pa.date32())]))


def test_equal_input_makes_equal_bytes(lake: Lake, root: Path) -> None:
    contents = []
    for _ in range(2):
        land(lake, table=rows(5000), state="complete", job_ids=["a", "b"])
        contents.append((root / "conversations" / "day=2026-01-01" / "data.parquet").read_bytes())
    assert contents[0] == contents[1]


def test_row_groups_are_cut_by_bytes(lake: Lake) -> None:
    table = pa.table({"text": ["x" * 1000] * 100})
    with lake.stage("raw", DAY, table.schema, Layout(row_group_bytes=10_000)) as writer:
        for start in range(0, 100, 5):
            writer.write(table.slice(start, 5))
        writer.seal({}).publish()
    with lake.open_partition("raw", DAY) as file:
        assert [file.metadata.row_group(index).num_rows for index in range(file.num_row_groups)] == [10] * 10


def test_one_large_write_becomes_several_row_groups(lake: Lake) -> None:
    table = pa.table({"text": ["x" * 1000] * 100})
    with lake.stage("raw", DAY, table.schema, Layout(row_group_bytes=10_000)) as writer:
        writer.write(table)
        writer.seal({}).publish()
    with lake.open_partition("raw", DAY) as file:
        assert file.num_row_groups >= 10
        assert file.read().equals(table)


def test_few_rows_that_are_flushed_wait_for_more_and_let_go_of_what_they_were_cut_from(lake: Lake) -> None:
    few = rows(4).slice(1, 1)
    pool = pa.default_memory_pool()
    with lake.stage("conversations", DAY, SCHEMA, LAYOUT) as writer:
        for _ in range(3):
            writer.write(few)
            writer.write(few)
            large = pa.concat_tables([rows(20_000)]).combine_chunks()
            writer.write(large.slice(0, 1))
            before = pool.bytes_allocated()
            size = large.nbytes
            del large
            writer.flush(at_least=1 << 20)
            assert pool.bytes_allocated() < before - size // 2
        writer.seal({}).publish()
    with lake.open_partition("conversations", DAY) as file:
        assert (file.num_row_groups, file.metadata.num_rows) == (1, 9)


def test_rows_that_wait_for_more_are_copied_once(lake: Lake) -> None:
    pool = pa.default_memory_pool()
    few, more = rows(1), rows(5000)
    with lake.stage("conversations", DAY, SCHEMA, LAYOUT) as writer:
        writer.write(more)
        writer.flush(at_least=1 << 30)
        before = pool.total_bytes_allocated()
        for _ in range(5):
            writer.write(few)
            writer.flush(at_least=1 << 30)
        assert pool.total_bytes_allocated() - before < more.nbytes
        writer.seal({}).publish()
    assert lake.read("conversations", DAY).num_rows == 5005


def test_a_bloom_filter_is_as_large_as_the_ids_there_are(lake: Lake, root: Path) -> None:
    layout = Layout(bloom=("id",))
    for table, ids in (("many", [f"id-{number}" for number in range(50_000)]), ("few", ["id-1", "id-2"] * 25_000)):
        with lake.stage(table, DAY, pa.schema([("id", pa.string())]), layout) as writer:
            writer.write(pa.table({"id": ids}))
            writer.seal({}).publish()
    columns = [lake.open_partition(table, DAY).metadata.row_group(0).column(0) for table in ("many", "few")]
    many, few = (column.bloom_filter_length for column in columns)
    assert few < many / 8


def test_memory_stays_flat(lake: Lake) -> None:
    """A day of 80 MB passes through writer and reader; Arrow never holds more than some row groups of 4 MB."""
    pool = pa.default_memory_pool()
    tracemalloc.start()
    before, most = pool.bytes_allocated(), 0
    schema = pa.schema([("text", pa.string())])
    with lake.stage("raw", DAY, schema, Layout(row_group_bytes=4 << 20)) as writer:
        for index in range(80):
            writer.write(pa.table({"text": [f"{index:03}-{row:05}" * 70 for row in range(1500)]}, schema=schema))
            most = max(most, pool.bytes_allocated() - before)
        writer.seal({}).publish()
    with lake.open_partition("raw", DAY) as file:
        count = 0
        for batch in file.iter_batches(batch_size=1000):
            count += batch.num_rows
            most = max(most, pool.bytes_allocated() - before)
    assert count == 120_000
    assert most < 40 << 20
    assert tracemalloc.get_traced_memory()[1] < 40 << 20
    tracemalloc.stop()


def test_instants_of_the_manifest_are_utc(lake: Lake) -> None:
    cest = timezone(timedelta(hours=2))
    table = pa.table(
        {"at": pa.array([datetime(2026, 1, 1, 2, tzinfo=cest), None], pa.timestamp("ms", "Europe/Berlin"))}
    )
    manifest = land(lake, table=table, layout=Layout(instant="at"))
    assert manifest.min_instant == manifest.max_instant == datetime(2026, 1, 1, tzinfo=UTC)
    assert manifest.min_instant is not None
    assert manifest.min_instant.tzinfo is UTC


def test_days_and_tables_are_listed_in_order(lake: Lake, root: Path) -> None:
    for day in (3, 1, 2):
        land(lake, date(2026, 1, day), name="sessions")
    land(lake, name="conversations")
    (root / "sessions" / "day=2026-01-09").mkdir()
    (root / "sessions" / "day=2026-13-01").mkdir()
    (root / "notes").mkdir()
    (root / "README").write_text("not a table")
    assert lake.tables() == ["conversations", "sessions"]
    assert lake.days("sessions") == [date(2026, 1, day) for day in (1, 2, 3)]


def test_removing(lake: Lake, root: Path) -> None:
    land(lake)
    lake.remove("conversations", DAY)
    lake.remove("conversations", DAY)
    assert lake.days("conversations") == []
    assert not (root / "conversations" / "day=2026-01-01").exists()


def test_what_is_opened_stays_whole_when_replaced(lake: Lake) -> None:
    land(lake, table=rows(3, version=1))
    with lake.open_partition("conversations", DAY) as opened:
        land(lake, table=rows(9, version=2))
        assert opened.read().column("duration").to_pylist() == [1, 1, 1]


def test_the_footer_says_how_it_was_written(lake: Lake, root: Path) -> None:
    land(lake, table=rows(2000))
    metadata = pq.read_metadata(root / "conversations" / "day=2026-01-01" / "data.parquet")
    columns = {
        metadata.row_group(0).column(index).path_in_schema: metadata.row_group(0).column(index)
        for index in range(metadata.num_columns)
    }
    assert metadata.format_version == "2.6"
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    told = {name for name, column in columns.items() if column.is_stats_set}
    assert {"duration", "conversation_id"} <= told and "queues.list.element" not in told
    assert b"ARROW:schema" not in metadata.metadata
    assert not any(column.has_column_index for column in columns.values())
    assert columns["conversation_id"].encodings in (("PLAIN", "RLE"), ("RLE", "PLAIN"))
    assert "DELTA_BINARY_PACKED" in columns["duration"].encodings
    assert "RLE_DICTIONARY" in columns["queues.list.element"].encodings
    assert [(order.column_index, order.descending) for order in metadata.row_group(0).sorting_columns] == [(0, False)]
