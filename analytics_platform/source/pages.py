"""A page of job results, split into its records without decoding them."""

import json
import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec

from analytics_platform.source.wire import Origin, not_json

_HALF_A_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")
_SPACE = re.compile(r"[ \t\r\n]*")
_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"|(?P<opens>[\[{])|(?P<closes>[\]}])', re.DOTALL)
"""A bracket, or a text that may hold some."""
_READER = json.JSONDecoder()
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
"""Made while this is imported, by one thread: msgspec lets threads that make it together see it half made."""


@dataclass(frozen=True)
class Page:
    """`cursor` leads to the next page, None on the last; `data_availability` is the watermark the page states (UTC).

    Each record is the JSON of one object exactly as sent. A `msgspec.Raw` is a view that keeps the whole page alive;
    take `bytes(record)` or `record.copy()` to keep one for longer.
    """

    cursor: str | None
    data_availability: datetime | None
    records: list[msgspec.Raw] = field(repr=False)


def split_page(body: bytes, records_key: str, origin: Origin | None = None) -> Page:
    """Split an inflated page; `records_key` is the family's. An absent or null array is an empty page.

    Raises NotJson, which never shows the body, when it is no JSON object or cursor or array are of another kind.
    """
    problem = ""
    try:
        page = _decoded(body, records_key)
        watermark = _instant(page.availability)
    except (msgspec.DecodeError, ValueError, IndexError) as fault:
        # msgspec tells kinds and positions, not values; so does the standard library.
        problem = str(fault)
    else:
        return Page(page.cursor or None, watermark, page.records or [])
    raise not_json(f"is not a page of {records_key} ({problem})", origin or Origin())


def split_list(body: bytes | mmap.mmap) -> list[msgspec.Raw]:
    """The items of a JSON array, each exactly as sent; they are views that keep the body alive.

    Raises msgspec.DecodeError, ValueError or IndexError where it is none, or ends before its time.
    """
    try:
        return _LIST.decode(body)
    except RecursionError:
        pass
    except msgspec.DecodeError:
        if not _HALF_A_CHARACTER.search(body):
            raise
    return [msgspec.Raw(part.encode()) for part in _items(bytes(body).decode().strip())]


def instant(text: object) -> datetime | None:
    """The vendor's ISO 8601 text as an instant in UTC, taken as UTC when without offset; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        return _instant(text)
    except ValueError:
        return None


def _instant(text: str | None) -> datetime | None:
    if not text:
        return None
    parsed = msgspec.convert(text, datetime)
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def _decoded(body: bytes, records_key: str) -> Any:
    try:
        return _decoder(records_key).decode(body)
    except RecursionError:
        pass
    except msgspec.DecodeError:
        if not _HALF_A_CHARACTER.search(body):
            raise
    # Half an escaped character, left where a text was cut through it, and a record that nests a thousand deep are
    # refused by msgspec: the page is split by its brackets, so that each record is still kept exactly as sent.
    text = body.decode()
    parts = dict(_members(text))
    records = parts.pop(records_key, None)
    rest = {name: json.loads(part) for name, part in parts.items() if name in ("cursor", "dataAvailabilityDate")}
    page = _decoder(records_key).decode(msgspec.json.encode(rest))
    page.records = [msgspec.Raw(part.encode()) for part in _items(records)] if records else None
    return page


def _members(text: str) -> Iterator[tuple[str, str]]:
    """Each name of an object and its value's text."""
    position = _SPACE.match(text).end()  # type: ignore[union-attr]
    if text[position] != "{":
        raise ValueError("Expected `object`")
    position = _next(text, position + 1)
    while text[position] != "}":
        name, position = _READER.raw_decode(text, position)
        start = _next(text, _next(text, position) + 1)
        end = _end(text, start)
        yield name, text[start:end]
        position = _next(text, end)
        position = _next(text, position + 1) if text[position] == "," else position


def _items(text: str) -> Iterator[str]:
    """Each item of a list as text."""
    if not text.startswith("["):
        raise ValueError("Expected `array`")
    position = _next(text, 1)
    while text[position] != "]":
        end = _end(text, position)
        yield text[position:end]
        position = _next(text, end)
        position = _next(text, position + 1) if text[position] == "," else position


def _end(text: str, start: int) -> int:
    """Where a value ends, however deep it nests."""
    if text[start] not in "[{":
        return _READER.raw_decode(text, start)[1]
    depth = 0
    for found in _BRACKET.finditer(text, start):
        depth += (found["opens"] is not None) - (found["closes"] is not None)
        if depth == 0:
            return found.end()
    raise ValueError("Input data was truncated")


def _next(text: str, position: int) -> int:
    return _SPACE.match(text, position).end()  # type: ignore[union-attr]


@cache
def _decoder(records_key: str) -> msgspec.json.Decoder[Any]:
    fields: list[tuple[str, Any, Any]] = [
        ("cursor", str | None, None),
        ("availability", str | None, msgspec.field(name="dataAvailabilityDate", default=None)),
        ("records", list[msgspec.Raw] | None, msgspec.field(name=records_key, default=None)),
    ]
    return msgspec.json.Decoder(msgspec.defstruct("Page", fields))
