"""What messages and chats have in common: a customer's session, a bot, a queue, an agent, and counts of messages."""

from analytics_platform.simulator.world.conversation import Facts, Flow, Metric, Segment, Session
from analytics_platform.simulator.world.instants import MINUTE, SECOND
from analytics_platform.simulator.world.legs import routing_facts, wrap_up_facts
from analytics_platform.simulator.world.metrics import agent_metrics, customer_metrics, queue_metrics
from analytics_platform.simulator.world.organisation import Agent, PublishedFlow, Queue
from analytics_platform.simulator.world.stage import Stage, chain


def digital_customer(stage: Stage, facts: Facts, start: int, end: int, queue: Queue | None, left: str) -> Session:
    """The customer's session, connected from the first word to the end, with its count of messages."""
    talking = routing_facts(queue) if queue else {"conference": False}
    session = Session(dict(facts), [Segment(start, end, "interact", talking, {"disconnectType": left})])
    said = 2 + int(stage.dice.random() * 20)
    session.metrics = [
        *customer_metrics(start, end),
        Metric(end, "oMessageCount", said),
        Metric(end, "oMessageTurn", 1 + said // 2),
        Metric(end, "oMediaCount", said // 8),
    ]
    session.metrics.sort()
    return session


def bot_session(
    stage: Stage, facts: Facts, peer: str, start: int, end: int, bot: PublishedFlow, target: Queue | None
) -> Session:
    """A bot that talks first; without a target it was enough."""
    dice = stage.dice
    language = dice.pick(stage.organisation.language_codes)
    told = Flow(
        {"entryReason": bot.name, "entryType": "flow", "flowId": bot.id, "flowName": bot.name}
        | {"flowType": bot.type, "flowVersion": "2.0", "startingLanguage": language},
        end,
        {"endingLanguage": language, "exitReason": "TRANSFER" if target else "COMPLETE"},
    )
    if dice.chance(0.3):
        told.closing["recognitionFailureReason"] = dice.pick(("MAX_NO_MATCHES", "NO_INPUT"))
    segment = Segment(start, end, "system", {"conference": False}, {"disconnectType": "transfer"})
    session = Session({**facts, "peerId": peer, "sessionId": dice.uuid()}, [segment], flow=told)
    session.metrics = [
        Metric(start, "nBotInteractions", 1),
        Metric(start, "nFlow", 1),
        Metric(end, "tFlow", end - start),
        Metric(end, "tFlowExit" if target else "tFlowDisconnect", end - start),
    ]
    return session


def digital_queue(stage: Stage, facts: Facts, peer: str, start: int, end: int, queue: Queue) -> Session:
    """Waiting for an agent until `end`."""
    told = {**facts, "flowInType": "botflow", "peerId": peer, "sessionId": stage.dice.uuid()}
    told["requestedRoutings"] = ["Standard"]
    segment = Segment(start, end, "interact", routing_facts(queue), {"disconnectType": "transfer"})
    return Session(told, [segment], queue_metrics(start, end, False, 2 * MINUTE))


def digital_agent(
    stage: Stage, facts: Facts, peer: str, agent: Agent, taken: int, end: int, queue: Queue, waited: int
) -> Session:
    """An agent from the alert to the end of the wrap-up at `end`; first and average response times told."""
    dice = stage.dice
    left = end - taken
    alert, wrap_up = min(left // 10, dice.span(SECOND, 9 * SECOND)), min(left // 10, dice.span(SECOND, 2 * MINUTE))
    steps = [("alert", alert), ("interact", left - alert - wrap_up), ("wrapup", wrap_up)]
    segments = chain(taken, steps, routing_facts(queue), {})
    segments[1].closing = {"disconnectType": "client"}
    segments[2].closing = {"disconnectType": "client", **wrap_up_facts(stage, queue)}
    told = {**facts, "peerId": peer, "requestedRoutings": ["Standard"], "sessionId": dice.uuid()}
    told["usedRouting"] = "Standard"
    session = Session(told, segments, agent_metrics(segments, waited))
    answered, talked = segments[1].start, segments[1].end
    quick = min(dice.span(3 * SECOND, 90 * SECOND), talked - answered)
    session.metrics += [
        Metric(answered + quick, "tFirstResponse", quick),
        Metric(answered + quick, "tFirstEngagement", waited + quick),
        Metric(answered + quick, "tAgentResponseTime", quick),
        Metric(talked, "tAverageAgentResponseTime", quick),
        Metric(talked, "tUserResponseTime", quick // 2),
        Metric(talked, "oMessageCount", 1 + int(dice.random() * 12)),
    ]
    session.metrics.sort()
    return session
