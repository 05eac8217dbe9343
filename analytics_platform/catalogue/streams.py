"""The streams that land by day: which job delivers them, what their raw table holds, which typed tables are made."""

from dataclasses import dataclass, field

from analytics_platform.catalogue.operations import CONVERSATION_JOBS, USER_JOBS, JobFamily
from analytics_platform.catalogue.tables import Column, Table, conversation_tables, plain_table, status_tables


@dataclass(frozen=True)
class TypedStream:
    """One kind of thing a source delivers by activity day, and the tables it becomes by home day.

    `raw` keeps each record whole beside its keys and provenance; `tables` are made from raw by home day, the first of
    them being the head that the others hang from, and `typed_quarantine` tells of the values no typed table can hold.
    """

    name: str
    raw: Table
    typed: str
    tables: tuple[Table, ...]
    typed_quarantine: Table
    description: str
    quarantine: Table = field(kw_only=True)
    """Records that have no usable key."""
    raw_by_another_route: tuple[Table, ...] = field(default=(), kw_only=True)
    """Raw tables in which the same things come by other routes; of a thing the version read last holds."""
    moves: Table | None = field(default=None, kw_only=True)
    """Which home days share things, by activity day; None where a thing cannot change its home day unnoticed."""

    @property
    def head(self) -> Table:
        return self.tables[0]

    @property
    def raws(self) -> tuple[Table, ...]:
        """Every raw table the typed tables are made from."""
        return (self.raw, *self.raw_by_another_route)

    @property
    def roots(self) -> tuple[Table, ...]:
        """The typed tables that hang from no other typed table."""
        return tuple(table for table in self.tables if table.parent not in self.tables)


@dataclass(frozen=True)
class Stream(TypedStream):
    """One that a vendor job delivers."""

    family: JobFamily = field(kw_only=True)
    restatements: Table = field(kw_only=True)
    """What differed between two landings of the same activity day."""
    model: str = field(kw_only=True)
    id_field: str = field(kw_only=True)
    keys: tuple[str, ...] = field(kw_only=True)
    """Fields of a record without which the rest of it would be of nothing."""


_DELIVERY = (
    Column("record", "string", None, "The record as the source sent it, JSON."),
    Column("job_id", "string", None, "The vendor's job that delivered it."),
    Column("page", "int64", None, "The page of the job's results it came on, from 1."),
    Column("position", "int64", None, "Its place on that page, from 0."),
    Column("as_of", "instant", None, "When the job was submitted, by the vendor's clock."),
)
_CONVERSATION_KEYS = (
    Column("conversation_id", "string", "conversationId", "The conversation."),
    Column("home_day", "date", None, "The UTC day of conversationStart: the one day it belongs to for good."),
    Column("conversation_start", "instant", "conversationStart", "When it started."),
    Column("conversation_end", "instant", "conversationEnd", "When it ended; null while it is open."),
)
_USER_KEYS = (
    Column("user_id", "string", "userId", "The user."),
    Column("first_home_day", "date", None, "The earliest UTC day on which one of the record's statuses starts."),
    Column("last_home_day", "date", None, "The latest such day."),
)
_REASON = Column("reason", "string", None, "Why it was set aside.")
PATH = Column(
    "path",
    "string",
    None,
    "Where in the record the value stands that was set aside, such as participants[0].purpose; the typed tables have "
    "null there. Null where the record was set aside whole.",
)
_DIFFERENCE = (
    Column("kind", "string", None, "added, changed or removed; of a removed record nothing but its id is kept."),
    Column(
        "fields",
        "list<string>",
        None,
        "Of a changed record the paths of what differs, such as participants.sessions.ani, 50 at most; the path of a "
        "list itself where it became longer or shorter.",
    ),
    Column("previous_as_of", "instant", None, "When the day's landing before was asked for."),
    Column("as_of", "instant", None, "When the landing that shows the difference was asked for."),
    Column("previous_job_ids", "list<string>", None, "The vendor's jobs that delivered the landing before."),
    Column("job_ids", "list<string>", None, "The vendor's jobs that delivered the difference."),
)


def _restatements(name: str, keys: tuple[Column, ...], description: str) -> Table:
    return plain_table(name, keys + _DIFFERENCE, (keys[0].name, "job_ids"), "as_of", description)


_MOVES = plain_table(
    "conversation_details_moves",
    (
        Column("home_day", "date", None, "A home day under which the activity day delivered conversations."),
        Column("other_day", "date", None, "An activity day next to it that delivered them under another home day."),
        Column("other_home_day", "date", None, "That home day."),
        Column("conversations", "int64", None, "How many conversations stand under both."),
    ),
    ("home_day", "other_day", "other_home_day"),
    None,
    "Conversations whose start the vendor moved over midnight: home days that are made looking at each other.",
)


def _kept(name: str, columns: tuple[Column, ...], instant: str | None, description: str) -> Table:
    return plain_table(name, columns, ("job_id", "page", "position"), instant, description)


def _typed_aside(name: str, columns: tuple[Column, ...], things: str) -> Table:
    """Where what the typed tables cannot hold is told of: a row a value, or a row a record with all of it."""
    return plain_table(
        name,
        (_REASON, PATH, *columns, *_DELIVERY),
        ("job_id", "page", "position", PATH.name),
        None,
        f"Values of {things} that the typed tables cannot hold, each with its place and the reason; raw holds the "
        f"record. Where a key is among them the record is set aside whole.",
    )


CONVERSATION_DETAILS = Stream(
    name="conversation_details",
    family=CONVERSATION_JOBS,
    model="AnalyticsConversation",
    id_field="conversationId",
    raw=_kept(
        "conversation_details",
        _CONVERSATION_KEYS + _DELIVERY,
        "conversation_start",
        "All conversations alive on a UTC day, each kept whole as the source sent it.",
    ),
    quarantine=_kept(
        "conversation_details_quarantine",
        (_REASON, *_DELIVERY),
        None,
        "Delivered records without a usable conversationId or conversationStart, set aside with the reason.",
    ),
    restatements=_restatements(
        "conversation_details_restatements",
        _CONVERSATION_KEYS[:2],
        "What the vendor changed of a UTC day after it had told it: each conversation that one reading of the day held "
        "and the next did not, or held otherwise.",
    ),
    typed="conversations",
    tables=conversation_tables(),
    typed_quarantine=_typed_aside("conversations_quarantine", _CONVERSATION_KEYS[:2], "conversations"),
    keys=("conversationId", "conversationStart"),
    moves=_MOVES,
    description="Conversation details from the vendor's asynchronous jobs, one a UTC day or several over its parts.",
)
USER_DETAILS = Stream(
    name="user_details",
    family=USER_JOBS,
    model="AnalyticsUserDetail",
    id_field="userId",
    raw=_kept(
        "user_details",
        _USER_KEYS + _DELIVERY,
        None,
        "All users with a presence or routing status on a UTC day, each record kept whole as the source sent it.",
    ),
    quarantine=_kept(
        "user_details_quarantine",
        (_REASON, *_DELIVERY),
        None,
        "Delivered records without a usable userId or startTime, set aside with the reason.",
    ),
    restatements=_restatements(
        "user_details_restatements",
        _USER_KEYS[:1],
        "What the vendor changed of a UTC day after it had told it: each user that one reading of the day held and the "
        "next did not, or held otherwise.",
    ),
    typed="user_statuses",
    tables=status_tables(),
    typed_quarantine=_typed_aside("user_statuses_quarantine", _USER_KEYS, "user records"),
    keys=("userId",),
    description="User presences and routing statuses from the vendor's asynchronous jobs, one a UTC day or several "
    "over its parts.",
)
STREAMS = (CONVERSATION_DETAILS, USER_DETAILS)


def stream(name: str) -> Stream:
    """The stream called `name`; KeyError when there is none."""
    return {known.name: known for known in STREAMS}[name]
