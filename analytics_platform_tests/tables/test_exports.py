"""The CSV file of an export as a table: nothing shifted, nothing lost, types by the headings alone."""

import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.catalogue.exports import column_names, column_type
from analytics_platform.lake import Lake
from analytics_platform.tables.exports import ExportRows, ExportUnreadable, export_rows

CELL = st.text(st.characters(codec="utf-8", exclude_characters="\ufeff\x00"), max_size=8)


@st.composite
def _tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    width = draw(st.integers(1, 5))
    row = st.lists(CELL, min_size=width, max_size=width)
    return draw(row), draw(st.lists(row, max_size=6))


def _written(rows: list[list[str]], delimiter: str = ",", **how: object) -> bytes:
    told = io.StringIO(newline="")
    csv.writer(told, delimiter=delimiter, **how).writerows(rows)  # type: ignore[arg-type]
    return told.getvalue().encode()


def _read(content: bytes, *, time_zone: str = "UTC", locale: str = "en-us", delimiter: str = ",") -> ExportRows:
    return export_rows(content, delimiter=delimiter, time_zone=time_zone, locale=locale)


@given(_tables(), st.sampled_from([",", ";"]), st.booleans(), st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
def test_any_table_written_as_csv_is_read_back_equal(
    table: tuple[list[str], list[list[str]]], delimiter: str, bom: bool, quoting: int
) -> None:
    headings, rows = table
    content = _written([headings, *rows], delimiter, quoting=quoting)
    read = _read(b"\xef\xbb\xbf" + content if bom else content, delimiter=delimiter, locale="nn-no")
    assert list(read.headings.values()) == headings
    columns = [read.rows[name].to_pylist() for name in read.headings]
    assert [list(row) for row in zip(*columns, strict=True)] == rows
    assert read.rows["row"].to_pylist() == list(range(1, len(rows) + 1))


@given(st.lists(CELL, max_size=8))
def test_names_of_columns_differ_and_are_names(headings: list[str]) -> None:
    names = column_names(headings)
    assert len(set(names)) == len(names) == len(headings)
    assert not {"day", "row"}.intersection(names)
    assert all(name.isidentifier() or not name.isascii() for name in names)
    assert all("__" not in name for name in names)


def test_names_are_those_a_person_expects() -> None:
    headings = ["Queue Name", "Answer %", "Answer %", "", "Conversation ID", "Flow-Out", "3rd", "Day", "Row", "Größe"]
    assert column_names(headings) == [
        "queue_name",
        "answer_percent",
        "answer_percent_2",
        "column_4",
        "conversation_id",
        "flow_out",
        "column_3rd",
        "column_day",
        "column_row",
        "größe",
    ]


def test_known_headings_are_what_they_mean_and_the_rest_is_text() -> None:
    content = _written(
        [
            ["Interval Start", "Interval Complete", "Queue Name", "Offer", "Answer %", "Avg Handle", "Total Talk"],
            ["2026-03-02T01:30:00.000+01:00", "TRUE", "007", "3", "0.6667", "1500.5", "5097600909"],
            ["2026-03-02T00:30:00Z", "FALSE", "", "", "", "", ""],
        ]
    )
    read = _read(content)
    at = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
    first, second = read.rows.to_pylist()
    assert list(first.values()) == [1, at, True, "007", 3, 0.6667, 1500.5, 5097600909]
    assert list(second.values()) == [2, at, False, "", None, None, None, None]
    assert read.as_told == ()
    assert read.rows.schema.field("offer").metadata[b"heading"] == b"Offer"


def test_an_instant_without_an_offset_is_of_the_exports_time_zone() -> None:
    content = _written([["Interval Start"], ["2026-03-02T00:00:00.000"], ["2026-03-02 00:30:00"]])
    read = _read(content, time_zone="Europe/Berlin")
    assert read.rows["interval_start"].to_pylist() == [
        datetime(2026, 3, 1, 23, 0, tzinfo=UTC),
        datetime(2026, 3, 1, 23, 30, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("heading", "odd"),
    [
        ("Offer", "1,200"),
        ("Offer", "1.5"),
        ("Avg Handle", "00:01:02"),
        ("Answer %", "NaN"),
        ("Interval Complete", "perhaps"),
        ("Interval Start", "3/2/26 12:00 AM"),
        ("Interval Start", "2026-03-29T02:30:00"),
    ],
)
def test_a_value_that_is_not_what_its_heading_means_keeps_the_columns_text_and_its_type(heading: str, odd: str) -> None:
    name = column_names([heading])[0]
    read = _read(_written([[heading, "Queue"], [odd, "a"], ["", "b"]]), time_zone="Europe/Berlin")
    good = _read(_written([[heading, "Queue"]]))
    assert read.as_told == (name,)
    assert read.rows[name].null_count == 2
    assert read.rows[f"{name}__text"].to_pylist() == [odd, ""]
    assert read.rows.schema.field(name).type == good.rows.schema.field(name).type != pa.string()


def test_a_column_that_is_text_on_one_day_and_a_number_on_another_reads_as_one_table(tmp_path: Path) -> None:
    lake = Lake.open(tmp_path)
    for day, value in ((date(2026, 3, 2), "7"), (date(2026, 3, 3), "many")):
        rows = _read(_written([["Queue Name", "Offer"], ["Sales", value]])).rows
        with lake.stage("export_queues", day, rows.schema) as writer:
            writer.write(rows)
            writer.seal({}).publish()
    both = lake.scan("export_queues").sort("day").collect()
    assert both["offer"].to_list() == [7, None]
    assert both["offer__text"].to_list() == [None, "many"]


def test_headings_of_another_language_are_known_by_no_word() -> None:
    assert _read(_written([["Offer"], ["3"]]), locale="de").rows["offer"].to_pylist() == ["3"]


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\r\n\r\n"])
def test_an_empty_file_is_a_table_without_rows(content: bytes) -> None:
    read = _read(content)
    assert (read.rows.num_rows, read.rows.column_names, dict(read.headings)) == (0, ["row"], {})


def test_headings_alone_are_a_table_without_rows() -> None:
    read = _read(b"Queue Name,Offer")
    assert (read.rows.num_rows, read.rows.column_names) == (0, ["row", "queue_name", "offer"])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a,b\r\n1,2\r\n1,2,secret\r\n", "row 3, .* has 3 values under 2 headings"),
        (b'a,b\r\n"1\r\n1",2\r\nsecret\r\n', "row 3, .* has 1 values under 2 headings"),
        (b"a,b\r\n\xff,secret\r\n", "byte 6 is no UTF-8"),
        (b'"a,secret\r\n1,2\r\n', "cannot be read as CSV"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_the_place_and_nothing_of_its_content(
    content: bytes, says: str
) -> None:
    with pytest.raises(ExportUnreadable, match=says) as caught:
        _read(content)
    assert "secret" not in str(caught.value)


def test_a_late_byte_that_is_no_text_is_refused_too() -> None:
    with pytest.raises(ExportUnreadable, match="not UTF-8"):
        _read(b"a\r\n" + b"x\r\n" * 10_000 + b"\xff\r\n")


def test_meanings_follow_from_the_words_of_a_heading() -> None:
    assert column_type("Avg Handle Time")[0] == "float64"
    assert column_type("Max Wait")[0] == "int64"
    assert column_type("Service Level %")[0] == "float64"
    assert column_type("Avg Something")[0] == "string"
