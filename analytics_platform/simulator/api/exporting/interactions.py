"""Views of interactions: a row for each conversation that started in the interval, as known when the file is made."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from analytics_platform.catalogue.models import model
from analytics_platform.simulator.api.errors import ApiError
from analytics_platform.simulator.api.exporting.aggregates import DIMENSIONS
from analytics_platform.simulator.api.exporting.columns import FILTERS, PARTIAL_SINCE, WHOLE, Column, Kind
from analytics_platform.simulator.api.exporting.request import ExportRequest, Filters
from analytics_platform.simulator.api.matching import Matcher
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.records.conversations import ConversationRecord
from analytics_platform.simulator.world.instants import parse

_DETAILS = {"conversationFilters": "ConversationDetailQuery", "segmentFilters": "SegmentDetailQuery"}
_LOOKED_INTO = {
    filters: model(f"{name}Predicate").fields["dimension"].known_values for filters, name in _DETAILS.items()
}


@dataclass(frozen=True)
class Interaction:
    """A conversation, and the names of the org's queues and people by id."""

    record: ConversationRecord
    names: dict[str, str]


@dataclass(frozen=True)
class InteractionView:
    """A view of interactions, of those of given queues or agents where it requires them."""

    required_filters: tuple[str, ...] = ()

    @property
    def supported_filters(self) -> tuple[str, ...]:
        return _SUPPORTED

    @property
    def required(self) -> tuple[Column, ...]:
        return (_CONVERSATION,)

    @property
    def columns(self) -> tuple[Column, ...]:
        return _COLUMNS

    def rows(self, org: Org, request: ExportRequest) -> list[Interaction]:
        """By start."""
        organisation = org.world.organisation
        people = (*organisation.agents, *organisation.supervisors)
        names = {queue.id: queue.name for queue in organisation.queues} | {each.id: each.name for each in people}
        body = _as_query(request.filters)
        at, edition, interval = org.clock.now(), org.edition(), request.interval
        return [
            Interaction(record, names)
            for outline in org.teller.conversations_started(edition, interval, at, body)
            if interval.start <= outline.start < interval.end
            and (record := org.teller.conversation_without_attributes(edition, outline, at)) is not None
        ]


def _as_query(filters: Filters) -> dict[str, Any]:
    """The filters of a view as those of a details query."""
    body: dict[str, Any] = {}
    for name, values in filters.items():
        dimension = DIMENSIONS[name]
        looked_into = next((each for each, known in _LOOKED_INTO.items() if dimension in known), "segmentFilters")
        predicates = [{"dimension": dimension, "value": value} for value in values]
        body.setdefault(looked_into, []).append({"type": "or", "predicates": predicates})
    return body


def _answered(name: str) -> bool:
    try:
        Matcher.of_conversations(_as_query({name: [""]}))
    except ApiError:
        return False
    return True


_SUPPORTED = tuple(name for name in DIMENSIONS if _answered(name))


def _each(of: str, name: str) -> Callable[[Interaction], str | None]:
    """All the values of a field of the participants, sessions or segments, in their order, once each; by name where
    the org has one for them."""

    def read(row: Interaction) -> str | None:
        found = dict.fromkeys(str(value) for layer in _layers(row.record, of) if (value := getattr(layer, name)))
        return "; ".join(row.names.get(value, value) for value in found) or None

    return read


def _layers(record: ConversationRecord, of: str) -> Iterator[Any]:
    for participant in record.participants or ():
        if of == "participant":
            yield participant
            continue
        for session in participant.sessions or ():
            yield from (session,) if of == "session" else session.segments or ()


def _start(row: Interaction) -> int:
    return parse(str(row.record.conversationStart))


def _end(row: Interaction) -> int | None:
    end = row.record.conversationEnd
    return parse(end) if isinstance(end, str) else None


def _length(row: Interaction) -> int | None:
    end = _end(row)
    return None if end is None else end - _start(row)


_CONVERSATION = Column("Conversation ID", Kind.TEXT, lambda row: row.record.conversationId)
_COLUMNS = (
    WHOLE,
    PARTIAL_SINCE,
    FILTERS,
    Column("Users", Kind.TEXT, _each("participant", "userId")),
    Column("Remote", Kind.TEXT, _each("session", "remote")),
    Column("Date", Kind.INSTANT, _start),
    Column("End Date", Kind.INSTANT, _end),
    Column("Duration", Kind.DURATION, _length),
    Column("Initial Direction", Kind.TEXT, lambda row: row.record.originatingDirection or None),
    Column("Media Type", Kind.TEXT, _each("session", "mediaType")),
    Column("ANI", Kind.TEXT, _each("session", "ani")),
    Column("DNIS", Kind.TEXT, _each("session", "dnis")),
    Column("Queue", Kind.TEXT, _each("segment", "queueId")),
    Column("Wrap-up", Kind.TEXT, _each("segment", "wrapUpCode")),
    Column("Disconnect Type", Kind.TEXT, _each("segment", "disconnectType")),
    _CONVERSATION,
)
