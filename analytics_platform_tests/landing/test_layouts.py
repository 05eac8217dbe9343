"""How the catalogue's tables are written."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, STREAMS
from analytics_platform.catalogue.tables import table
from analytics_platform.lake import Lake
from analytics_platform.landing.layouts import layout
from analytics_platform.tables.schemas import table_schema
from analytics_platform_tests.lake.conftest import DAY


def test_every_typed_table_fits_its_layout_and_can_be_looked_into_by_conversation() -> None:
    for stream in STREAMS:
        for each in stream.tables:
            layout(each).check(table_schema(each))
    assert all("conversation_id" in layout(each).bloom for each in CONVERSATION_DETAILS.tables)


def test_metrics_of_one_name_stand_side_by_side_and_each_conversation_s_in_its_order(tmp_path: Path) -> None:
    metrics = table("session_metrics")
    names, schema = ["tTalk", "tAcw", "tTalk", "tHandle", "tAcw"], table_schema(metrics)
    rows = pa.table({"name": names, "metric_index": range(len(names))})
    rows = pa.table({field.name: _column(rows, field) for field in schema}, schema)
    lake = Lake.open(tmp_path)
    with lake.stage(metrics.name, DAY, schema, layout(metrics)) as writer:
        writer.write(rows)
        writer.seal({}).publish()
    written = lake.read(metrics.name, DAY)
    assert len(pc.run_end_encode(written["name"].combine_chunks()).values) == len(set(names))
    assert written["metric_index"].to_pylist() == [1, 4, 3, 0, 2]


def test_texts_and_a_key_s_numbers_are_compressed_and_other_numbers_are_not(tmp_path: Path) -> None:
    segments = table("segments")
    schema, lake = table_schema(segments), Lake.open(tmp_path)
    with lake.stage(segments.name, DAY, schema, layout(segments)) as writer:
        writer.write(pa.table({field.name: pa.nulls(5, field.type) for field in schema}, schema))
        writer.seal({}).publish()
    (file,) = tmp_path.rglob("data.parquet")
    group = pq.read_metadata(file).row_group(0)
    chunks = [group.column(number) for number in range(group.num_columns)]
    codecs = {chunk.path_in_schema: chunk.compression for chunk in chunks}
    assert {codecs[name] for name in ("segment_start", "segment_end", "conference", "audio_muted")} == {"UNCOMPRESSED"}
    assert {codecs[name] for name in ("segment_index", "session_index", "conversation_id", "subject")} == {"ZSTD"}


def _column(rows: pa.Table, field: pa.Field) -> pa.Array | pa.ChunkedArray:
    return rows[field.name] if field.name in rows.column_names else pa.nulls(len(rows), field.type)
