"""Properties put on a conversation's segments, so that queries find it by them (SDK 269.0.0, PropertyIndexRequest)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from analytics_platform.catalogue.operations.details import CONVERSATION_PROPERTIES
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.filters import typed_value
from analytics_platform.source.errors import QueryRefused
from analytics_platform.source.intervals import utc_instant, utc_text


def _boolean(text: str) -> None:
    if text not in ("true", "false"):
        raise ValueError(text)


def _date(text: str) -> None:
    date.fromisoformat(text) if len(text) == len("2026-03-02") else datetime.fromisoformat(text)


_READ: Mapping[str, Callable[[str], object]] = {
    "bool": _boolean,
    "integer": int,
    "real": float,
    "date": _date,
    "uuid": UUID,
}


def index_request(session_id: str, instant: str, written: Iterable[str]) -> dict[str, Any]:
    """The body that puts properties on the segments of a session which cover an instant.

    Each property is written `name=value` or `name=value:type`; without a type it is a string. QueryRefused for what is
    written otherwise, or for a value that is none of its type.
    """
    properties = [_property(text) for text in written]
    if not properties:
        raise QueryRefused("There is no property to index: write at least one name=value.")
    if not session_id.strip():
        raise QueryRefused("A property is indexed on a session: give its id.")
    return {
        "sessionId": session_id.strip(),
        "targetDate": utc_text(utc_instant(instant, "as the instant of a segment")),
        "properties": properties,
    }


def index(client: GenesysCloud, conversation_id: str, request: Mapping[str, Any]) -> None:
    """Index what `index_request` made; never repeated where the vendor may have acted on it. Raises client errors."""
    client.call(CONVERSATION_PROPERTIES, path={"conversationId": conversation_id}, body=request)


def _property(text: str) -> dict[str, str]:
    name, equals, written = text.partition("=")
    if not equals or not name.strip() or not written:
        raise QueryRefused(f"{text!r} is no property: write name=value or name=value:type.")
    value, kind = typed_value(written)
    try:
        _READ.get(kind or "string", str)(value)
    except ValueError:
        raise QueryRefused(f"The value {value!r} of the property {name.strip()!r} is no {kind}.") from None
    return {"property": name.strip(), "propertyType": kind or "string", "value": value}
