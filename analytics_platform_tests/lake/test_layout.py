"""Layouts: which column is written how, and what does not fit a schema."""

from dataclasses import replace

import pyarrow as pa
import pytest

from analytics_platform.lake import Lake, Layout
from analytics_platform.tables.schemas import arrow_type
from analytics_platform_tests.lake.conftest import DAY, LAYOUT, SCHEMA, land, rows


@pytest.mark.parametrize(
    ("layout", "told"),
    [
        (Layout(dictionary=("colour", "duration")), "the schema lacks: colour"),
        (Layout(instant="colour"), "the schema lacks: colour"),
        (Layout(grouped_by="colour"), "the schema lacks: colour"),
        (Layout(uncompressed=("colour",)), "the schema lacks: colour"),
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


def test_what_is_read_whole_is_not_compressed_and_all_else_is(lake: Lake) -> None:
    wanted = replace(LAYOUT, uncompressed=("conversation_id", "queues"))
    land(lake, table=rows(2000), layout=wanted)
    with lake.open_partition("conversations", DAY) as file:
        group = file.metadata.row_group(0)
        columns = [group.column(number) for number in range(group.num_columns)]
    assert {column.path_in_schema: column.compression for column in columns} == {
        "conversation_id": "UNCOMPRESSED",
        "start": "ZSTD",
        "duration": "ZSTD",
        "queues.list.element": "UNCOMPRESSED",
    }
    assert lake.read("conversations", DAY).select(SCHEMA.names).equals(rows(2000))


def test_a_bloom_filter_is_as_large_as_its_row_group_needs(lake: Lake) -> None:
    schema = pa.schema([("id", pa.string())])
    sizes = {}
    for bloom in ((), ("id",)):
        with lake.stage("ids", DAY, schema, Layout(bloom=bloom)) as writer:
            writer.write(pa.table({"id": [f"{index:032x}" for index in range(1000)]}))
            sizes[bloom] = writer.seal({}).publish().bytes
    assert 1000 < sizes[("id",)] - sizes[()] < 5000


def test_least_and_greatest_values_are_kept_of_what_has_an_order_and_of_what_rows_are_grouped_by(lake: Lake) -> None:
    rows = pa.table({"id": ["a", "b"], "name": ["x", "y"], "ids": [["c"], ["d"]], "value": [1, 2], "share": [0.5, 1.5]})
    with lake.stage("raw", DAY, rows.schema, Layout(grouped_by="name")) as writer:
        writer.write(rows)
        writer.seal({}).publish()
    with lake.open_partition("raw", DAY) as file:
        group = file.metadata.row_group(0)
        columns = [group.column(index) for index in range(5)]
    assert [column.path_in_schema.split(".")[0] for column in columns if column.is_stats_set] == ["name", "value"]


def test_types_are_told_once_and_what_fields_tell_besides_is_kept(lake: Lake) -> None:
    kinds = ("string", "int64", "float64", "bool", "instant", "date", "list<instant>")
    plain = pa.schema([(kind, arrow_type(kind)) for kind in kinds])
    told = pa.schema([field.with_metadata({"heading": field.name.title()}) for field in plain])
    for table, schema, metadata in (("plain", plain, None), ("told", told, {b"heading": b"Date"})):
        with lake.stage(table, DAY, schema, Layout()) as writer:
            writer.write(schema.empty_table())
            writer.seal({}).publish()
        with lake.open_partition(table, DAY) as file:
            assert file.schema_arrow.equals(plain)
            assert file.schema_arrow.field("date").metadata == metadata


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


def test_a_row_group_ends_where_the_value_changes_and_its_index_tells_which_it_holds(lake: Lake) -> None:
    names = [name for name in "abcdef" for _ in range(10)]
    assert _groups(lake, names[::-1], grouped_rows=20) == [("a", "b", 20), ("c", "d", 20), ("e", "f", 20)]
    assert _groups(lake, ["a"] * 45 + ["b"] * 5 + ["c"] * 10, grouped_rows=20) == [("a", "a", 45), ("b", "c", 15)]
    assert _groups(lake, ["a"] * 60, grouped_rows=20) == [("a", "a", 60)]
    assert _groups(lake, names[:25], grouped_rows=20) == [("a", "c", 25)]


def test_values_that_lack_have_a_row_group_like_any_other(lake: Lake) -> None:
    assert _groups(lake, [None, "a"] * 20, grouped_rows=20) == [("a", "a", 20), (None, None, 20)]


def test_row_groups_grow_with_a_large_file(lake: Lake) -> None:
    together = [name for name in "abcdefgh" for _ in range(8)]
    small = _groups(lake, together, grouped_rows=8)
    large = _groups(lake, together, grouped_rows=8, times=300)
    assert len(small) == 8
    assert large[:8] == small
    assert large[-1] == ("a", "h", 64)


def _groups(
    lake: Lake, names: list[str | None], *, grouped_rows: int, times: int = 1
) -> list[tuple[str | None, str | None, int]]:
    """Of each row group the least and the greatest name, and its rows, when so many names were written together."""
    rows = pa.table({"name": pa.array(names, pa.string())})
    with lake.stage("metrics", DAY, rows.schema, Layout(grouped_by="name", grouped_rows=grouped_rows)) as writer:
        for _ in range(times):
            writer.write(rows)
            writer.flush()
        writer.seal({}).publish()
    with lake.open_partition("metrics", DAY) as file:
        groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
        told = [group.column(0).statistics for group in groups]
        return [
            (each.min if each.has_min_max else None, each.max if each.has_min_max else None, group.num_rows)
            for each, group in zip(told, groups, strict=True)
        ]
