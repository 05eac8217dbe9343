"""Reporting turns of bot flows as tables: a turn with its single objects beside it, and a table for each of its lists.

Columns are named by where a value stands in the vendor's ReportingTurn: `intent.confidence` is `intent_confidence`.
"""

from collections.abc import Iterator

from analytics_platform.catalogue.answers import raw_answers
from analytics_platform.catalogue.models import Field, model
from analytics_platform.catalogue.tables import Column, Table, own_columns, plain_table, snake_case

MODEL = "ReportingTurn"
KEPT_DAYS = 10
"""How long the vendor keeps the turns of a bot flow, about (SDK 269.0.0, AnalyticsApi)."""
SURE_DAYS = KEPT_DAYS - 1
"""How far before the watermark a day that is surely told whole may begin: how long turns are kept is told as about so
many days, and the watermark trails the vendor's clock."""
FLOW_TYPES = ("bot", "digitalbot")
"""The types of flows that have reporting turns, as the list of flows takes them."""

_FLOW = Column("bot_flow_id", "string", None, "The bot flow.")
_SESSION = Column("session_id", "string", "sessionId", "The session of the bot flow.")
_TURN = Column("turn_index", "int64", None, "Its place among the day's turns of its session, as told, from 0.")
_TURN_KEYS = (_FLOW, _SESSION, _TURN)


def _columns(model_name: str, path: str = "") -> Iterator[Column]:
    """The columns of a model and of the single objects in it, each told by its path from the turn."""
    own = {column.source: column for column in own_columns(model_name)}
    for field in model(model_name).fields.values():
        source = f"{path}{field.name}"
        if column := own.get(field.name):
            yield Column(_named(source), column.type, source, column.description.replace(field.name, source, 1))
        elif _is_one(field):
            yield from _columns(field.type, f"{source}.")


def _is_one(field: Field) -> bool:
    return field.is_model and field.container is None


def _named(source: str) -> str:
    return "_".join(snake_case(part) for part in source.split("."))


def _list(name: str, ordinal: str, path: tuple[str, ...], parent: Table, of: str, description: str) -> Table:
    place = Column(ordinal, "int64", None, f"Position within its parent's {path[-1]}, from 0.")
    inherited = (*(column for column in parent.columns if column.name in parent.key), place)
    return Table(
        name=name,
        path=path,
        parent=parent,
        inherited=inherited,
        own=own_columns(of),
        key=tuple(column.name for column in inherited),
        ordinal=ordinal,
        instant=None,
        description=description,
    )


TURNS = plain_table(
    "bot_turns",
    (*_TURN_KEYS, *(column for column in _columns(MODEL) if column.name != _SESSION.name)),
    tuple(column.name for column in _TURN_KEYS),
    "date_completed",
    "What was said to a bot and what came of it, one row a turn.",
)
SLOTS = _list(
    "bot_turn_slots",
    "slot_index",
    ("intent.slots",),
    TURNS,
    "ReportingTurnIntentSlot",
    "The slots filled by a turn's intent.",
)
SEARCHES = _list(
    "bot_turn_knowledge_searches",
    "search_index",
    ("knowledgeBaseEvents.search",),
    TURNS,
    "ReportingTurnKnowledgeSearchEvent",
    "Searches of knowledge bases in a turn.",
)
FEEDBACK = _list(
    "bot_turn_knowledge_feedback",
    "feedback_index",
    ("knowledgeBaseEvents.feedback",),
    TURNS,
    "ReportingTurnKnowledgeFeedbackEvent",
    "What was said of knowledge documents in a turn.",
)


def _documents(name: str, path: tuple[str, ...], parent: Table) -> Table:
    return _list(name, "document_index", path, parent, "ReportingTurnKnowledgeDocument", "Documents of one list.")


DOCUMENT_LISTS = (
    _documents("knowledge.search", ("knowledge.search.documents",), TURNS),
    _documents("knowledge.feedback", ("knowledge.feedback.documents",), TURNS),
    _documents("knowledgeBaseEvents.search", ("knowledgeBaseEvents.search", "documents"), SEARCHES),
    _documents("knowledgeBaseEvents.feedback", ("knowledgeBaseEvents.feedback", "documents"), FEEDBACK),
)
"""Where a turn holds documents; no tables of the lake, but parts of one."""
TOLD_IN = Column("told_in", "string", None, "Where the turn told of it, such as knowledge.search.")
EVENT = Column("event_index", "int64", None, "The search_index or feedback_index of its event; null for one of none.")
DOCUMENTS = plain_table(
    "bot_turn_knowledge_documents",
    (*_TURN_KEYS, TOLD_IN, EVENT, DOCUMENT_LISTS[0].inherited[-1], *DOCUMENT_LISTS[0].own),
    (*TURNS.key, TOLD_IN.name, EVENT.name, "document_index"),
    None,
    "The knowledge documents a turn tells of, each in the place it was told in.",
)
RAW = raw_answers(TURNS.name, "Reporting turns of bot flows. Each page whole.")
TABLES = (SLOTS, SEARCHES, FEEDBACK, DOCUMENTS, TURNS)
"""The typed tables, that of the turns last."""
