"""Which columns carry people's data: the one place that says so.

Named are contact data, names, and texts that people wrote or said. Ids are not among them: they are pseudonyms that
only the source can resolve, tables are joined and people are forgotten by them; a person may name them all the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from analytics_platform.catalogue.aggregates import AGGREGATES
from analytics_platform.catalogue.listings import LISTINGS
from analytics_platform.catalogue.observations import OBSERVATIONS
from analytics_platform.catalogue.services import SERVICE_FILES_QUARANTINE, SERVICES
from analytics_platform.catalogue.streams import STREAMS
from analytics_platform.catalogue.tables import Column, Table, conversation_tables, snake_case, status_tables
from analytics_platform.catalogue.turns import RAW as RAW_TURNS
from analytics_platform.catalogue.turns import TABLES as TURN_TABLES

_DISPOSITION = ("completed_disposition_desc",)
PERSONAL: Mapping[str, tuple[str, ...]] = {
    "conversations": ("external_tag",),
    "participants": ("participant_name",),
    "participant_attributes": ("value",),
    "sessions": (
        "address_from",
        "address_other",
        "address_self",
        "address_to",
        "ani",
        "bcc",
        "callback_numbers",
        "callback_user_name",
        "cc",
        "destination_addresses",
        "dnis",
        "remote",
        "remote_name_displayable",
        "screen_share_address_self",
        "session_dnis",
        "video_address_self",
    ),
    "flows": ("transfer_target_address", "transfer_target_name"),
    "segments": ("subject", "wrap_up_note"),
    "segment_properties": ("value",),
    "services": ("customer_id", "contact_key", *_DISPOSITION),
    "service_states": _DISPOSITION,
    "service_tasks": _DISPOSITION,
    "service_extensions": ("value",),
    "bot_turns": ("user_input", "bot_prompts", "knowledge_search_query", "ask_action_result"),
    "bot_turn_slots": ("value",),
    "bot_turn_knowledge_searches": ("search_query",),
    "exports": ("recipient_emails",),
}
"""The columns of typed tables that carry people's data, by table."""

EXPORTED = frozenset(
    {
        *PERSONAL["sessions"],
        *PERSONAL["participants"],
        *PERSONAL["segments"],
        *("customer_name", "customer_participants", "external_contact", "external_contact_name", "external_tag"),
        *("from", "to", "users", "users_interacted", "users_alerted", "agent_name", "user_name", "email", "notes"),
    }
)
"""The same by the names of columns of exports, which follow the headings of the day's file."""

RAW_TEXTS = ("record", "answer")
WHOLE_TEXTS = (*RAW_TEXTS, "entity")
"""Columns that hold what the source sent, as JSON: whatever it tells of people stands in them too."""


@cache
def typed_tables() -> Mapping[str, Table]:
    """Every typed table whose columns the catalogue knows, by name; aggregates with every dimension they can have."""
    families = (family.table(family.dimensions) for family in AGGREGATES)
    observed = (family.table for family in OBSERVATIONS)
    listed = (listing.table for listing in LISTINGS)
    known = (*conversation_tables(), *status_tables(), *SERVICES.tables, *TURN_TABLES, *families, *observed, *listed)
    return {table.name: table for table in known}


@cache
def personal_columns() -> frozenset[tuple[str, str]]:
    """Table and column of all that carries people's data by default, dimensions of aggregates among them."""
    named = {(table, column) for table, columns in PERSONAL.items() for column in columns}
    return frozenset({*named, *_dimensions()})


def _dimensions() -> Iterator[tuple[str, str]]:
    """Dimensions of aggregates that are named as what a session carries."""
    for family in AGGREGATES:
        for dimension in family.dimensions:
            if snake_case(dimension) in (*PERSONAL["sessions"], *PERSONAL["participants"]):
                yield family.stream, snake_case(dimension)


@cache
def maskable() -> Mapping[str, tuple[str, ...]]:
    """By table, the columns of text or lists of text: those a person may have hashed or dropped."""
    return {
        table.name: tuple(column.name for column in table.columns if column.type in ("string", "list<string>"))
        for table in typed_tables().values()
    }


@cache
def keys() -> frozenset[str]:
    """Every `table.column` by which rows are told apart, dimensions of aggregates among them."""
    return frozenset(f"{table.name}.{column}" for table in typed_tables().values() for column in table.key)


@dataclass(frozen=True)
class Place:
    """Where a column's value stands in what the source sends: the end of its path, such as `("sessions", "ani")`.

    The last name may be `*`, any member of the object before it, or `+`, any the vendor does not name.
    """

    table: str
    column: str
    path: tuple[str, ...]


_FREE = {("participant_attributes", "value"): ("attributes", "*"), ("service_extensions", "value"): ("+",)}
"""What stands under names of its own."""


@cache
def places() -> tuple[Place, ...]:
    """The place of every maskable column that the source itself tells."""
    return tuple(
        Place(table.name, column.name, _path(table, column))
        for table in typed_tables().values()
        for column in table.own
        if column.name in maskable()[table.name] and (column.source or (table.name, column.name) in _FREE)
    )


def _path(table: Table, column: Column) -> tuple[str, ...]:
    lists = table.path[-1].split(".")[-1:] if table.path else []
    return _FREE.get((table.name, column.name)) or (*lists, *str(column.source).split("."))


@cache
def made_from() -> Mapping[str, tuple[str, ...]]:
    """For each table with a column of whole texts, the typed tables whose columns stand in those texts."""
    found: dict[str, tuple[str, ...]] = {}
    for stream in (*STREAMS, SERVICES):
        names = tuple(table.name for table in stream.tables)
        found |= dict.fromkeys((each.name for each in (*stream.raws, stream.quarantine)), names)
        found |= {SERVICE_FILES_QUARANTINE.name: names} if stream is SERVICES else {}
        found[stream.typed_quarantine.name] = names
    found |= {RAW_TURNS.name: tuple(table.name for table in TURN_TABLES)}
    found |= {family.raw().name: (family.stream,) for family in AGGREGATES}
    found |= {family.raw.name: (family.stream,) for family in OBSERVATIONS}
    for listing in LISTINGS:
        found |= {listing.raw.name: (listing.stream,), listing.stream: (listing.stream,)}
    return found


@cache
def made_together() -> Mapping[str, tuple[str, ...]]:
    """For each typed table that is made together with others, all of these."""
    groups = [stream.tables for stream in (*STREAMS, SERVICES)] + [TURN_TABLES]
    return {table.name: tuple(each.name for each in group) for group in groups for table in group}


@cache
def raw_tables() -> frozenset[str]:
    """The tables that keep what the source sent whole; the others with whole texts are made from them."""
    typed = {stream.typed_quarantine.name for stream in (*STREAMS, SERVICES)} | {each.stream for each in LISTINGS}
    return frozenset(made_from()) - typed
