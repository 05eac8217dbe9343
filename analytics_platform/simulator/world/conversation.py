"""What happened in a conversation, told once and for all; how much of it is seen depends on the instant one looks.

`facts` are keyed by the vendor's field names and hold plain JSON values; instants inside facts are the vendor's text.
Everything that has a time of its own (segments, metrics, media statistics, late facts) carries it as an instant.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from analytics_platform.simulator.world.instants import SECOND

Facts = dict[str, Any]


class Metric(NamedTuple):
    """A metric as it was emitted; `value` is milliseconds for a timer (t…), a count for n… and o…."""

    emitted: int
    name: str
    value: int


class Late(NamedTuple):
    """Facts that came to be known at an instant after their owner's first."""

    known: int
    facts: Facts


@dataclass(slots=True)
class Segment:
    """A stretch of a session, `[start, end)`; `closing` facts are known only once it has ended."""

    start: int
    end: int
    kind: str
    facts: Facts
    closing: Facts


@dataclass(slots=True)
class Flow:
    """A flow a session ran through; `outcomes` are `(start, end, facts)`."""

    facts: Facts
    end: int
    closing: Facts
    outcomes: list[tuple[int, int, Facts]] = field(default_factory=list)


@dataclass(slots=True)
class Session:
    """One medium of one participant."""

    facts: Facts
    segments: list[Segment]
    metrics: list[Metric] = field(default_factory=list)
    media: list[Late] = field(default_factory=list)
    later: list[Late] = field(default_factory=list)
    flow: Flow | None = None

    @property
    def id(self) -> str:
        return str(self.facts["sessionId"])

    @property
    def start(self) -> int:
        return self.segments[0].start

    @property
    def end(self) -> int:
        return max(segment.end for segment in self.segments)


@dataclass(slots=True)
class Participant:
    """Somebody, or something, that took part."""

    facts: Facts
    sessions: list[Session]
    attributes: list[Late] = field(default_factory=list)
    later: list[Late] = field(default_factory=list)

    @property
    def start(self) -> int:
        return min(session.start for session in self.sessions)


@dataclass(slots=True)
class Conversation:
    """A conversation from its first instant to its last.

    `spells` are the stretches `(start, end)` in which it was open, in order: one for most, several for one that was
    closed and opened again.
    """

    id: str
    start: int
    spells: list[tuple[int, int]]
    facts: Facts
    participants: list[Participant]
    later: list[Late] = field(default_factory=list)
    evaluations: list[Late] = field(default_factory=list)
    surveys: list[Late] = field(default_factory=list)
    resolutions: list[Late] = field(default_factory=list)

    @property
    def settled(self) -> int:
        """The instant after which nothing about it changes any more: metrics and statistics trail a segment by less
        than a second, judgements and corrections come when they are known."""
        last = max(session.end for participant in self.participants for session in participant.sessions)
        judged = (self.later, self.evaluations, self.surveys, self.resolutions)
        late = [told.known for row in judged for told in row]
        late += [told.known for participant in self.participants for told in participant.later]
        return max([last + SECOND, *late]) + 1

    def end_seen(self, at: int) -> int | None:
        """Its end as known at an instant: None while it is open then."""
        end: int | None = None
        for spell_start, spell_end in self.spells:
            if spell_start >= at:
                break
            end = spell_end if spell_end < at else None
        return end
