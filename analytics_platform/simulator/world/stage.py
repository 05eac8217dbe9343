"""The stage a story is told on: its dice, the organisation, and the conversation as it grows."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from analytics_platform.simulator.world.conversation import (
    Conversation,
    Facts,
    Late,
    Participant,
    Segment,
    Session,
)
from analytics_platform.simulator.world.dice import Dice
from analytics_platform.simulator.world.organisation import Agent, Organisation
from analytics_platform.simulator.world.outline import Outline


@dataclass(slots=True)
class Stage:
    """Everything one story works with; `facts` become the conversation's. `on_duty` are the agents at work then."""

    outline: Outline
    dice: Dice
    organisation: Organisation
    on_duty: Sequence[Agent]
    facts: Facts = field(default_factory=dict)
    participants: list[Participant] = field(default_factory=list)
    later: list[Late] = field(default_factory=list)
    spells: list[tuple[int, int]] = field(default_factory=list)
    evaluations: list[Late] = field(default_factory=list)
    surveys: list[Late] = field(default_factory=list)
    resolutions: list[Late] = field(default_factory=list)

    def join(
        self,
        purpose: str,
        sessions: list[Session],
        attributes: Sequence[Late] = (),
        later: Sequence[Late] = (),
        **facts: object,
    ) -> Participant:
        """A participant enters with its sessions; `facts` are its other fields."""
        known = {"participantId": self.dice.uuid(), "purpose": purpose, **facts}
        participant = Participant(known, sessions, list(attributes), list(later))
        self.participants.append(participant)
        return participant

    def agent(self) -> Agent:
        """Somebody at work when the conversation starts."""
        return self.dice.pick(self.on_duty)

    def closed(self) -> Conversation:
        """The finished conversation: participants by first segment, its end the last segment's end."""
        participants = sorted(self.participants, key=lambda participant: participant.start)
        last = max(session.end for participant in participants for session in participant.sessions)
        spells = self.spells or [(self.outline.start, last)]
        return Conversation(
            self.outline.id,
            self.outline.start,
            spells,
            self.facts,
            participants,
            self.later,
            self.evaluations,
            self.surveys,
            self.resolutions,
        )


def chain(start: int, steps: Sequence[tuple[str, int]], facts: Facts, closing: Facts) -> list[Segment]:
    """Contiguous segments of `(kind, milliseconds)`; all share `facts`, the last closes with `closing`."""
    segments: list[Segment] = []
    for kind, length in steps:
        segments.append(Segment(start, start + length, kind, facts, {}))
        start += length
    segments[-1].closing = closing
    return segments
