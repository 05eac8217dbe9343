"""Layouts: which column is written how, and what does not fit a schema."""

import pyarrow as pa
import pytest

from analytics_platform.lake import Lake, Layout
from analytics_platform_tests.lake.conftest import DAY, SCHEMA


@pytest.mark.parametrize(
    ("layout", "told"),
    [
        (Layout(dictionary=("colour", "duration")), "the schema lacks: colour"),
        (Layout(instant="colour"), "the schema lacks: colour"),
        (Layout(grouped_by="colour"), "the schema lacks: colour"),
        (Layout(instant="duration"), "duration is int64; an instant is a timestamp with a time zone"),
        (Layout(delta=("conversation_id",)), "not for conversation_id"),
        (Layout(delta=("duration",), dictionary=("duration",)), "dictionary or delta: duration"),
    ],
)
def test_a_layout_that_does_not_fit_is_refused(lake: Lake, layout: Layout, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        lake.stage("conversations", DAY, SCHEMA, layout)


def test_nested_columns_are_dictionaries_with_all_their_leaves(lake: Lake) -> None:
    schema = pa.schema(
        [
            ("names", pa.large_list(pa.string())),
            ("part", pa.struct([("name", pa.string()), ("tags", pa.list_(pa.string()))])),
            ("attributes", pa.map_(pa.string(), pa.string())),
        ]
    )
    row = {"names": ["a"], "part": {"name": "a", "tags": ["a"]}, "attributes": [("a", "b")]}
    with lake.stage("nested", DAY, schema, Layout(dictionary=("names", "part", "attributes"))) as writer:
        writer.write(pa.Table.from_pylist([row] * 10, schema=schema))
        writer.seal({}).publish()
    with lake.open_partition("nested", DAY) as file:
        group = file.metadata.row_group(0)
        assert all("RLE_DICTIONARY" in group.column(index).encodings for index in range(group.num_columns))


def test_a_bloom_filter_is_as_large_as_its_row_group_needs(lake: Lake) -> None:
    schema = pa.schema([("id", pa.string())])
    sizes = {}
    for bloom in ((), ("id",)):
        with lake.stage("ids", DAY, schema, Layout(bloom=bloom)) as writer:
            writer.write(pa.table({"id": [f"{index:032x}" for index in range(1000)]}))
            sizes[bloom] = writer.seal({}).publish().bytes
    assert 1000 < sizes[("id",)] - sizes[()] < 5000


def test_no_least_and_greatest_value_is_kept_of_a_column_of_long_texts(lake: Lake) -> None:
    rows = pa.table({"id": ["a", "b"], "record": ['{"id":"a"}', '{"id":"b"}']})
    with lake.stage("raw", DAY, rows.schema, Layout(whole=("record",))) as writer:
        writer.write(rows)
        writer.seal({}).publish()
    with lake.open_partition("raw", DAY) as file:
        group = file.metadata.row_group(0)
        assert [group.column(index).is_stats_set for index in range(2)] == [True, False]


def test_each_row_group_holds_equal_values_side_by_side_in_the_order_in_which_they_came(lake: Lake) -> None:
    schema = pa.schema([("name", pa.string()), ("value", pa.int64())])
    with lake.stage("metrics", DAY, schema, Layout(grouped_by="name")) as writer:
        for names, first in (("ba", 0), ("ab", 2), ("ca", 4)):
            writer.write(pa.table({"name": list(names), "value": [first, first + 1]}, schema))
            if first == 2:
                writer.flush()
        writer.seal({}).publish()
    written = lake.read("metrics", DAY)
    assert "".join(written["name"].to_pylist()) == "aabb" + "ac"
    assert written["value"].to_pylist() == [1, 2, 0, 3, 5, 4]
