"""The synchronous questions about details: conversations by query and by id, users by query, properties indexed.

They are told as known at the clock's instant, not at a watermark, and without participants' attributes.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from analytics_platform.catalogue.operations import Limits, Operation
from analytics_platform.catalogue.operations.details import (
    CONVERSATION_BY_ID,
    CONVERSATION_PROPERTIES,
    CONVERSATION_QUERY,
    CONVERSATIONS_BY_IDS,
    USER_QUERY,
)
from analytics_platform.simulator.api.answers import Answer
from analytics_platform.simulator.api.calls import Call
from analytics_platform.simulator.api.errors import bad_request, not_found, unsupported
from analytics_platform.simulator.api.interval import Interval, parse_interval
from analytics_platform.simulator.api.listings import whole_number
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.properties import Indexed, segments_alive
from analytics_platform.simulator.api.records.conversations import ConversationRecord
from analytics_platform.simulator.api.records.sessions import PropertyRecord
from analytics_platform.simulator.api.selections import Selections
from analytics_platform.simulator.api.validation import read_body
from analytics_platform.simulator.world.instants import parse

_AGGREGATIONS = ("aggregations", "presenceAggregations", "routingStatusAggregations")


class DetailQueriesApi:
    """The queries of one org."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._selections = Selections()

    def handlers(self) -> Mapping[Operation, Callable[[Call], Answer]]:
        """What serves each operation; it raises ApiError for every answer that is an error."""
        return {
            CONVERSATION_QUERY: self.conversations,
            CONVERSATIONS_BY_IDS: self.conversations_by_ids,
            CONVERSATION_BY_ID: self.conversation,
            CONVERSATION_PROPERTIES: self.index_properties,
            USER_QUERY: self.users,
        }

    def conversations(self, call: Call) -> Answer:
        """A page of the conversations that started on the UTC days an interval touches, with `totalHits`."""
        body, interval = _asked(call, CONVERSATION_QUERY)
        page = _page_asked(body, CONVERSATION_QUERY.limits)
        teller, edition, at = self._org.teller, self._org.edition(), self._org.clock.now()
        chosen = self._selections.of(
            body, (edition, at), lambda: teller.conversations_started(edition, interval, at, body)
        )
        told = [teller.conversation_without_attributes(edition, outline, at) for outline in chosen[page]]
        return _page_of("conversations", told, len(chosen))

    def conversations_by_ids(self, call: Call) -> Answer:
        """Those there are of the conversations asked for, in the order asked; an id nobody knows is left out."""
        ids = [part for part in call.query.get("id", "").split(",") if part]
        most = CONVERSATIONS_BY_IDS.limits.ids
        if not ids or (most is not None and len(ids) > most):
            raise bad_request(f"The parameter id must name 1 to {most} conversations; it names {len(ids)}")
        told = [record for wanted in dict.fromkeys(ids) if (record := self._known(wanted)) is not None]
        return Answer.of(200, {"conversations": told})

    def conversation(self, call: Call) -> Answer:
        return Answer.of(200, self._found(call))

    def users(self, call: Call) -> Answer:
        """A page of the users with statuses that touch an interval, one record a user, with `totalHits`."""
        body, interval = _asked(call, USER_QUERY)
        page = _page_asked(body, USER_QUERY.limits)
        teller, edition, at = self._org.teller, self._org.edition(), self._org.clock.now()
        chosen = teller.users_active(edition, interval, at, body)
        told = [msgspec.Raw(teller.user_json(edition, timeline, interval, at)) for timeline in chosen[page]]
        return _page_of("userDetails", told, len(chosen))

    def index_properties(self, call: Call) -> Answer:
        """Put properties on the segments of a session alive at `targetDate`; 400 where there is none."""
        record = self._found(call)
        body = read_body(call.body, str(CONVERSATION_PROPERTIES.takes))
        session_id = body["sessionId"]
        try:
            target = parse(body["targetDate"])
        except ValueError:
            raise bad_request(f"Invalid targetDate: {body['targetDate']}. It is an ISO-8601 instant") from None
        alive = segments_alive(record, session_id, target)
        if alive is None:
            raise bad_request(f"The conversation {record.conversationId} has no session {session_id}")
        if not alive:
            raise bad_request(f"The session {session_id} has no segment at {body['targetDate']}")
        properties = tuple(msgspec.convert(entry, PropertyRecord) for entry in body["properties"])
        if any(not isinstance(entry.property, str) or not isinstance(entry.value, str) for entry in properties):
            raise bad_request("Each of the properties must have a property and a value")
        indexed = Indexed(session_id, target, self._org.clock.now(), properties)
        self._org.teller.properties.add(str(record.conversationId), indexed)
        self._selections.clear()
        return Answer.of(202, body)

    def _known(self, conversation_id: str) -> ConversationRecord | None:
        """The conversation with an id as known now; None where none has started yet."""
        edition = self._org.edition()
        outline = edition.outline(conversation_id)
        if outline is None:
            return None
        return self._org.teller.conversation_without_attributes(edition, outline, self._org.clock.now())

    def _found(self, call: Call) -> ConversationRecord:
        record = self._known(call.path["conversationId"])
        if record is None:
            raise not_found(f"conversation {call.path['conversationId']}")
        return record


def _asked(call: Call, operation: Operation) -> tuple[dict[str, Any], Interval]:
    """The body of a query and its interval, which may be longer where the query has a filter."""
    body = read_body(call.body, str(operation.takes))
    for name in _AGGREGATIONS:
        if body.get(name):
            raise unsupported(name)
    filtered = any(value for name, value in body.items() if name.endswith("Filters"))
    limits = operation.limits
    longest = limits.interval_days_filtered if filtered else limits.interval_days
    return body, parse_interval(body["interval"], longest or 0)


def _page_asked(body: dict[str, Any], limits: Limits) -> slice:
    """Which of the results a query's `paging` asks for, taken out of its body; ApiError 400 beyond the limits."""
    asked = {name: str(value) for name, value in (body.pop("paging", None) or {}).items()}
    size = whole_number(asked, "pageSize", limits.default_page_size or 1, limits.page_size)
    last = whole_number(asked, "pageNumber", 1) * size
    if limits.results is not None and last > limits.results:
        tip = "Tip: Narrow the query by a shorter interval or by filters."
        raise bad_request(f"Pagination may not exceed {limits.results} results.\n\n{tip}")
    return slice(last - size, last)


def _page_of(key: str, records: list[Any], total: int) -> Answer:
    """Past the last page the key is not there."""
    return Answer.of(200, {key: records, "totalHits": total} if records else {"totalHits": total})
