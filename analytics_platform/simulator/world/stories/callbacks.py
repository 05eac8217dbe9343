"""Callbacks: the caller leaves the queue's line and is called back - after a voicemail, or at an hour agreed on."""

from analytics_platform.simulator.world.conversation import Facts, Metric, Segment, Session
from analytics_platform.simulator.world.instants import HOUR, MINUTE, SECOND, iso
from analytics_platform.simulator.world.legs import (
    Line,
    agent_leg,
    customer_leg,
    routing_facts,
    voice_facts,
    wrap_up_facts,
)
from analytics_platform.simulator.world.metrics import agent_metrics, customer_metrics, queue_metrics
from analytics_platform.simulator.world.organisation import Queue
from analytics_platform.simulator.world.stage import Stage, chain
from analytics_platform.simulator.world.stories.inbound_calls import customer_joins, open_call


def callback(stage: Stage) -> None:
    """The menu issues the callback, it waits in the queue for minutes to hours, an agent takes it and dials."""
    dice = stage.dice
    queue = dice.pick(stage.organisation.queues)
    line, start, menu_end = open_call(stage, queue)
    flow = stage.participants[0].sessions[0].flow
    assert flow is not None
    flow.closing["issuedCallback"] = True
    by_voicemail = dice.chance(0.5)
    left = menu_end + (dice.span(5 * SECOND, MINUTE) if by_voicemail else SECOND)
    if by_voicemail:
        flow.closing["transferType"] = "ACD_VOICEMAIL"
        _voicemail(stage, line, menu_end + 6, left, queue)
    customer_joins(stage, line, start, left, "endpoint", queue)
    waited = dice.span(4 * MINUTE, 4 * HOUR)
    called = left + 5 * SECOND + waited
    facts: Facts = {
        "callbackNumbers": [line.ani.removeprefix("tel:")],
        "callbackUserName": "Guest " + line.ani[-4:],
        "direction": "outbound",
        "mediaType": "callback",
        "provider": "PureCloud Callback",
        "requestedRoutings": ["Standard"],
        "skipEnabled": True,
        "timeoutSeconds": 0,
    }
    if not by_voicemail:
        facts["callbackScheduledTime"] = iso(called)
        facts["agentOwned"] = dice.chance(0.5)
    _call_back(stage, line, facts, left, called, queue, "uploading" if by_voicemail else "scheduled")


def _call_back(stage: Stage, line: Line, facts: Facts, left: int, called: int, queue: Queue, opening: str) -> None:
    """The callback's three sides - customer, queue, agent - and the call the agent makes."""
    dice = stage.dice
    routing = routing_facts(queue)
    opened = left + 5 * SECOND
    talked = dice.span(30 * SECOND, 8 * MINUTE)
    agent = stage.agent()
    steps = [("alert", dice.span(SECOND, 8 * SECOND)), ("interact", talked), ("wrapup", dice.span(SECOND, 3 * MINUTE))]
    segments = chain(called, steps, routing, {})
    answered = segments[0].end
    segments[1].closing = {"disconnectType": "client"}
    segments[2].closing = {"disconnectType": "client", **wrap_up_facts(stage, queue)}
    peer = dice.uuid()
    waiting = Session(
        {**facts, "flowInType": "voicemail", "peerId": peer, "sessionId": dice.uuid()},
        [
            Segment(left, opened, opening, routing, {}),
            Segment(opened, answered, "interact", routing, {"disconnectType": "peer"}),
        ],
        queue_metrics(opened, answered, False, 10 * MINUTE),
    )
    stage.join("acd", [waiting])
    held = Session(
        {**facts, "sessionId": peer},
        [
            Segment(left - SECOND, opened, opening, routing, {}),
            Segment(opened, segments[2].end, "interact", routing, {"disconnectType": "client"}),
        ],
        customer_metrics(opened, segments[2].end),
    )
    stage.participants[-2].sessions.append(held)
    outward = Line(line.dnis, line.ani, "outbound", dice.uuid())
    dialed = answered + SECOND
    ringing = talked // 4
    voice = agent_leg(
        stage,
        outward,
        agent,
        dialed,
        [("dialing", ringing), ("interact", talked - ringing - SECOND)],
        None,
        None,
        "peer",
    )
    told = {**facts, "peerId": peer, "sessionId": dice.uuid()}
    taken = Session(told, segments, agent_metrics(segments, answered - opened))
    taken.metrics.append(Metric(answered, "nCallbackAttempts", 1))
    taken.metrics.sort()
    stage.join("agent", [taken, voice], userId=agent.id, teamId=agent.team_id)
    reached = customer_leg(stage, outward, dialed, dialed + ringing, voice.end, "peer", None)
    stage.join("customer", [reached], participantName="Guest " + line.ani[-4:])


def _voicemail(stage: Stage, line: Line, start: int, end: int, queue: Queue) -> None:
    """What the caller says after the tone."""
    facts = voice_facts(stage, line, stage.dice.uuid()) | {"peerId": line.peer}
    ready = start + 46
    session = Session(
        facts,
        [
            Segment(start, ready, "system", {"conference": False, "queueId": queue.id}, {}),
            Segment(ready, end, "interact", {"conference": False, "queueId": queue.id}, {"disconnectType": "peer"}),
        ],
        [Metric(end, "tVoicemail", end - ready)],
    )
    stage.join("voicemail", [session], participantName=queue.id)
