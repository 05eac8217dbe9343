"""Questions about details: what a person asks, checked against the vendor's models before anything is sent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from analytics_platform.catalogue.models import model
from analytics_platform.catalogue.names import require_known
from analytics_platform.catalogue.operations import CONVERSATION_JOBS, USER_JOBS, Operation
from analytics_platform.catalogue.operations.details import CONVERSATION_QUERY, TRANSCRIPT_QUERY, USER_QUERY
from analytics_platform.genesys_cloud.filters import filters, has_filter, require_model
from analytics_platform.source.errors import QueryRefused
from analytics_platform.source.intervals import Interval, interval, last

_OURS = ("paging", "pageSize", "pageNumber")
_OTHERS = ("aggregations", "presenceAggregations", "routingStatusAggregations")
_WORDS_TYPE = "EXACT_PHRASE"


@dataclass(frozen=True)
class Subject:
    """What can be asked for by a query; `record_id` is the field a record is known by.

    `by_start` tells that records are conversations, which belong to an interval by `conversationStart`. `route` is the
    asset that lands the same by jobs, None where there is none.
    """

    name: str
    operation: Operation
    record_id: str
    by_start: bool
    route: str | None

    @property
    def takes(self) -> str:
        """The model of the query's body."""
        return str(self.operation.takes)


CONVERSATIONS = Subject(
    "conversations", CONVERSATION_QUERY, "conversationId", True, CONVERSATION_JOBS.results.tables[0]
)
USERS = Subject("users", USER_QUERY, "userId", False, USER_JOBS.results.tables[0])
TRANSCRIPTS = Subject("transcripts", TRANSCRIPT_QUERY, "conversationId", True, None)


@dataclass(frozen=True)
class Question:
    """A query for all pages of an interval: `body` lacks interval and paging, which each request has its own of."""

    subject: Subject
    interval: Interval
    body: Mapping[str, Any] = field(default_factory=dict)
    limit: int | None = None
    """How many records are wanted at most."""

    @property
    def descending(self) -> bool:
        return str(self.body.get("order") or self.body.get("sortOrder") or "").lower() == "desc"

    def pieces(self) -> list[Interval]:
        """The interval cut where the vendor takes no longer one, in the order in which they are asked."""
        limits = self.subject.operation.limits
        days = limits.interval_days_filtered if has_filter(self.body) else limits.interval_days
        return self.in_order(self.interval.pieces(days) if days else [self.interval])

    def in_order(self, pieces: Iterable[Interval]) -> list[Interval]:
        """Pieces, given from the earliest on, in the order of the question."""
        return list(pieces)[:: -1 if self.descending else 1]

    def page(self, piece: Interval, number: int) -> dict[str, Any]:
        """The body that asks for a page, counted from 1, of a piece of the interval."""
        size = self.subject.operation.limits.page_size
        paging: dict[str, Any] = {"pageNumber": number} | ({"pageSize": size} if size else {})
        if "paging" in model(self.subject.takes).fields:
            return {**self.body, "interval": str(piece), "paging": paging}
        return {**self.body, "query": [*self.body["query"], _started_within(piece)], **paging}


def question(
    subject: Subject,
    *,
    interval_text: str = "",
    last_text: str = "",
    expressions: Iterable[str] = (),
    query: Mapping[str, Any] | None = None,
    order: str = "",
    order_by: str = "",
    phrases: Iterable[str] = (),
    limit: int | None = None,
    now: datetime | None = None,
) -> Question:
    """A person's question, complete and checked.

    `query` is a body as the vendor takes it, such as one copied from its own tools; expressions and phrases, which
    transcripts must all hold, are added to it. QueryRefused says what is malformed, UnknownName which names are near.
    """
    body = dict(query or {})
    if not (interval_text or last_text):
        interval_text = str(body.pop("interval", None) or "")
    span = _span(subject, interval_text, last_text, now)
    if limit is not None and limit < 1:
        raise QueryRefused(f"A limit of {limit} asks for nothing: write 1 or more, or leave it out for all.")
    _refuse_others(subject, body)
    require_model(body, subject.takes)
    body |= _ordered(subject, order, order_by)
    for name, made in filters(subject.takes, expressions).items():
        body[name] = [*(body.get(name) or ()), *made]
    if subject is TRANSCRIPTS:
        body = _searching(body, phrases)
    return Question(subject, span, body, limit)


def _span(subject: Subject, interval_text: str, last_text: str, now: datetime | None) -> Interval:
    if interval_text and last_text:
        raise QueryRefused("An interval and the last days or hours cannot both be asked for: give one of them.")
    if last_text:
        return last(last_text, now or datetime.now(UTC))
    if not interval_text:
        raise QueryRefused(f"A query for {subject.name} needs an interval, such as 2026-03-02/2026-03-04.")
    return interval(interval_text)


def _refuse_others(subject: Subject, body: Mapping[str, Any]) -> None:
    if "interval" in body:
        raise QueryRefused("The query has an interval, and another is given beside it: leave out one of them.")
    for name in (*_OURS, *_OTHERS):
        if name in body and name in model(subject.takes).fields:
            why = "pages are asked for by themselves" if name in _OURS else "only records are delivered"
            raise QueryRefused(f"The query must not hold {name!r}, since {why}: take it out.")


def _ordered(subject: Subject, order: str, order_by: str) -> dict[str, str]:
    """The body's part that says the order, in the words of the subject's model."""
    known = model(subject.takes).fields
    told: dict[str, str] = {}
    for given, names in ((order, ("order", "sortOrder")), (order_by, ("orderBy", "sortBy"))):
        name = next((name for name in names if name in known), None)
        if not given:
            continue
        if name is None:
            raise QueryRefused(f"{subject.name.capitalize()} cannot be ordered by {given!r}: leave it out.")
        told[name] = given.upper() if name == "sortOrder" else given
        if known[name].known_values:
            require_known([told[name]], known[name].known_values, name)
    return told


def _searching(body: Mapping[str, Any], phrases: Iterable[str]) -> dict[str, Any]:
    """A search's body with phrases among its criteria.

    Little is published of this search. `transcripts` is the type by which the vendor's other search knows what was
    said (developer.genesys.cloud, organization/search/transcript-search); a criterion without fields looks into that.
    """
    sought = [{"type": _WORDS_TYPE, "value": phrase} for phrase in phrases if phrase.strip()]
    criteria = [*(body.get("query") or ()), *sought]
    if not criteria:
        raise QueryRefused("A search of transcripts needs words to look for.")
    return {"types": ["transcripts"], **body, "query": criteria}


def _started_within(piece: Interval) -> dict[str, Any]:
    start, end = str(piece).split("/")
    return {"type": "DATE_RANGE", "fields": ["conversationStart"], "startValue": start, "endValue": end}
