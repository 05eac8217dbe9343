"""A page of records to rows of a raw table: each record whole, beside its keys and where it came from.

A record without usable keys is set aside with the reason: it has no home day and no version.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Protocol

import msgspec
import numpy as np
import pyarrow as pa

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, USER_DETAILS, Stream
from analytics_platform.catalogue.tables import Table
from analytics_platform.tables.schemas import INSTANT, arrow_type, table_schema
from analytics_platform.tables.surrogates import readable
from analytics_platform.tables.undecodable import UNDECODABLE


@dataclass(frozen=True)
class Delivery:
    """Where a page came from: the job, its page number from 1, and when the job was submitted (UTC)."""

    job_id: str
    page: int
    as_of: datetime


@dataclass(frozen=True)
class RawPage:
    """One page as rows: those kept, those set aside, and of each kept record the home days of what it holds."""

    kept: pa.Table
    set_aside: pa.Table
    homes: list[list[date]]
    forgotten: int = 0
    """Records that are no rows, as they are of what a person had forgotten."""

    @property
    def home_days(self) -> Counter[date]:
        """On how many kept records each home day was found."""
        return Counter(day for homes in self.homes for day in homes)


class _Started(msgspec.Struct, rename="camel"):
    """What a conversation must have; one whose end is no instant is read as this, and its end left to the tables."""

    conversation_id: str
    conversation_start: datetime

    def end(self) -> datetime | None:
        return None

    def keys(self, home_days: list[date]) -> tuple[object, ...]:
        if not self.conversation_id:
            raise ValueError("conversationId is empty")
        return self.conversation_id, home_days[0], self.conversation_start, self.end()

    def home_days(self) -> list[date]:
        return [_utc_day(self.conversation_start)]


class _Conversation(_Started, rename="camel"):
    conversation_end: datetime | None = None

    def end(self) -> datetime | None:
        return self.conversation_end


class _Ended(_Started, rename="camel"):
    conversation_end: datetime

    def end(self) -> datetime:
        return self.conversation_end


class _Status(msgspec.Struct, rename="camel"):
    start_time: datetime


class _User(msgspec.Struct, rename="camel"):
    user_id: str
    primary_presence: list[_Status] | None = None
    routing_status: list[_Status] | None = None

    def keys(self, home_days: list[date]) -> tuple[object, ...]:
        if not self.user_id:
            raise ValueError("userId is empty")
        return self.user_id, min(home_days, default=None), max(home_days, default=None)

    def home_days(self) -> list[date]:
        statuses = (self.primary_presence or []) + (self.routing_status or [])
        return list({_utc_day(status.start_time) for status in statuses})


class _Decoder(Protocol):
    def decode(self, record: msgspec.Raw | bytes, /) -> _Started | _User: ...


_DECODERS: dict[str, tuple[_Decoder, ...]] = {
    CONVERSATION_DETAILS.name: (msgspec.json.Decoder(_Conversation), msgspec.json.Decoder(_Started)),
    USER_DETAILS.name: (msgspec.json.Decoder(_User),),
}
"""For each stream the decoders to try, one after the other; what the last one refuses is set aside."""
_ENDED = msgspec.json.Decoder(_Ended)
_PARTICIPANTS = b',"participants":['
_HEAD_BYTES = 4096
"""In which a record's head is looked for: real ones have 340 to 520."""


@dataclass
class _Rows:
    """Rows in the making: the keys of each, its record in UTF-8 and its place on the page."""

    keys: list[tuple[object, ...]] = field(default_factory=list)
    records: list[bytes | msgspec.Raw] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)

    def add(self, keys: tuple[object, ...], record: bytes | msgspec.Raw, position: int) -> None:
        self.keys.append(keys)
        self.records.append(record)
        self.positions.append(position)

    def table(self, table: Table, delivery: Delivery) -> pa.Table:
        schema = table_schema(table)
        rows = len(self.keys)
        if not rows:
            return schema.empty_table()
        keys = [
            pa.array(values, arrow_type(column.type))
            for values, column in zip(zip(*self.keys, strict=True), table.columns, strict=False)
        ]
        arrays = [
            *keys,
            _strings(self.records),
            pa.repeat(delivery.job_id, rows),
            pa.repeat(delivery.page, rows),
            pa.array(self.positions, pa.int64()),
            pa.repeat(pa.scalar(delivery.as_of, INSTANT), rows),
        ]
        return pa.Table.from_arrays(arrays, schema=schema)


def _strings(records: Sequence[bytes | msgspec.Raw]) -> pa.StringArray:
    """The records one after the other, copied once. Raises ArrowInvalid where one is not UTF-8."""
    ends = np.zeros(len(records) + 1, np.int32)
    np.cumsum([len(record) for record in records], out=ends[1:])
    strings = pa.StringArray.from_buffers(len(records), pa.py_buffer(ends), pa.py_buffer(b"".join(records)))
    strings.validate(full=True)
    return strings


def raw_page(stream: Stream, records: Sequence[msgspec.Raw], delivery: Delivery) -> RawPage:
    """The rows of one page of a stream, in the order sent."""
    try:
        return _rows_of(stream, records, delivery)
    except pa.ArrowInvalid:
        # The decoders pass over what they do not need, also where it is no UTF-8.
        return _rows_of(stream, records, delivery, look_for_utf8=True)


def _rows_of(
    stream: Stream, records: Sequence[msgspec.Raw], delivery: Delivery, look_for_utf8: bool = False
) -> RawPage:
    decoders, with_head = _DECODERS[stream.name], stream is CONVERSATION_DETAILS
    kept, aside = _Rows(), _Rows()
    homes: list[list[date]] = []
    for position, record in enumerate(records):
        try:
            decoded = (_from_head(record) if with_head else None) or _decoded(record, decoders)
            days = decoded.home_days()
            keys = decoded.keys(days)
            if look_for_utf8:
                str(record, "utf-8")
        except (*UNDECODABLE, ValueError, OverflowError) as fault:
            aside.add((str(fault),), str(record, "utf-8", "backslashreplace").encode(), position)
            continue
        homes.append(days)
        kept.add(keys, record, position)
    return RawPage(kept.table(stream.raw, delivery), aside.table(stream.quarantine, delivery), homes)


def _from_head(record: msgspec.Raw) -> _Ended | None:
    """The keys of a conversation where all of them stand before its participants, as the vendor sends them (real pages
    tell plain fields first); None where one does not. Reading the rest for them costs as much again as finding where
    records end.
    """
    head = bytes(memoryview(record)[:_HEAD_BYTES])
    end = head.find(_PARTICIPANTS)  # within a text its quotation marks were escaped
    try:
        return _ENDED.decode(head[:end] + b"}") if end > 0 else None
    except UNDECODABLE:
        return None


def _decoded(record: msgspec.Raw, decoders: Sequence[_Decoder]) -> _Started | _User:
    try:
        return _decoded_by(record, decoders)
    except msgspec.DecodeError:
        text = bytes(record)
        if (mended := readable(text)) is text:
            raise
    return _decoded_by(mended, decoders)


def _decoded_by(record: msgspec.Raw | bytes, decoders: Sequence[_Decoder]) -> _Started | _User:
    for decoder in decoders[:-1]:
        try:
            return decoder.decode(record)
        except msgspec.ValidationError:
            continue
    return decoders[-1].decode(record)


def _utc_day(instant: datetime) -> date:
    # The vendor sends UTC; an instant without an offset is taken for what it always sends.
    return (instant if instant.tzinfo in (UTC, None) else instant.astimezone(UTC)).date()
