"""The answer to a query, told as a table, as CSV or as JSON. Instants are UTC, written with a Z."""

import csv
import json
import math
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    import duckdb

_BATCH = 10_000


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def tell(answer: "duckdb.DuckDBPyConnection", form: Format, out: TextIO, limit: int = 0) -> None:
    """Write what `answer` holds to `out`; nothing for a statement without an answer.

    CSV and JSON are streamed and whole. A table shows `limit` rows, all where 0, and says when there are more.
    """
    if not answer.description:
        return
    names = _distinct([column[0] for column in answer.description])
    if names == ["Success"]:  # what DuckDB answers a SET with
        return
    if form is Format.TABLE:
        _table(names, answer, out, limit)
    elif form is Format.CSV:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([_cell(value) for value in row] for row in _rows(answer))
    else:
        _json(names, answer, out)


def _rows(answer: "duckdb.DuckDBPyConnection") -> Iterator[Sequence[Any]]:
    while batch := answer.fetchmany(_BATCH):
        yield from batch


def _table(names: Sequence[str], answer: "duckdb.DuckDBPyConnection", out: TextIO, limit: int) -> None:
    rows = answer.fetchmany(limit + 1) if limit else answer.fetchall()
    console = show(names, rows[:limit] if limit else rows, out)
    if limit and len(rows) > limit:
        console.print(f"The first {limit} rows; --limit 0 shows all, --format csv writes them.", soft_wrap=True)


def show(names: Sequence[str], rows: Sequence[Sequence[Any]], out: TextIO) -> Console:
    """Write rows as a table to `out`; the console it was written with may go on below it."""
    shown = Table(show_edge=False)
    for index, name in enumerate(names):
        numbers = rows and all(_is_number(row[index]) or row[index] is None for row in rows)
        shown.add_column(Text(name), justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(Text(_cell(value)) for value in row))
    console = Console(file=out)
    if not out.isatty():
        console.width = max(
            console.width, console.measure(shown, options=console.options.update(width=100_000)).maximum
        )
    console.print(shown)
    return console


def _json(names: Sequence[str], answer: "duckdb.DuckDBPyConnection", out: TextIO) -> None:
    out.write("[")
    for number, row in enumerate(_rows(answer)):
        record = {name: _plain(value) for name, value in zip(names, row, strict=True)}
        out.write((",\n " if number else "\n ") + json.dumps(record, ensure_ascii=False, allow_nan=False))
    out.write("\n]\n")


def _cell(value: object) -> str:
    if value is None:
        return ""
    plain = _plain(value)
    return json.dumps(plain, ensure_ascii=False) if isinstance(plain, dict | list | bool) else str(plain)


def _plain(value: Any) -> Any:
    """`value` as JSON can say it; not-a-number and infinities, which it cannot, as null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value.hex() if isinstance(value, bytes) else str(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _distinct(names: Sequence[str]) -> list[str]:
    """The names with `_2`, `_3`… where one repeats: a JSON object would lose all but the last."""
    distinct: list[str] = []
    for name in names:
        candidate, number = name, 1
        while candidate in distinct:
            number += 1
            candidate = f"{name}_{number}"
        distinct.append(candidate)
    return distinct
