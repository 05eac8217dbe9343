"""Communications: the talks of agents with customers in a conversation, as far as they are over."""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import UNSET

from analytics_platform.simulator.api.records.conversations import ConversationRecord, ParticipantRecord
from analytics_platform.simulator.api.records.sessions import SessionRecord
from analytics_platform.simulator.world.instants import parse


class Communication(NamedTuple):
    """An agent's session whose talk is over: when that was, and the milliseconds of its talking."""

    participant: ParticipantRecord
    session: SessionRecord
    ended: int
    talked: int


def communications(conversation: ConversationRecord) -> Iterator[Communication]:
    """All of a conversation, by participant and session."""
    for participant in conversation.participants or ():
        for session in participant.sessions or ():
            talk = [segment for segment in session.segments or () if segment.segmentType != "wrapup"]
            spoken = [segment for segment in talk if segment.segmentType == "interact"]
            if participant.purpose != "agent" or not spoken or any(each.segmentEnd is UNSET for each in talk):
                continue
            lengths = [parse(str(each.segmentEnd)) - parse(str(each.segmentStart)) for each in spoken]
            yield Communication(participant, session, parse(str(talk[-1].segmentEnd)), sum(lengths))
