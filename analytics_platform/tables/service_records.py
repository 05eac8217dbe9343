"""Services as read, by whatever route, to rows of a raw table: each record whole, beside its keys.

A record without a usable id or start is set aside with the reason: it has no home day. A service whose start was moved
leaves a row without a record on each home day it is no longer at.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import xxhash

from analytics_platform.catalogue.tables import Table
from analytics_platform.tables.schemas import table_schema
from analytics_platform.tables.services import decoded, instant, text_of
from analytics_platform.tables.undecodable import UNDECODABLE


@dataclass(frozen=True)
class ServiceRead:
    """One service as it came; `gone_at` where it is no longer there and this is the last that is known of it."""

    service_id: str
    record: bytes
    gone_at: datetime | None = None


@dataclass(frozen=True)
class RawServices:
    """Services as rows: those kept, those set aside, and of each kept one its home day and a digest of what it is."""

    kept: pa.Table
    set_aside: pa.Table
    homes: list[tuple[date, int]]


def raw_services(
    raw: Table, quarantine: Table, services: Sequence[ServiceRead], *, as_of: datetime, first: int
) -> RawServices:
    """The rows of services in the order given, numbered from `first`; `as_of` is when they were read, UTC."""
    kept: list[dict[str, Any]] = []
    aside: list[dict[str, Any]] = []
    homes: list[tuple[date, int]] = []
    for position, service in enumerate(services, first):
        row: dict[str, Any] = {"position": position, "as_of": as_of}
        try:
            row |= {"record": service.record.decode(), "service_id": service.service_id}
            row |= _keys(service)
        except (*UNDECODABLE, ValueError, OverflowError) as fault:
            told = {"reason": str(fault), "service_id": service.service_id}
            aside.append(row | told | {"record": service.record.decode(errors="backslashreplace")})
            continue
        gone = f"gone at {service.gone_at.isoformat()}" if service.gone_at else ""
        homes.append((row["home_day"], xxhash.xxh3_128_intdigest(service.record + gone.encode())))
        kept.append(row)
    return RawServices(_table(raw, kept), _table(quarantine, aside), homes)


def moved_services(raw: Table, moved: Iterable[tuple[str, date]], *, as_of: datetime, first: int) -> RawServices:
    """Rows that tell of services, by id, which home days they are no longer at."""
    rows: list[dict[str, Any]] = []
    homes: list[tuple[date, int]] = []
    for position, (service_id, left) in enumerate(moved, first):
        rows.append({"service_id": service_id, "home_day": left, "position": position, "as_of": as_of})
        homes.append((left, xxhash.xxh3_128_intdigest(f"moved {service_id}".encode())))
    return RawServices(_table(raw, rows), pa.table({}), homes)


def _keys(service: ServiceRead) -> dict[str, Any]:
    record = decoded(service.record)
    told = record.get("service_id")
    if told is None or text_of(told) != service.service_id:
        raise ValueError(f"its service_id is {text_of(told)}, not that of the service")
    started_at = _instant_of(record, "started")
    if started_at is None:
        raise ValueError("started.timestamp is missing")
    try:
        completed_at = _instant_of(record, "completed")
    except (ValueError, OverflowError):
        completed_at = None  # left to the typed tables, which set the record aside
    return {
        "home_day": started_at.date(),
        "started_at": started_at,
        "completed_at": completed_at,
        "gone_at": service.gone_at,
    }


def _instant_of(record: dict[str, Any], event: str) -> datetime | None:
    found = record.get(event)
    told = found.get("timestamp") if isinstance(found, dict) else None
    return None if told is None else instant(told)


def _table(table: Table, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=table_schema(table))
