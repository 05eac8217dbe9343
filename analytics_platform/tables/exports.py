"""The CSV file of an export as a table: text as told, and what its known headings mean as numbers and instants.

pyarrow.csv reads it, as polars fills a row that is too short with nulls and says nothing. A column's type is decided by
its heading alone (`catalogue.exports`), so that days never disagree. Where one value of a day is not what the heading
means, the whole column is null on that day and its text stands beside it, in `<column>__text`.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from analytics_platform.catalogue.exports import AS_TOLD, ROW, column_names, column_type
from analytics_platform.tables.schemas import INSTANT, arrow_type

_BOM = b"\xef\xbb\xbf"


class ExportUnreadable(ValueError):
    """A file that is no table; the text is a sentence that says where, and shows nothing of what it holds."""


@dataclass(frozen=True)
class ExportRows:
    """The rows of a file in its order; the heading of each column, and those whose text stands beside them."""

    rows: pa.Table
    headings: Mapping[str, str]
    as_told: tuple[str, ...]


def export_rows(content: bytes, *, delimiter: str, time_zone: str, locale: str) -> ExportRows:
    """The rows of a CSV file in UTF-8, a column `row` before those of the file.

    An instant without an offset is one of `time_zone`. Only in a locale of English are headings known. A file without
    a byte has no column but `row`. ExportUnreadable for a row of another length than the headings, and for bytes that
    are no UTF-8 text.
    """
    headings = _headings(content, delimiter)
    texts = _texts(content, delimiter, len(headings)) if headings else []
    count = len(texts[0]) if texts else 0
    columns: dict[str, pa.ChunkedArray] = {ROW.name: pa.chunked_array([pa.array(range(1, count + 1), pa.int64())])}
    fields = [pa.field(ROW.name, pa.int64())]
    as_told: list[str] = []

    def add(name: str, heading: str, meaning: str, values: pa.ChunkedArray) -> None:
        columns[name] = values
        fields.append(pa.field(name, values.type, metadata={"heading": heading, "meaning": meaning}))

    for name, heading, text in zip(column_names(headings), headings, texts, strict=True):
        word, meaning = column_type(heading) if locale.lower().startswith("en") else ("string", "As told.")
        if word == "string":
            add(name, heading, meaning, text)
            continue
        typed = _typed(text, word, time_zone)
        add(name, heading, meaning, pa.chunked_array([pa.nulls(count, arrow_type(word))]) if typed is None else typed)
        if typed is None:
            as_told.append(name)
            add(
                f"{name}{AS_TOLD}",
                heading,
                "As told, since not every value of the day is what the heading means.",
                text,
            )
    told = {field.name: field.metadata[b"heading"].decode() for field in fields if field.metadata}
    return ExportRows(pa.table(columns, schema=pa.schema(fields)), told, tuple(as_told))


def _headings(content: bytes, delimiter: str) -> list[str]:
    """The first row that is not blank; none in a file without one."""
    try:
        text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
        return next((row for row in csv.reader(text, delimiter=delimiter, strict=True) if row), [])
    except UnicodeDecodeError as fault:
        raise ExportUnreadable(f"its byte {fault.start + 1} is no UTF-8 text") from None
    except csv.Error as fault:
        raise ExportUnreadable(f"its headings cannot be read as CSV ({fault})") from None


def _texts(content: bytes, delimiter: str, width: int) -> list[pa.ChunkedArray]:
    """The columns below the headings, all text."""
    wrong: list[pacsv.InvalidRow] = []

    def refuse(row: pacsv.InvalidRow) -> str:
        wrong.append(row)
        return "skip"

    names = [str(place) for place in range(width)]
    try:
        table = pacsv.read_csv(
            pa.BufferReader(content),
            # One block, so that no row is cut by its end; one thread, so that a wrong row has its number.
            read_options=pacsv.ReadOptions(column_names=names, use_threads=False, block_size=len(content) + 1),
            parse_options=pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=refuse),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[],
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as fault:
        # Only the kind is told: the text can quote what the file holds.
        kind = "a text that is not UTF-8" if "UTF8" in str(fault) else "what is no CSV"
        raise ExportUnreadable(f"it holds {kind}") from None
    if wrong:
        row = wrong[0]
        raise ExportUnreadable(
            f"its row {row.number}, counted from the headings, has {row.actual_columns} values under "
            f"{row.expected_columns} headings"
        )
    return [table.column(name).slice(1) for name in names]


def _typed(text: pa.ChunkedArray, word: str, time_zone: str) -> pa.ChunkedArray | None:
    """The values as what they mean, empty ones null; None when one of them is something else."""
    values = pc.if_else(pc.equal(text, ""), None, text)
    try:
        if word == "instant":
            return _instants(values, time_zone)
        typed = values.cast(arrow_type(word))
    except pa.ArrowInvalid:
        return None
    if word == "float64" and not pc.all(pc.is_finite(typed)).as_py() and typed.null_count < len(typed):
        return None
    return typed


def _instants(values: pa.ChunkedArray, time_zone: str) -> pa.ChunkedArray:
    try:
        return values.cast(INSTANT)
    except pa.ArrowInvalid:
        local = values.cast(pa.timestamp("ms"))
        return pc.assume_timezone(local, time_zone).cast(INSTANT)
