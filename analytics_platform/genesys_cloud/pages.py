"""A page of job results, split into its records without decoding them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec

from analytics_platform.genesys_cloud.wire import Origin, not_json


@dataclass(frozen=True)
class Page:
    """`cursor` leads to the next page, None on the last; `data_availability` is the watermark the page states (UTC).

    Each record is the JSON of one object exactly as sent. A `msgspec.Raw` is a view that keeps the whole page alive;
    take `bytes(record)` or `record.copy()` to keep one for longer.
    """

    cursor: str | None
    data_availability: datetime | None
    records: list[msgspec.Raw] = field(repr=False)


class _Cursor(msgspec.Struct):
    cursor: str | None = None


def split_page(body: bytes, records_key: str, origin: Origin | None = None) -> Page:
    """Split an inflated page; `records_key` is the family's. An absent or null array is an empty page.

    Raises NotJson, which never shows the body, when it is no JSON object or cursor or array are of another kind.
    """
    problem = ""
    try:
        page = _decoder(records_key).decode(body)
        watermark = _instant(page.availability)
    except (msgspec.DecodeError, ValueError) as fault:
        # msgspec tells kinds and positions, not values.
        problem = str(fault)
    else:
        return Page(page.cursor or None, watermark, page.records or [])
    raise not_json(f"is not a page of {records_key} ({problem})", origin or Origin())


def cursor_of(body: bytes, origin: Origin | None = None) -> str | None:
    """The cursor to the next page, None on the last. Raises NotJson as `split_page` does."""
    try:
        return _cursor_decoder().decode(body).cursor or None
    except msgspec.DecodeError as fault:
        problem = str(fault)
    raise not_json(f"is not a page ({problem})", origin or Origin())


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


@cache
def _decoder(records_key: str) -> msgspec.json.Decoder[Any]:
    fields: list[tuple[str, Any, Any]] = [
        ("cursor", str | None, None),
        ("availability", str | None, msgspec.field(name="dataAvailabilityDate", default=None)),
        ("records", list[msgspec.Raw] | None, msgspec.field(name=records_key, default=None)),
    ]
    return msgspec.json.Decoder(msgspec.defstruct("Page", fields))


@cache
def _cursor_decoder() -> msgspec.json.Decoder[_Cursor]:
    return msgspec.json.Decoder(_Cursor)
