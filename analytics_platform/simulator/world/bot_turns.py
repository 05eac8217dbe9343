"""What is said in a bot session, turn by turn: asked, understood, looked up, and how it ended."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from analytics_platform.simulator.world.bot_sessions import BotSession
from analytics_platform.simulator.world.conversation import Facts
from analytics_platform.simulator.world.dice import Dice
from analytics_platform.simulator.world.organisation import Named

_INTENTS = ("Order status", "Return an item", "Change address", "Opening hours", "Speak to agent", "Cancel contract")
_SLOTS = (("orderNumber", "builtin:number"), ("city", "City"), ("date", "builtin:date"), ("product", "Product"))
_ACTIONS = (
    ("AskForNLUIntentAction", "Ask for intent"),
    ("AskForNLUNextIntentAction", "Ask for next intent"),
    ("AskForSlotAction", "Ask for slot"),
    ("AskForBooleanAction", "Ask yes or no"),
    ("DigitalMenuAction", "Menu"),
    ("WaitForInputAction", "Wait for input"),
)
_COLLECTED = ("SuccessCollection",) * 9 + (
    "NoMatchCollection",
    "NoInputCollection",
    "SkippedCollection",
    "PartialCollection",
    "AgentRequestedByUser",
    "GuardrailsViolation",
    "Error",
    "ExpressionError",
)
_CONFIRMED = (
    "ConfirmationRequired",
    "SuccessConfirmationYes",
    "SuccessConfirmationYes",
    "SuccessConfirmationNo",
    "NoMatchConfirmation",
    "NoInputConfirmation",
)
_TOLD_APART = (
    "DisambiguationRequired",
    "SuccessDisambiguation",
    "SuccessDisambiguation",
    "SuccessDisambiguationNone",
    "NoMatchDisambiguation",
    "NoInputDisambiguation",
)
_SAID = ("Where is my order?", "yes", "no", "the blue one", "Größe 42, bitte", "I want\nto talk to somebody", "4711")
_ASKED = ("How can I help you?", "Which order is it about?", "Is that right?", "Choose one: 1) orders 2) returns")


@dataclass(frozen=True, slots=True)
class BotTurn:
    """`[created, completed)` of a session; `facts` are keyed as the vendor's ReportingTurn keys them."""

    session: BotSession
    number: int
    created: int
    completed: int
    facts: Facts


def turns_of(session: BotSession, knowledge_bases: tuple[str, ...]) -> list[BotTurn]:
    """All turns of a session in their order, the last of them with how the session ended."""
    dice = Dice(f"turns/{session.id}")
    ends = (*session.turns[1:], session.end)
    turns: list[BotTurn] = []
    for number, (created, completed) in enumerate(zip(session.turns, ends, strict=True)):
        kind = _asked_for_intent if number == 0 else dice.pick(_KINDS)
        prompts: Facts = {"botPrompts": dice.few(_ASKED, 2)}
        facts = prompts | kind(dice, session, knowledge_bases)
        if "NoInput" not in facts.get("askActionResult", "") and kind is not _told_only:
            facts["userInput"] = dice.pick(_SAID)
        turns.append(BotTurn(session, number, created, completed, facts))
    turns[-1].facts["sessionEndDetails"] = {
        "type": "Disconnect" if session.result.startswith("Disconnect") else "Exit",
        "reason": session.result,
    }
    return turns


@lru_cache(maxsize=64)
def intents_of(flow_id: str) -> tuple[Named, ...]:
    """The intents a bot knows."""
    dice = Dice(f"intents/{flow_id}")
    return tuple(Named(dice.uuid(), name) for name in _INTENTS)


@lru_cache(maxsize=64)
def _actions_of(flow_id: str) -> dict[str, Facts]:
    dice = Dice(f"actions/{flow_id}")
    return {
        kind: {"actionId": dice.uuid(), "actionName": name, "actionNumber": 10 + number, "actionType": kind}
        for number, (kind, name) in enumerate(_ACTIONS)
    }


def _ask(session: BotSession, action: str, result: str) -> Facts:
    return {"askAction": _actions_of(session.flow.id)[action], "askActionResult": result}


def _intent(dice: Dice, session: BotSession, slots: int) -> Facts:
    intent = dice.pick(intents_of(session.flow.id))
    told: Facts = {"name": intent.name, "id": intent.id, "confidence": round(0.4 + 0.6 * dice.random(), 3)}
    if slots:
        told["slots"] = [
            {"name": name, "value": dice.digits(4), "type": kind, "confidence": round(dice.random(), 3)}
            for name, kind in dice.few(_SLOTS, slots)
        ]
    return told


def _asked_for_intent(dice: Dice, session: BotSession, bases: tuple[str, ...]) -> Facts:
    result = dice.pick(_COLLECTED)
    told = _ask(session, "AskForNLUIntentAction", result)
    return told | ({"intent": _intent(dice, session, 0)} if result == "SuccessCollection" else {})


def _asked_for_slot(dice: Dice, session: BotSession, bases: tuple[str, ...]) -> Facts:
    result = dice.pick(_COLLECTED)
    filled = result in ("SuccessCollection", "PartialCollection")
    return _ask(session, "AskForSlotAction", result) | ({"intent": _intent(dice, session, 3)} if filled else {})


def _confirmed(dice: Dice, session: BotSession, bases: tuple[str, ...]) -> Facts:
    return _ask(session, "AskForSlotAction", dice.pick(_CONFIRMED)) | {"intent": _intent(dice, session, 1)}


def _told_apart(dice: Dice, session: BotSession, bases: tuple[str, ...]) -> Facts:
    return _ask(session, "AskForNLUIntentAction", dice.pick(_TOLD_APART))


def _chosen(dice: Dice, session: BotSession, bases: tuple[str, ...]) -> Facts:
    action = dice.pick(("AskForBooleanAction", "DigitalMenuAction", "WaitForInputAction"))
    return _ask(session, action, dice.pick(_COLLECTED))


def _told_only(dice: Dice, session: BotSession, bases: tuple[str, ...]) -> Facts:
    """The bot speaks and asks nothing."""
    return {}


def _looked_up(dice: Dice, session: BotSession, bases: tuple[str, ...]) -> Facts:
    """A search of a knowledge base, now and then with the customer's opinion of what was found."""
    base, search, query = dice.pick(bases), dice.uuid(), dice.pick(_SAID)
    documents = [
        {"id": dice.uuid(), "question": f"Question {dice.digits(3)}?", "answer": "It depends.", "confidence": score}
        for score in (0.9, 0.55)[: 1 + int(dice.random() * 2)]
    ]
    found: Facts = {"searchId": search, "documents": documents}
    told = _ask(session, "AskForNLUNextIntentAction", "SuccessCollection")
    told["knowledge"] = {"knowledgeBaseId": base, "search": found | {"query": query}}
    event = found | {"knowledgeBaseId": base, "searchQuery": query, "answerDocumentId": documents[0]["id"]}
    told["knowledgeBaseEvents"] = {"search": [event]}
    if dice.chance(0.4):
        rating = 1 + int(dice.random() * 5)
        told["knowledge"]["feedback"] = found | {"rating": rating}
        opinion = {"knowledgeBaseId": base, "feedbackRating": rating}
        opinion |= {"documentVariationId": dice.uuid(), "documentVersionId": dice.uuid()}
        told["knowledgeBaseEvents"]["feedback"] = [found | opinion]
    return told


_KINDS: tuple[Callable[[Dice, BotSession, tuple[str, ...]], Facts], ...] = (
    _asked_for_intent,
    _asked_for_slot,
    _asked_for_slot,
    _confirmed,
    _told_apart,
    _chosen,
    _looked_up,
    _looked_up,
    _told_only,
)
