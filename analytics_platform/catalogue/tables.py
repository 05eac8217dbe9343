"""The typed tables: which part of a vendor record each is made from, its columns and its key.

A table is a node of the record's tree. The root's rows are the records themselves; every list of objects, the one
nested object (`flow`) and the one free-key dictionary (`attributes`) is a table of its own. A child row is known by the
path of ordinals from its conversation down (`participant_index`, `session_index`, ...), beside the vendor's own ids.
Types are words: `string`, `int64`, `float64`, `bool`, `instant` (timestamp[ms, UTC]), `date` and `list<...>` of them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from analytics_platform.catalogue.models import Field, model

_WORDS = {
    "string": "string",
    "integer": "int64",
    "number": "float64",
    "boolean": "bool",
    "datetime": "instant",
}
_SNAKE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True)
class Column:
    """One column; `source` is the vendor's field, or None where the platform adds it."""

    name: str
    type: str
    source: str | None
    description: str


@dataclass(frozen=True, eq=False)
class Table:
    """One typed table; there is one object a table, so it is equal to itself alone.

    `path` leads from the record to the list, object or dictionary its rows are made from. `inherited` are the columns
    taken from its ancestors, `own` those of the node itself. `instant` is the column whose range a manifest tells.
    """

    name: str
    path: tuple[str, ...]
    parent: "Table | None"
    inherited: tuple[Column, ...]
    own: tuple[Column, ...]
    key: tuple[str, ...]
    ordinal: str | None
    """The column that counts this node's rows within its parent; None for a root, for `flow` and for statuses."""
    instant: str | None
    description: str

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.inherited + self.own


@dataclass(frozen=True)
class _Node:
    table: str
    ordinal: str | None
    instant: str | None
    description: str
    vendor_id: str | None = None


_NODES: dict[tuple[str, ...], _Node] = {
    (): _Node(
        "conversations",
        None,
        "conversation_start",
        "One row a conversation, in its newest version.",
        "conversationId",
    ),
    ("evaluations",): _Node("evaluations", "evaluation_index", "event_time", "Quality evaluations of a conversation."),
    ("surveys",): _Node("surveys", "survey_index", "event_time", "Customer surveys about a conversation."),
    ("resolutions",): _Node(
        "resolutions",
        "resolution_index",
        "event_time",
        "Next-contact-avoidance resolutions of a conversation.",
    ),
    ("participants",): _Node(
        "participants", "participant_index", None, "Who took part in a conversation.", "participantId"
    ),
    ("participants", "attributes"): _Node(
        "participant_attributes",
        "attribute_index",
        None,
        "Free-key attributes of a participant; the vendor cuts keys and values at 1 024 characters.",
    ),
    ("participants", "sessions"): _Node(
        "sessions", "session_index", None, "Each medium a participant was connected through.", "sessionId"
    ),
    ("participants", "sessions", "agentGroups"): _Node(
        "agent_groups", "agent_group_index", None, "Agent groups a session was routed to."
    ),
    ("participants", "sessions", "proposedAgents"): _Node(
        "proposed_agents", "proposed_agent_index", None, "Agents that routing proposed for a session."
    ),
    ("participants", "sessions", "mediaEndpointStats"): _Node(
        "media_endpoint_stats",
        "media_endpoint_stat_index",
        "event_time",
        "Voice quality of a session's endpoints; may be stamped some ms after the conversation's end.",
    ),
    ("participants", "sessions", "flow"): _Node("flows", None, None, "The Architect flow a session ran through."),
    ("participants", "sessions", "flow", "outcomes"): _Node(
        "flow_outcomes", "outcome_index", "flow_outcome_start_timestamp", "Outcomes a flow reached."
    ),
    ("participants", "sessions", "metrics"): _Node(
        "session_metrics",
        "metric_index",
        "emit_date",
        "Metrics of a session, stamped when emitted; timers are in milliseconds and pass 32 bits.",
    ),
    ("participants", "sessions", "segments"): _Node(
        "segments", "segment_index", "segment_start", "What a session did, one stretch of time after another."
    ),
    ("participants", "sessions", "segments", "scoredAgents"): _Node(
        "scored_agents", "scored_agent_index", None, "Agents that predictive routing scored in a segment."
    ),
    ("participants", "sessions", "segments", "properties"): _Node(
        "segment_properties", "property_index", None, "Indexed properties of a segment."
    ),
}

_PROVENANCE = (
    Column("activity_day", "date", None, "The activity day whose delivery this version was taken from."),
    Column("as_of", "instant", None, "When the vendor's job that delivered this version was submitted."),
)
METRIC_CONTEXT = (
    Column("queue_id", "string", None, "Queue of the session: that of its last segment that names one."),
    Column("user_id", "string", None, "The participant's user."),
    Column("purpose", "string", None, "The participant's purpose."),
    Column("media_type", "string", None, "The session's medium."),
    Column("direction", "string", None, "The session's direction."),
)
"""Carried onto every metric, so that the questions people ask of metrics need no join."""


def snake_case(name: str) -> str:
    """The vendor's camelCase name as a column name: `mediaStatsMinConversationRFactor` -> `..._r_factor`."""
    return _SNAKE.sub("_", name).lower()


@cache
def conversation_tables() -> tuple[Table, ...]:
    """All tables made from conversation details, parents before children."""
    return tuple(_walk("AnalyticsConversation", (), None, ()))


@cache
def status_tables() -> tuple[Table, ...]:
    """The two tables made from user details; how one status is told from another stands in `tables.statuses`."""
    return (
        _status_table(
            "user_primary_presence",
            "primaryPresence",
            "AnalyticsUserPresenceRecord",
            ("system_presence", "organization_presence_id"),
            "Presences of users; no end_time while one lasts.",
        ),
        _status_table(
            "user_routing_status",
            "routingStatus",
            "AnalyticsRoutingStatusRecord",
            ("routing_status",),
            "Routing statuses of users; no end_time while one lasts.",
        ),
    )


_USER_ID = Column("user_id", "string", "userId", "The user.")
USERS = Table(
    name="users",
    path=(),
    parent=None,
    inherited=(),
    own=(_USER_ID,),
    key=("user_id",),
    ordinal=None,
    instant=None,
    description="The record both status tables hang from; no table of the lake.",
)


def plain_table(
    name: str, columns: tuple[Column, ...], key: tuple[str, ...], instant: str | None, description: str
) -> Table:
    """A table that hangs from nothing and is no part of a record's tree."""
    return Table(
        name=name,
        path=(),
        parent=None,
        inherited=(),
        own=columns,
        key=key,
        ordinal=None,
        instant=instant,
        description=description,
    )


def own_columns(model_name: str) -> tuple[Column, ...]:
    """A column for each field of a model that is neither an object nor a dictionary, in the vendor's order."""
    return tuple(
        Column(snake_case(field.name), _type_word(field), field.name, _field_text(field))
        for field in model(model_name).fields.values()
        if not field.is_model and field.container != "dict"
    )


def _status_table(name: str, source: str, model_name: str, value: tuple[str, ...], description: str) -> Table:
    return Table(
        name=name,
        path=(source,),
        parent=USERS,
        inherited=(_USER_ID,),
        own=(*_own_columns(model_name), *_PROVENANCE),
        key=("user_id", "start_time", *value),
        ordinal=None,
        instant="start_time",
        description=description,
    )


def table(name: str) -> Table:
    """The typed table called `name`; KeyError when there is none."""
    return {known.name: known for known in conversation_tables() + status_tables()}[name]


def _walk(
    model_name: str, path: tuple[str, ...], parent: Table | None, passed_on: tuple[Column, ...]
) -> Iterator[Table]:
    node = _NODES[path]
    ordinal = (Column(node.ordinal, "int64", None, _ordinal_text(path)),) if node.ordinal else ()
    own = _own_columns(model_name)
    inherited = passed_on + ordinal
    extra = _PROVENANCE if not path else METRIC_CONTEXT if path[-1] == "metrics" else ()
    here = Table(
        name=node.table,
        path=path,
        parent=parent,
        inherited=inherited,
        own=own + extra,
        key=("conversation_id", *(column.name for column in inherited if column.name.endswith("_index"))),
        ordinal=node.ordinal,
        instant=node.instant,
        description=node.description,
    )
    yield here
    vendor_id = tuple(column for column in own if column.source == node.vendor_id and column.source)
    # A grandchild keeps the ordinals of all its ancestors, and of the vendor's ids the nearest one.
    ordinals = tuple(column for column in inherited if column.name.endswith("_index"))
    conversation = tuple(column for column in (own if not path else inherited) if column.name == "conversation_id")
    nearest = () if not path else vendor_id or tuple(c for c in inherited if c.name in ("session_id",))
    for field in _object_fields(model_name):
        yield from _walk(_model_of(field), (*path, field.name), here, conversation + ordinals + nearest)


def _object_fields(model_name: str) -> list[Field]:
    if model_name == _ATTRIBUTES:
        return []
    return [f for f in model(model_name).fields.values() if f.is_model or f.container == "dict"]


_ATTRIBUTES = "attributes"


def _model_of(field: Field) -> str:
    return _ATTRIBUTES if field.container == "dict" else field.type


def _own_columns(model_name: str) -> tuple[Column, ...]:
    if model_name == _ATTRIBUTES:
        return (
            Column("key", "string", "key", "The attribute's key, as sent."),
            Column("value", "string", "value", "The attribute's value, as sent."),
        )
    return own_columns(model_name)


def _type_word(field: Field) -> str:
    word = _WORDS[field.type]
    return f"list<{word}>" if field.container == "list" else word


def _field_text(field: Field) -> str:
    known = f" Known values: {', '.join(field.known_values)}." if field.known_values else ""
    return f"The vendor's {field.name}.{known}"


def _ordinal_text(path: tuple[str, ...]) -> str:
    return f"Position within its parent's {path[-1]}, from 0."
