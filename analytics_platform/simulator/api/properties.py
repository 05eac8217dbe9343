"""Properties that somebody indexed on a conversation, beside those the world has put there."""

from msgspec import Struct

from analytics_platform.simulator.api.records.conversations import ConversationRecord
from analytics_platform.simulator.api.records.sessions import PropertyRecord, SegmentRecord
from analytics_platform.simulator.world.instants import parse


class Indexed(Struct, frozen=True):
    """What was indexed at the instant `known`: on the segments of a session alive at `target`."""

    session_id: str
    target: int
    known: int
    properties: tuple[PropertyRecord, ...]


class PropertyIndex:
    """The indexed properties by conversation; whoever looks at the instant of indexing or later sees them."""

    def __init__(self) -> None:
        self._indexed: dict[str, tuple[Indexed, ...]] = {}

    def add(self, conversation_id: str, indexed: Indexed) -> None:
        self._indexed[conversation_id] = (*self._indexed.get(conversation_id, ()), indexed)

    def holds(self, conversation_id: str) -> bool:
        """Whether anything was ever indexed on a conversation."""
        return conversation_id in self._indexed

    def told(self, record: ConversationRecord | None, at: int) -> ConversationRecord | None:
        """The record, its segments carrying what was indexed up to an instant."""
        if record is None or not self._indexed:
            return record
        for indexed in self._indexed.get(str(record.conversationId), ()):
            if indexed.known <= at:
                for segment in segments_alive(record, indexed.session_id, indexed.target) or ():
                    segment.properties = [*(segment.properties or ()), *indexed.properties]
        return record


def segments_alive(record: ConversationRecord, session_id: str, target: int) -> list[SegmentRecord] | None:
    """The segments of a session that were alive at an instant; None when the conversation has no such session."""
    for participant in record.participants or ():
        for session in participant.sessions or ():
            if session.sessionId == session_id:
                return [segment for segment in session.segments or () if _alive(segment, target)]
    return None


def _alive(segment: SegmentRecord, target: int) -> bool:
    start, end = str(segment.segmentStart), segment.segmentEnd
    return parse(start) <= target and (not isinstance(end, str) or target < parse(end))
