"""The withdrawn search for conversations by what was said in them."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from analytics_platform.catalogue.operations import Operation
from analytics_platform.catalogue.operations.details import CONVERSATION_QUERY, TRANSCRIPT_QUERY
from analytics_platform.simulator.api.answers import Answer
from analytics_platform.simulator.api.calls import Call
from analytics_platform.simulator.api.communications import communications
from analytics_platform.simulator.api.errors import ApiError, invalid_value
from analytics_platform.simulator.api.listings import whole_number
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.records.conversations import ConversationRecord
from analytics_platform.simulator.api.selections import Selections
from analytics_platform.simulator.api.transcript_search import (
    Searched,
    check_criteria,
    date_range,
    holds,
    utterances_found,
    words_of,
)
from analytics_platform.simulator.api.validation import read_body
from analytics_platform.simulator.world.edition import Edition
from analytics_platform.simulator.world.instants import FOREVER, parse
from analytics_platform.simulator.world.outline import Outline
from analytics_platform.simulator.world.speech import transcript_of

_SORTABLE = ("conversationStart", "conversationEnd", "conversationId")


class _Found(NamedTuple):
    """A conversation with what it is sorted by beside its outline; one that is still open has the latest end."""

    outline: Outline
    end: int
    score: int


class TranscriptsApi:
    """Conversations of the world whose transcripts hold given words, as known at the clock's instant."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._selections = Selections()

    def handlers(self) -> Mapping[Operation, Callable[[Call], Answer]]:
        return {TRANSCRIPT_QUERY: self.search}

    def search(self, call: Call) -> Answer:
        """One page of conversations, without attributes; the page size is assumed to be the detail query's."""
        body = read_body(call.body, str(TRANSCRIPT_QUERY.takes))
        if not body["types"]:
            raise ApiError(400, "constraint.validation", "types may not be empty")
        asked = {name: str(body[name]) for name in ("pageSize", "pageNumber") if body.get(name) is not None}
        limits = CONVERSATION_QUERY.limits
        size = whole_number(asked, "pageSize", limits.default_page_size or 1, limits.page_size)
        number = whole_number(asked, "pageNumber", 1)
        criteria = body.get("query") or []
        check_criteria(criteria)
        sorting, edition, at = _sorting(body), self._org.edition(), self._org.clock.now()
        asked_once = {"query": criteria, "sort": sorting}
        chosen = self._selections.of(asked_once, (edition, at), lambda: self._selected(edition, criteria, sorting, at))
        page = chosen[(number - 1) * size : number * size]
        told = [self._org.teller.conversation_without_attributes(edition, outline, at) for outline in page]
        return Answer.of(200, {"conversations": told})

    def _selected(
        self, edition: Edition, criteria: list[dict[str, Any]], sorting: list[tuple[str, str]], at: int
    ) -> list[Outline]:
        """All conversations that satisfy the criteria, in the order asked for."""
        found = list(self._found(edition, criteria, at))
        for order, by in reversed(sorting):
            found.sort(key=partial(_key, by), reverse=order != "ASC")
        return [each.outline for each in found]

    def _found(self, edition: Edition, criteria: list[dict[str, Any]], at: int) -> Iterator[_Found]:
        """Each conversation that satisfies the criteria, by start."""
        first, last = _started(criteria)
        for outline in edition.outlines_started(first, min(last, at)):
            record = self._org.teller.conversation_without_attributes(edition, outline, at)
            if record is None:
                continue
            searched = self._searched(record)
            if searched is not None and holds(criteria, searched):
                end = searched.instants.get("conversationEnd", FOREVER)
                yield _Found(outline, end, utterances_found(criteria, searched))

    def _searched(self, record: ConversationRecord) -> Searched | None:
        """What a conversation can be found by; None where nothing of it was transcribed."""
        talks = [
            (each, said)
            for each in communications(record)
            if (
                said := transcript_of(
                    str(each.session.sessionId), str(each.session.mediaType), self._org.world.organisation.topics
                )
            )
        ]
        if not talks:
            return None
        ends = {"conversationEnd": parse(record.conversationEnd)} if isinstance(record.conversationEnd, str) else {}
        return Searched(
            utterances=tuple(words_of(utterance.words) for _, said in talks for utterance in said),
            values={
                "conversationId": frozenset([str(record.conversationId)]),
                "direction": frozenset(str(each.session.direction) for each, _ in talks),
                "mediaType": frozenset(str(each.session.mediaType) for each, _ in talks),
                "queueId": frozenset(
                    str(segment.queueId) for each, _ in talks for segment in each.session.segments or ()
                ),
                "userId": frozenset(str(each.participant.userId) for each, _ in talks),
            },
            instants={"conversationStart": parse(str(record.conversationStart)), **ends},
        )


def _started(criteria: list[dict[str, Any]]) -> tuple[int, int]:
    """When a conversation must have started to satisfy the criteria, as far as one of them says so."""
    first, last = -FOREVER, FOREVER
    for criterion in criteria:
        required = (criterion.get("operator") or "AND") == "AND" and not criterion.get("group")
        dated = criterion.get("type") == "DATE_RANGE"
        if required and dated and (criterion.get("fields") or ["conversationStart"]) == ["conversationStart"]:
            start, end = date_range(criterion)
            first, last = max(first, start), min(last, end)
    return first, last


def _sorting(body: dict[str, Any]) -> list[tuple[str, str]]:
    """(order, by) of each sort asked for, the first the most important; SCORE orders by the score."""
    asked = list(body.get("sort") or ()) or [body]
    told = [(sort.get("sortOrder") or "ASC", sort.get("sortBy") or "conversationStart") for sort in asked]
    for order, by in told:
        if order != "SCORE" and by not in _SORTABLE:
            raise invalid_value(by, "SortBy", _SORTABLE)
    return [(order, "score" if order == "SCORE" else by) for order, by in told]


def _key(by: str, found: _Found) -> int | str:
    if by == "score":
        return found.score
    return {"conversationStart": found.outline.start, "conversationEnd": found.end}.get(by, found.outline.id)
