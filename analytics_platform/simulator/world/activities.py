"""What goes on at an instant: who waits in a queue, is rung, is talked to, and which flows run.

A conversation's activities are drawn when it may first be alive and kept while it may be, so that a world looked at
every few minutes tells a conversation once.
"""

from collections.abc import Iterator
from threading import Lock
from typing import NamedTuple

from analytics_platform.simulator.world.conversation import Conversation, Participant, Session
from analytics_platform.simulator.world.edition import Edition
from analytics_platform.simulator.world.outline import Outline

WAITING, ALERTING, INTERACTING, FLOWING = "waiting", "alerting", "interacting", "flowing"
_KINDS = {
    ("acd", "delay"): WAITING,
    ("acd", "interact"): WAITING,
    ("agent", "alert"): ALERTING,
    ("agent", "interact"): INTERACTING,
    ("agent", "hold"): INTERACTING,
}
"""What a segment is to its queue, by the participant's purpose and the segment's type; others are nothing to it."""


class Activity(NamedTuple):
    """`[since, until)` of one session; `about` is the id of its queue, of its flow where it is FLOWING."""

    kind: str
    about: str
    media_type: str
    since: int
    until: int
    outline: Outline
    session_id: str


class Activities:
    """The activities of a world, by instant."""

    def __init__(self) -> None:
        self._kept: dict[Outline, tuple[Activity, ...]] = {}
        self._lock = Lock()

    def at(self, edition: Edition, instant: int) -> list[Activity]:
        """What was known before an instant to go on still, by beginning."""
        with self._lock:
            kept: dict[Outline, tuple[Activity, ...]] = {}
            for outline in edition.outlines_alive(instant, instant):
                found = self._kept.get(outline)
                kept[outline] = found if found is not None else _drawn(edition, outline)
            self._kept = kept
        going = [each for drawn in kept.values() for each in drawn if each.since < instant <= each.until]
        return sorted(going, key=lambda each: (each.since, each.session_id))


def _drawn(edition: Edition, outline: Outline) -> tuple[Activity, ...]:
    return tuple(activities_of(edition.world.conversation(outline), outline))


def activities_of(conversation: Conversation, outline: Outline) -> Iterator[Activity]:
    """All activities of one conversation; neighbouring segments of a kind are one."""
    for participant in conversation.participants:
        for session in participant.sessions:
            media = str(session.facts["mediaType"])
            if session.flow is not None:
                flow_id = str(session.flow.facts["flowId"])
                yield Activity(FLOWING, flow_id, media, session.start, session.flow.end, outline, session.id)
            for kind, queue_id, since, until in _stretches(participant, session):
                yield Activity(kind, queue_id, media, since, until, outline, session.id)


def _stretches(participant: Participant, session: Session) -> Iterator[tuple[str, str, int, int]]:
    going: tuple[str, str, int, int] | None = None
    for segment in session.segments:
        kind = _KINDS.get((participant.facts["purpose"], segment.kind))
        queue_id = segment.facts.get("queueId")
        if going is not None and going[:2] == (kind, queue_id) and going[3] == segment.start:
            going = (going[0], going[1], going[2], segment.end)
            continue
        if going is not None:
            yield going
        going = (kind, queue_id, segment.start, segment.end) if kind and queue_id else None
    if going is not None:
        yield going
