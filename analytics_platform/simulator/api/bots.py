"""Reporting turns of bot flows: grouped by session, the newest session first, kept for some days only."""

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from analytics_platform.catalogue.models import model
from analytics_platform.catalogue.operations import Operation
from analytics_platform.catalogue.operations.bots import BOTS
from analytics_platform.simulator.api.answers import Answer
from analytics_platform.simulator.api.calls import Call
from analytics_platform.simulator.api.errors import ApiError, bad_request, invalid_value, not_found
from analytics_platform.simulator.api.interval import Interval, parse_interval
from analytics_platform.simulator.api.listings import listed_words, whole_number
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.world.bot_sessions import BotSession
from analytics_platform.simulator.world.bot_turns import BotTurn, turns_of
from analytics_platform.simulator.world.instants import DAY, iso

_LONGEST_DAYS = 366
_RESULTS = {word.lower(): word for word in model("ReportingTurn").fields["askActionResult"].known_values}
_ALONE = ("actionId", "language", "askActionResults")
"""What may not be asked for beside a session (SDK, AnalyticsApi)."""


class BotsApi:
    """The turns of a bot flow, by the deprecated path and by its successor alike."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def handlers(self) -> Mapping[Operation, Callable[[Call], Answer]]:
        return {operation: self._serves(operation) for operation in BOTS}

    def _serves(self, operation: Operation) -> Callable[[Call], Answer]:
        return lambda call: self.turns(call, operation)

    def turns(self, call: Call, operation: Operation) -> Answer:
        """One page of turns, `nextUri` where more follow."""
        flow_id, query = call.path["botFlowId"], call.query
        if flow_id not in {flow.id for flow in self._org.world.organisation.bots}:
            raise not_found(f"bot flow {flow_id}")
        limits = operation.limits
        size = whole_number(query, "pageSize", limits.default_page_size or 50, limits.page_size)
        wanted = _Wanted(query)
        after = _opened(query["after"]) if "after" in query else None
        path = operation.path.format(botFlowId=quote(flow_id))
        told: dict[str, Any] = {"entities": [], "selfUri": f"{path}?{urlencode(query)}" if query else path}
        last: BotTurn | None = None
        for turn in self._following(flow_id, wanted, after):
            if len(told["entities"]) == size:
                assert last is not None
                told["nextUri"] = f"{path}?{urlencode(query | {'after': _cursor(last)})}"
                break
            told["entities"].append(_told(turn))
            last = turn
        return Answer.of(200, told)

    def _following(self, flow_id: str, wanted: "_Wanted", after: "_Place | None") -> Iterator[BotTurn]:
        """The turns known and kept at the clock's instant, in the order told, behind a place."""
        now = self._org.clock.now()
        oldest = now - self._org.assumptions.turn_retention_days * DAY
        first = max(oldest, wanted.interval.start) if wanted.interval else oldest
        last = min(now, wanted.interval.end) if wanted.interval else now
        if last <= first:
            return
        alive = self._org.bots.alive(self._org.edition(), first, last)
        sessions = [session for session in alive if session.flow.id == flow_id]
        sessions.sort(key=_newest_first)
        bases = self._org.world.organisation.knowledge_bases
        for session in sessions:
            place = _newest_first(session)
            if not wanted.takes(session) or (after is not None and place < after[0]):
                continue
            for turn in turns_of(session, bases):
                told_before = after is not None and place == after[0] and turn.number <= after[1]
                if not told_before and first <= turn.completed < last and wanted.matches(turn):
                    yield turn


class _Wanted:
    """The filters of a request; ApiError 400 for those that cannot be."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self.interval: Interval | None = None
        if "interval" in query:
            self.interval = parse_interval(query["interval"], _LONGEST_DAYS)
        self._session, self._action, self._language = (
            query.get(name) for name in ("sessionId", "actionId", "language")
        )
        if self._session is not None and (beside := [name for name in _ALONE if name in query]):
            raise bad_request(f"A sessionId may not be combined with {', '.join(beside)}")
        self._results = {word.lower() for word in listed_words(query, "askActionResults")}
        for word in self._results - set(_RESULTS):
            raise invalid_value(word, "AskActionResult", tuple(_RESULTS.values()))

    def takes(self, session: BotSession) -> bool:
        return self._session in (None, session.id) and (self._language or session.language) == session.language

    def matches(self, turn: BotTurn) -> bool:
        action = turn.facts.get("askAction", {}).get("actionId")
        result = turn.facts.get("askActionResult", "").lower()
        return self._action in (None, action) and (not self._results or result in self._results)


_Place = tuple[tuple[int, str], int]
"""A turn in the order they are told: its session's place, and its number."""


def _newest_first(session: BotSession) -> tuple[int, str]:
    return -session.start, session.id


def _told(turn: BotTurn) -> dict[str, Any]:
    """The vendor's ReportingTurn."""
    session = turn.session
    conversation = {
        "id": session.conversation_id,
        "selfUri": f"/api/v2/analytics/conversations/{session.conversation_id}/details",
    }
    return turn.facts | {
        "sessionId": session.id,
        "conversation": conversation,
        "dateCreated": iso(turn.created),
        "dateCompleted": iso(turn.completed),
    }


def _cursor(turn: BotTurn) -> str:
    started, session_id = _newest_first(turn.session)
    return base64.urlsafe_b64encode(f"{started}|{session_id}|{turn.number}".encode()).decode()


def _opened(cursor: str) -> _Place:
    try:
        started, session_id, number = base64.b64decode(cursor, altchars=b"-_", validate=True).decode().split("|")
        return (int(started), session_id), int(number)
    except ValueError:
        raise ApiError(400, "invalid.query.param.value", f"The cursor [{cursor}] is not valid") from None
