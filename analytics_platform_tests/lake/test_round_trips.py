"""What is written is what is read, whatever the values and however they are cut into writes and row groups."""

import tempfile
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_platform.lake import Lake, Layout
from analytics_platform.lake.views import connect
from analytics_platform_tests.lake.conftest import DAY

_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("instant", pa.timestamp("ms", "UTC")),
        pa.field("whole", pa.int64()),
        pa.field("real", pa.float64()),
        pa.field("flag", pa.bool_()),
        pa.field("labels", pa.list_(pa.string())),
        pa.field("parts", pa.list_(pa.struct([("name", pa.string()), ("count", pa.int64())]))),
        pa.field("attributes", pa.map_(pa.string(), pa.string())),
    ]
)
_LAYOUT = Layout(
    instant="instant",
    dictionary=("labels", "parts", "attributes"),
    delta=("instant", "whole"),
    bloom=("id",),
    row_group_rows=7,
)
_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_whole = st.integers(-(2**63), 2**63 - 1)
_instants = st.integers(0, 2**42).map(lambda ms: datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=ms))
_row = st.fixed_dictionaries(
    {
        "id": st.none() | _text,
        "instant": st.none() | _instants,
        "whole": st.none() | _whole,
        "real": st.none() | st.floats(allow_nan=False),
        "flag": st.none() | st.booleans(),
        "labels": st.none() | st.lists(st.none() | _text, max_size=3),
        "parts": st.none()
        | st.lists(st.fixed_dictionaries({"name": st.none() | _text, "count": st.none() | _whole}), max_size=3),
        "attributes": st.none() | st.dictionaries(_text, st.none() | _text, max_size=3).map(lambda d: list(d.items())),
    }
)


@settings(max_examples=60)
@given(st.lists(st.lists(_row, max_size=10), max_size=5))
def test_rows_come_back_as_they_were_written(writes: list[list[dict[str, Any]]]) -> None:
    tables = [pa.Table.from_pylist(rows, schema=_SCHEMA) for rows in writes]
    wanted = pa.concat_tables([_SCHEMA.empty_table(), *tables])
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake.open(folder)
        with lake.stage("conversations", DAY, _SCHEMA, _LAYOUT) as writer:
            for table in tables:
                writer.write(table)
            manifest = writer.seal({}).publish()
        assert lake.read("conversations", DAY).equals(wanted)
        assert lake.verify("conversations", DAY) == manifest
        instants = [row["instant"] for rows in writes for row in rows if row["instant"] is not None]
        assert manifest.rows == wanted.num_rows
        assert manifest.min_instant == min(instants, default=None)
        assert manifest.max_instant == max(instants, default=None)
        scanned = lake.scan("conversations").drop("day").collect()
        assert scanned.rows() == pl.DataFrame(wanted).rows()
        with connect(lake) as sql:
            assert sql.execute("SELECT id, whole FROM conversations").fetchall() == [
                (row["id"], row["whole"]) for rows in writes for row in rows
            ]


@settings(max_examples=30)
@given(
    st.dictionaries(
        _text,
        st.recursive(st.none() | st.booleans() | st.integers() | _text, lambda inner: st.lists(inner, max_size=3)),
        max_size=5,
    )
)
def test_facts_come_back_as_they_were_given(facts: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake.open(folder)
        with lake.stage("conversations", DAY, _SCHEMA) as writer:
            published = writer.seal(facts).publish()
        assert published.facts == facts
        assert lake.manifest("conversations", DAY) == published
