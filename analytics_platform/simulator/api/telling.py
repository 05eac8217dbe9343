"""Records of the world as bytes of JSON, and which of them a job or a query selects."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from threading import Lock
from typing import Any

import msgspec
from msgspec import UNSET

from analytics_platform.simulator.api.conversation_details import conversation_detail
from analytics_platform.simulator.api.interval import Interval
from analytics_platform.simulator.api.masking import mask
from analytics_platform.simulator.api.matching import Matcher
from analytics_platform.simulator.api.properties import PropertyIndex
from analytics_platform.simulator.api.records.conversations import ConversationRecord
from analytics_platform.simulator.api.user_details import user_detail
from analytics_platform.simulator.assumptions import Assumptions
from analytics_platform.simulator.world.agents import Timeline
from analytics_platform.simulator.world.changes import Step
from analytics_platform.simulator.world.conversation import Conversation
from analytics_platform.simulator.world.edition import Edition
from analytics_platform.simulator.world.instants import DAY, FOREVER
from analytics_platform.simulator.world.outline import Outline

_CACHED_BYTES = 64 << 20
_Telling = tuple[str, tuple[Step, ...], bool]
"""What bytes are kept by: a conversation, what it has gone through, and whether it is masked."""


class Teller:
    """Tells an edition of the world as of an instant: what happened before the instant, as the edition has it.

    Records that no longer change are kept as bytes, 64 MiB of them at most.
    """

    def __init__(self, assumptions: Assumptions) -> None:
        self.properties = PropertyIndex()
        self._touching = assumptions.touching_end_counts
        self._encoder = msgspec.json.Encoder()
        self._kept: OrderedDict[_Telling, tuple[int, bytes]] = OrderedDict()
        self._kept_bytes = 0
        self._lock = Lock()

    def conversation_record(self, edition: Edition, outline: Outline, at: int) -> ConversationRecord | None:
        """A conversation as known before `at`; None when it had not started."""
        record = self._told(edition.world.conversation(outline), at)
        return mask(record) if record is not None and edition.masked else record

    def conversation_without_attributes(self, edition: Edition, outline: Outline, at: int) -> ConversationRecord | None:
        """The same as synchronous queries tell it: no participant carries its attributes."""
        record = self.conversation_record(edition, outline, at)
        if record is not None:
            for participant in record.participants or ():
                participant.attributes = UNSET
        return record

    def conversation_json(self, edition: Edition, outline: Outline, at: int) -> bytes:
        """A conversation that started before `at`, as known before it, as JSON."""
        key = (outline.id, outline.steps, edition.masked)
        kept = self._kept.get(key)
        indexed = self.properties.holds(outline.id)
        if kept is not None and kept[0] <= at and not indexed:
            return kept[1]
        conversation = edition.world.conversation(outline)
        record = self._told(conversation, at)
        told = self._encoder.encode(mask(record) if record is not None and edition.masked else record)
        if conversation.settled <= at and not indexed:
            self._keep(key, conversation.settled, told)
        return told

    def user_json(self, edition: Edition, timeline: Timeline, interval: Interval, at: int) -> bytes:
        """A user's statuses in an interval as JSON."""
        start = interval.start if self._touching else interval.start + 1
        told = user_detail(timeline, start, interval.end, at, edition.world.organisation.presences)
        return self._encoder.encode(told)

    def conversations_alive(self, edition: Edition, interval: Interval, at: int, body: dict[str, Any]) -> list[Outline]:
        """What a conversation job selects, in the order asked for; filters, limit and day matching honoured."""
        earliest = interval.start // DAY * DAY if body.get("startOfDayIntervalMatching") else -FOREVER
        outlines = edition.outlines_alive(min(interval.start, at), interval.end)
        started = (each for each in outlines if each.start >= earliest)
        return self._chosen(edition, started, interval.start, at, body)

    def conversations_started(
        self, edition: Edition, interval: Interval, at: int, body: dict[str, Any]
    ) -> list[Outline]:
        """What a conversation query selects: of the conversations that started on a UTC day the interval touches,
        those its filters take, in the order asked for."""
        first, last = interval.start // DAY * DAY, -(-interval.end // DAY) * DAY
        return self._chosen(edition, edition.outlines_started(first, last), first, at, body)

    def _chosen(
        self, edition: Edition, outlines: Iterable[Outline], start: int, at: int, body: dict[str, Any]
    ) -> list[Outline]:
        """Of the outlines by start those that were alive from `start` on, as known before `at`, and match."""
        matcher = Matcher.of_conversations(body)
        order_by = body.get("orderBy") or "conversationStart"
        chosen: list[tuple[int, Outline]] = []
        for outline in outlines:
            if outline.start >= at:
                continue
            key = outline.start
            if outline.start < start or order_by != "conversationStart" or matcher.asks:
                conversation = edition.world.conversation(outline)
                if not self._alive(conversation, start, at):
                    continue
                if matcher.asks and not matcher.matches(self._told(conversation, at)):
                    continue
                key = _order_key(conversation, order_by, at)
            chosen.append((key, outline))
        return _ordered(chosen, body)

    def users_active(self, edition: Edition, interval: Interval, at: int, body: dict[str, Any]) -> list[Timeline]:
        """What a user job selects, by user id."""
        matcher = Matcher.of_users(body)
        start = interval.start if self._touching else interval.start + 1
        chosen: list[tuple[int, Timeline]] = []
        for position, timeline in enumerate(edition.timelines):
            record = user_detail(timeline, start, interval.end, at, edition.world.organisation.presences)
            if record is not None and (not matcher.asks or matcher.matches(record)):
                chosen.append((position, timeline))
        return _ordered(chosen, body)

    def _told(self, conversation: Conversation, at: int) -> ConversationRecord | None:
        return self.properties.told(conversation_detail(conversation, at), at)

    def _alive(self, conversation: Conversation, start: int, at: int) -> bool:
        end = conversation.end_seen(at)
        return conversation.start >= start or end is None or end > start or (self._touching and end == start)

    def _keep(self, key: _Telling, settled: int, told: bytes) -> None:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = (settled, told)
                self._kept_bytes += len(told)
            while self._kept_bytes > _CACHED_BYTES:
                _, (_, dropped) = self._kept.popitem(last=False)
                self._kept_bytes -= len(dropped)


def _order_key(conversation: Conversation, order_by: str, at: int) -> int:
    """What a conversation is sorted by; one that is still open has the latest end."""
    if order_by == "conversationStart":
        return conversation.start
    if order_by == "conversationEnd":
        end = conversation.end_seen(at)
        return FOREVER if end is None else end
    seen = list(_segments_seen(conversation, at))
    if order_by == "segmentStart":
        return min((start for start, _ in seen), default=conversation.start)
    return max((end if end < at else FOREVER for _, end in seen), default=FOREVER)


def _segments_seen(conversation: Conversation, at: int) -> Iterator[tuple[int, int]]:
    for participant in conversation.participants:
        for session in participant.sessions:
            for segment in session.segments:
                if segment.start < at:
                    yield segment.start, segment.end


def _ordered(chosen: list[tuple[int, Any]], body: dict[str, Any]) -> list[Any]:
    """By key as asked for; `unordered` is by nothing that means anything. Then cut to the limit."""
    order = body.get("order") or "asc"
    if order == "unordered":
        chosen = chosen[1::2] + chosen[::2]
    else:
        chosen.sort(key=lambda pair: pair[0], reverse=order == "desc")
    limit = body.get("limit")
    return [item for _, item in (chosen if limit is None else chosen[:limit])]
