"""A page of records to rows of a raw table: each record whole, beside its keys and where it came from.

A record without usable keys is set aside with the reason: it has no home day and no version.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import msgspec
import pyarrow as pa

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, USER_DETAILS, Stream
from analytics_platform.catalogue.tables import Table
from analytics_platform.tables.schemas import arrow_type, table_schema


@dataclass(frozen=True)
class Delivery:
    """Where a page came from: the job, its page number from 1, and when the job was submitted (UTC)."""

    job_id: str
    page: int
    as_of: datetime


@dataclass(frozen=True)
class RawPage:
    """One page as rows: those kept, those set aside, and on how many kept records each home day was found."""

    kept: pa.Table
    set_aside: pa.Table
    home_days: Counter[date]


class _Conversation(msgspec.Struct, rename="camel"):
    conversation_id: str
    conversation_start: datetime
    conversation_end: datetime | None = None

    def keys(self) -> tuple[object, ...]:
        if not self.conversation_id:
            raise ValueError("conversationId is empty")
        return self.conversation_id, self.home_days()[0], self.conversation_start, self.conversation_end

    def home_days(self) -> list[date]:
        return [_utc_day(self.conversation_start)]


class _Status(msgspec.Struct, rename="camel"):
    start_time: datetime


class _User(msgspec.Struct, rename="camel"):
    user_id: str
    primary_presence: list[_Status] = []
    routing_status: list[_Status] = []

    def keys(self) -> tuple[object, ...]:
        if not self.user_id:
            raise ValueError("userId is empty")
        days = self.home_days()
        return self.user_id, min(days, default=None), max(days, default=None)

    def home_days(self) -> list[date]:
        return list({_utc_day(status.start_time) for status in self.primary_presence + self.routing_status})


_DECODERS: dict[str, msgspec.json.Decoder[_Conversation] | msgspec.json.Decoder[_User]] = {
    CONVERSATION_DETAILS.name: msgspec.json.Decoder(_Conversation),
    USER_DETAILS.name: msgspec.json.Decoder(_User),
}


@dataclass
class _Rows:
    """Rows in the making: the keys of each, its record's text and its place on the page."""

    keys: list[tuple[object, ...]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)

    def add(self, keys: tuple[object, ...], text: str, position: int) -> None:
        self.keys.append(keys)
        self.texts.append(text)
        self.positions.append(position)

    def table(self, table: Table, delivery: Delivery) -> pa.Table:
        rows = len(self.keys)
        key_columns: Iterable[Sequence[object]] = zip(*self.keys, strict=True) if rows else ()
        columns: list[Sequence[object]] = [
            *key_columns,
            self.texts,
            [delivery.job_id] * rows,
            [delivery.page] * rows,
            self.positions,
            [delivery.as_of] * rows,
        ]
        schema = table_schema(table)
        if not rows:
            return schema.empty_table()
        arrays = [
            pa.array(values, arrow_type(column.type)) for values, column in zip(columns, table.columns, strict=True)
        ]
        return pa.Table.from_arrays(arrays, schema=schema)


def raw_page(stream: Stream, records: Sequence[msgspec.Raw], delivery: Delivery) -> RawPage:
    """The rows of one page of a stream, in the order sent."""
    decoder = _DECODERS[stream.name]
    kept, aside = _Rows(), _Rows()
    home_days: Counter[date] = Counter()
    for position, record in enumerate(records):
        try:
            decoded = decoder.decode(record)
            keys, days, text = decoded.keys(), decoded.home_days(), str(record, "utf-8")
        except (msgspec.DecodeError, ValueError) as fault:
            aside.add((str(fault),), str(record, "utf-8", "backslashreplace"), position)
            continue
        home_days.update(days)
        kept.add(keys, text, position)
    return RawPage(kept.table(stream.raw, delivery), aside.table(stream.quarantine, delivery), home_days)


def _utc_day(instant: datetime) -> date:
    # The vendor sends UTC; an instant without an offset is taken for what it always sends.
    return (instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)).date()
