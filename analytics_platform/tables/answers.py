"""Answers as rows: the envelope of one, read as far as a table needs it, and what came of its records."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import msgspec
import pyarrow as pa

from analytics_platform.catalogue.answers import TAKEN_AT, TICK
from analytics_platform.catalogue.tables import Table
from analytics_platform.tables.drift import Drift
from analytics_platform.tables.records import Unreadable
from analytics_platform.tables.schemas import INSTANT, table_schema
from analytics_platform.tables.surrogates import readable
from analytics_platform.tables.undecodable import UNDECODABLE

T = TypeVar("T")


class UnreadableAnswer(ValueError):
    """An answer is not of the shape the vendor describes; raw keeps it as it came."""


@dataclass(frozen=True)
class Tidy:
    """What was made of an answer: its rows, the records no row could be made of, what the catalogue does not know."""

    rows: pa.Table
    unreadable: Sequence[Unreadable] = ()
    differences: Counter[Drift] = field(default_factory=Counter)


def envelope(answer: bytes, shape: type[T]) -> T:
    """The JSON of an answer as `shape`; UnreadableAnswer says in a sentence where it differs."""
    try:
        text = readable(answer)
        str(text, "utf-8")  # a decoder passes over what it leaves unparsed
        return msgspec.json.decode(text, type=shape)
    except UNDECODABLE as fault:
        raise UnreadableAnswer(f"An answer cannot be made into rows: {fault}; raw keeps it as it came.") from None


def snapshot_rows(table: Table, columns: Mapping[str, pa.Array], tick: datetime, taken_at: datetime) -> pa.Table:
    """Columns, which must be of the types the table has, as rows of a snapshot's table: its instants before them."""
    length = len(next(iter(columns.values())))
    instants = {TICK.name: tick, TAKEN_AT.name: taken_at}
    whole = {**columns, **{name: pa.repeat(pa.scalar(at, INSTANT), length) for name, at in instants.items()}}
    schema = table_schema(table)
    return pa.Table.from_arrays([whole[name] for name in schema.names], schema=schema)
