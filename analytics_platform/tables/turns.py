"""A page of reporting turns as rows of its tables."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import pyarrow as pa

from analytics_platform.catalogue.tables import Table
from analytics_platform.catalogue.turns import DOCUMENT_LISTS, DOCUMENTS, EVENT, FEEDBACK, MODEL, SEARCHES, SLOTS, TURNS
from analytics_platform.tables.answers import envelope
from analytics_platform.tables.drift import Drift, drift
from analytics_platform.tables.flatten import Level, levels
from analytics_platform.tables.records import Unreadable, read_records
from analytics_platform.tables.schemas import record_schema, table_schema

_NODES = (TURNS, SLOTS, SEARCHES, FEEDBACK, *DOCUMENT_LISTS)


class _Page(msgspec.Struct):
    entities: list[msgspec.Raw] | None = None


@dataclass(frozen=True)
class TurnRows:
    """The rows of a page by table, how many turns it told, and what could not be read or is not known."""

    rows: dict[str, pa.Table]
    turns: int
    unreadable: Sequence[Unreadable]
    differences: Counter[Drift]


_KEYS = ("sessionId",)


class TurnsOfFlow:
    """Pages of one bot flow, in the order they were told: a session may go on from one page to the next."""

    def __init__(self, bot_flow_id: str) -> None:
        self._flow = bot_flow_id
        self._told: Counter[str | None] = Counter()

    def page(self, answer: bytes) -> TurnRows:
        """The rows of the next page. Raises UnreadableAnswer when it is no page."""
        records = envelope(answer, _Page).entities or []
        texts = pa.array([str(record, "utf-8") for record in records], pa.string())
        read = read_records(texts, record_schema(MODEL), _KEYS)
        turns = _flattened(read.table)
        added = {
            "bot_flow_id": pa.array([self._flow] * len(turns), pa.string()),
            "turn_index": pa.array([self._place(session) for session in turns["sessionId"].to_pylist()], pa.int64()),
        }
        for name, values in added.items():
            turns = turns.append_column(name, values)
        made = {level.table.name: level for level in levels(turns, _NODES)}
        rows = {table.name: made[table.name].flat({}) for table in (SLOTS, SEARCHES, FEEDBACK)}
        rows[TURNS.name] = made[TURNS.name].flat(added)
        rows[DOCUMENTS.name] = pa.concat_tables([_documents(made[part.name], part) for part in DOCUMENT_LISTS])
        return TurnRows(rows, len(records), read.unreadable, drift(MODEL, records))

    def _place(self, session: str | None) -> int:
        self._told[session] += 1
        return self._told[session] - 1


def _flattened(turns: pa.Table) -> pa.Table:
    """Single objects as columns named by their paths; lists stay."""
    while any(pa.types.is_struct(field.type) for field in turns.schema):
        turns = turns.flatten()
    return turns


def _documents(level: Level, part: Table) -> pa.Table:
    """The documents of one place, as rows of the one table of documents."""
    told = level.flat({})
    event = part.parent.ordinal if part.parent is not None else None
    own = {
        "told_in": pa.array([part.name] * len(told), pa.string()),
        EVENT.name: told[event] if event else pa.nulls(len(told), pa.int64()),
    }
    schema = table_schema(DOCUMENTS)
    return pa.table({name: own[name] if name in own else told[name] for name in schema.names}, schema=schema)
