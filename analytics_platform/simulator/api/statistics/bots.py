"""What bots count: sessions at their end, what was understood in a turn at the turn's completion.

The vendor publishes no definition of these metrics, so they are assumed: a session counts once when it ends, its time
also as that of the way it ended (disconnect, or exit and transfer) and of a recognition failure; a session with a
look-up in a knowledge base is a query, one that filled a slot a collection, each counted again where no agent was
needed; intents and slots count once for every turn that detected them.
"""

from collections.abc import Iterable, Iterator

from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.statistics.facts import Fact
from analytics_platform.simulator.world.bot_sessions import BotSession
from analytics_platform.simulator.world.bot_turns import BotTurn, turns_of

Dimensions = dict[str, tuple[str, ...]]


def facts(org: Org, start: int, end: int) -> Iterator[Fact]:
    """The facts with `start <= at < end`, as known at the org's clock."""
    until = min(end, org.aggregated())
    for session in org.bots.alive(org.edition(), start, until):
        told = facts_of_session(session, org.world.organisation.knowledge_bases)
        yield from (fact for fact in told if start <= fact.at < until)


def facts_of_session(session: BotSession, knowledge_bases: tuple[str, ...]) -> Iterator[Fact]:
    """Everything one session counts, whenever."""
    turns = turns_of(session, knowledge_bases)
    yield from _of_session(session, turns)
    for turn in turns:
        yield from _of_turn(turn)


def _of_session(session: BotSession, turns: list[BotTurn]) -> Iterator[Fact]:
    asked = [turn.facts["askAction"]["actionId"] for turn in turns if "askAction" in turn.facts]
    answered = [turn.facts["askAction"]["actionId"] for turn in turns if {"askAction", "userInput"} <= set(turn.facts)]
    intents = [turn.facts["intent"]["name"] for turn in turns if "intent" in turn.facts]
    bases = [turn.facts["knowledge"]["knowledgeBaseId"] for turn in turns if "knowledge" in turn.facts]
    dimensions = _dimensions(session) | _present(
        botResult=[session.result],
        selfServed=[str(session.self_served).lower()],
        botRecognitionFailureReason=[session.failure_reason] if session.failure_reason else (),
        botFinalIntent=intents[-1:],
        intermediateIntentName=sorted(set(intents[:-1])),
        knowledgeBaseId=sorted(set(bases)),
        lastActionId=asked[-1:],
        lastInputActionId=answered[-1:],
    )
    lasted = session.end - session.start
    left = "tBotDisconnect" if session.result.startswith("Disconnect") else "tBotExit"
    values = {"nBotSessions": 1, "nBotSessionTurns": len(turns), "oBotSessionTurn": len(turns)}
    values |= {"tBotSession": lasted, left: lasted}
    if session.failure_reason:
        values["tBotRecognitionFailure"] = lasted
    collected = any("slots" in turn.facts.get("intent", {}) for turn in turns)
    for name, happened in (("oBotSessionQuery", bool(bases)), ("oBotSessionCollection", collected)):
        if happened:
            values |= {name: 1} | ({f"{name}SelfServed": 1} if session.self_served else {})
    yield from (Fact(session.end, metric, value, dimensions) for metric, value in values.items())


def _of_turn(turn: BotTurn) -> Iterator[Fact]:
    if "intent" not in turn.facts:
        return
    action, intent = turn.facts["askAction"], turn.facts["intent"]
    dimensions = _dimensions(turn.session) | _present(
        askActionId=[action["actionId"]],
        askActionResult=[turn.facts["askActionResult"]],
        askActionType=[action["actionType"]],
        botIntent=[intent["name"]],
    )
    yield Fact(turn.completed, "oBotIntent", 1, dimensions)
    for slot in intent.get("slots", ()):
        yield Fact(turn.completed, "oBotSlot", 1, dimensions | {"botSlot": (slot["name"],)})


def _dimensions(session: BotSession) -> Dimensions:
    """Those that a session has from its first instant on."""
    return _present(
        botFlowType=[session.flow.type],
        botId=[session.flow.id],
        botName=[session.flow.name],
        botProvider=["Genesys"],
        botSessionId=[session.id],
        botVersion=[session.flow_version],
        conversationId=[session.conversation_id],
        externalContactId=[session.external_contact_id] if session.external_contact_id else (),
        languageCode=[session.language],
        mediaType=[session.media_type],
        messageType=[session.message_type] if session.message_type else (),
        previewMode=["false"],
    )


def _present(**values: Iterable[str]) -> Dimensions:
    """Those that have a value."""
    return {name: tuple(held) for name, held in values.items() if held}
