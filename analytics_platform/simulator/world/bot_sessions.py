"""Bot sessions: every conversation that met a bot, seen from the bot's side."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock

from analytics_platform.simulator.world.conversation import Conversation, Session
from analytics_platform.simulator.world.dice import Dice
from analytics_platform.simulator.world.edition import Edition
from analytics_platform.simulator.world.organisation import PublishedFlow
from analytics_platform.simulator.world.outline import Outline
from analytics_platform.simulator.world.world import World

_MEET_A_BOT = frozenset(("message", "chat"))
"""The kinds of conversation that do."""
_KEPT = 20_000
"""Conversations whose bot sessions are kept, a few hundred bytes each."""
_FAILED = {True: "ExitRecognitionFailure", False: "DisconnectRecognitionFailure"}
_HANDED_ON = ("TransferToACD", "TransferToACD", "ExitRequestedByBot", "ExitRequestedByUser", "ExitError")
_ENDED = (
    "DisconnectRequestedByUser",
    "DisconnectRequestedByBot",
    "DisconnectSessionExpired",
    "DisconnectError",
)


@dataclass(frozen=True, slots=True)
class BotSession:
    """`[start, end)` of one bot in one conversation; its id is that of the conversation's session.

    `result` is the vendor's botResult. `turns` are when each turn began; a turn is complete when the next begins, the
    last at `end`.
    """

    id: str
    conversation_id: str
    flow: PublishedFlow
    flow_version: str
    start: int
    end: int
    media_type: str
    message_type: str | None
    language: str
    external_contact_id: str | None
    self_served: bool
    result: str
    failure_reason: str | None
    turns: tuple[int, ...]


class BotSessions:
    """The bot sessions of a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._flows = {flow.id: flow for flow in world.organisation.bots}
        self._kept: OrderedDict[Outline, tuple[BotSession, ...]] = OrderedDict()
        self._lock = Lock()

    def alive(self, edition: Edition, start: int, end: int) -> Iterator[BotSession]:
        """The sessions that lived in `[start, end]`, by the start of their conversation, as an edition has them."""
        for outline in edition.outlines_alive(start, end):
            if outline.kind in _MEET_A_BOT:
                yield from (session for session in self._of(outline) if session.start < end and session.end >= start)

    def _of(self, outline: Outline) -> tuple[BotSession, ...]:
        with self._lock:
            found = self._kept.get(outline)
            if found is None:
                found = tuple(self._drawn(self._world.conversation(outline)))
                self._kept[outline] = found
                if len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return found

    def _drawn(self, conversation: Conversation) -> Iterator[BotSession]:
        contacts = [told.facts.get("externalContactId") for told in conversation.participants]
        contact = next((contact for contact in contacts if contact is not None), None)
        for participant in conversation.participants:
            if participant.facts["purpose"] == "botflow":
                for session in participant.sessions:
                    yield self._session(conversation, session, contact)

    def _session(self, conversation: Conversation, session: Session, contact: str | None) -> BotSession:
        dice = Dice(f"bot/{session.id}")
        assert session.flow is not None
        told = session.flow.facts | session.flow.closing
        handed_on = told["exitReason"] == "TRANSFER"
        failure = told.get("recognitionFailureReason")
        count = 2 + int(dice.random() * 7)
        cuts = sorted(dice.span(session.start, session.end) for _ in range(count - 1))
        return BotSession(
            id=session.id,
            conversation_id=conversation.id,
            flow=self._flows[told["flowId"]],
            flow_version=told["flowVersion"],
            start=session.start,
            end=session.end,
            media_type=session.facts["mediaType"],
            message_type=session.facts.get("messageType"),
            language=told["startingLanguage"],
            external_contact_id=contact,
            self_served=not handed_on,
            result=_FAILED[handed_on] if failure else dice.pick(_HANDED_ON if handed_on else _ENDED),
            failure_reason=failure,
            turns=(session.start, *cuts),
        )
