"""The legs of a telephone call: customer, flow, queue and agent, each a session with the metrics that follow."""

from dataclasses import dataclass

from analytics_platform.simulator.world.conversation import Facts, Flow, Late, Segment, Session
from analytics_platform.simulator.world.instants import SECOND
from analytics_platform.simulator.world.metrics import (
    agent_metrics,
    customer_metrics,
    flow_metrics,
    queue_metrics,
)
from analytics_platform.simulator.world.organisation import Agent, PublishedFlow, Queue
from analytics_platform.simulator.world.stage import Stage, chain

SERVICE_LEVEL = 20 * SECOND
SERVICE_TARGET = 0.8
"""The share of conversations that every queue means to answer within its service level."""


@dataclass(frozen=True, slots=True)
class Line:
    """The two ends of a call and its direction; `peer` is the customer's session."""

    ani: str
    dnis: str
    direction: str
    peer: str


def new_line(stage: Stage, direction: str) -> Line:
    """A customer's number on one side, one of the organisation's on the other."""
    dice = stage.dice
    caller = "tel:+999" + dice.digits(8)
    if dice.chance(0.03):
        caller = dice.pick(("sip:anonymous@localhost", "Harbour City", dice.digits(9)))
    service = dice.pick(stage.organisation.service_numbers)
    ani, dnis = (caller, service) if direction == "inbound" else (service, caller)
    return Line(ani, dnis, direction, dice.uuid())


def voice_facts(stage: Stage, line: Line, session: str) -> Facts:
    """What every session of a call carries."""
    dice = stage.dice
    return {
        "ani": line.ani,
        "direction": line.direction,
        "dnis": line.dnis,
        "edgeId": dice.pick(stage.organisation.edges),
        "mediaType": "voice",
        "protocolCallId": dice.uuid(),
        "provider": "Edge",
        "sessionDnis": line.dnis,
        "sessionId": session,
    }


def routing_facts(queue: Queue) -> Facts:
    """What a queued segment carries."""
    return {"conference": False, "queueId": queue.id, "requestedRoutingSkillIds": list(queue.skill_ids)}


def customer_leg(
    stage: Stage, line: Line, start: int, connected: int, end: int, hung_up: str, queue: Queue | None
) -> Session:
    """The customer: connecting from `start` (a system segment, or dialing when we call), then connected until `end`."""
    facts = voice_facts(stage, line, line.peer)
    facts["recording"] = True
    facts["remoteNameDisplayable"] = "Guest " + line.ani[-4:]
    if queue is not None:
        facts["requestedRoutings"] = ["Standard"]
    talking = routing_facts(queue) if queue is not None else {"conference": False}
    opening = "system" if line.direction == "inbound" else "dialing"
    segments = [
        Segment(start, connected, opening, {"conference": False}, {}),
        Segment(connected, end, "interact", talking, {"disconnectType": hung_up}),
    ]
    session = Session(facts, segments, customer_metrics(connected, end))
    session.media = [
        media_statistics(stage, connected + (end - connected) // 2),
        media_statistics(stage, end + (stage.dice.span(-900, 44) if end - connected > SECOND else 31)),
    ]
    return session


def flow_leg(stage: Stage, line: Line, start: int, end: int, target: Queue | None, flow: PublishedFlow) -> Session:
    """The menu: a system segment of some ten milliseconds, then the flow until `end`; without a target it hangs up."""
    dice = stage.dice
    facts = voice_facts(stage, line, dice.uuid())
    facts["peerId"] = line.peer
    facts["remote"] = "Guest " + line.ani[-4:]
    ready = start + 9
    hung_up = "transfer" if target else "client"
    segments = [
        Segment(start, ready, "system", {"conference": False}, {}),
        Segment(ready, end, "ivr", {"conference": False}, {"disconnectType": hung_up}),
    ]
    language = dice.pick(stage.organisation.language_codes)
    entered = {
        "entryReason": line.dnis,
        "entryType": "dnis",
        "flowId": flow.id,
        "flowName": flow.name,
        "flowType": flow.type,
        "flowVersion": f"{1 + int(dice.random() * 90)}.0",
        "startingLanguage": language,
    }
    left: Facts = {"endingLanguage": language, "exitReason": "TRANSFER" if target else "DISCONNECT"}
    if target:
        left["transferTargetAddress"] = target.id
        left["transferTargetName"] = target.name
        left["transferType"] = "ACD"
    told = Flow(entered, end, left)
    outcomes = 0
    if dice.chance(0.3) and end - ready > 3 * SECOND:
        outcomes = 1
        outcome = dice.pick(stage.organisation.outcomes)
        value = dice.pick(("SUCCESS", "FAILURE"))
        known = {"flowOutcome": outcome.name, "flowOutcomeId": outcome.id, "flowOutcomeValue": value}
        told.outcomes.append((ready + SECOND, end - SECOND, known))
    session = Session(facts, segments, flow=told)
    session.metrics = flow_metrics(ready, end, dice.span(167, 258), outcomes, target is None)
    session.media = [media_statistics(stage, end + 29)]
    return session


def queue_leg(stage: Stage, line: Line, start: int, end: int, queue: Queue, left: str) -> Session:
    """The queue: a short delay, then waiting until `end`; `left` is the disconnect type (transfer, client, peer…)."""
    dice = stage.dice
    facts = voice_facts(stage, line, dice.uuid())
    facts["flowInType"] = "ivr"
    facts["peerId"] = line.peer
    facts["remote"] = "Guest " + line.ani[-4:]
    facts["requestedRoutings"] = ["Standard"]
    offered = start + dice.span(11, 60)
    routing = routing_facts(queue)
    segments = [
        Segment(start, offered, "delay", routing, {}),
        Segment(offered, end, "interact", routing, {"disconnectType": left}),
    ]
    if left == "transfer":
        segments[1].closing["sipResponseCodes"] = [410]
    waiting = queue.in_queue_flow
    session = Session(facts, segments)
    session.flow = Flow(
        {
            "flowId": waiting.id,
            "flowName": waiting.name,
            "flowType": waiting.type,
            "flowVersion": "3.0",
            "startingLanguage": "en-us",
        },
        end,
        {},
    )
    session.metrics = queue_metrics(offered, end, left in ("client", "endpoint"), SERVICE_LEVEL)
    return session


def agent_leg(
    stage: Stage,
    line: Line,
    agent: Agent,
    start: int,
    steps: list[tuple[str, int]],
    queue: Queue | None,
    waited: int | None,
    hung_up: str,
) -> Session:
    """The agent: `steps` of (segment kind, milliseconds) from `start`; a wrap-up at their end carries its code."""
    dice = stage.dice
    facts = voice_facts(stage, line, dice.uuid())
    facts["peerId"] = line.peer
    facts["remote"] = "Guest " + line.ani[-4:]
    if queue is not None:
        facts["requestedRoutings"] = ["Standard"]
        facts["sessionDnis"] = agent.address
    segments = chain(start, steps, routing_facts(queue) if queue else {"conference": False}, {})
    talked = [segment for segment in segments if segment.kind != "wrapup"][-1]
    talked.closing = {"disconnectType": hung_up}
    wrap_up = segments[-1]
    if wrap_up.kind == "wrapup":
        wrap_up.closing = {"disconnectType": hung_up, **wrap_up_facts(stage, queue)}
    session = Session(facts, segments, agent_metrics(segments, waited))
    session.media = [media_statistics(stage, segments[0].end), media_statistics(stage, talked.end + 3)]
    if queue is not None:
        session.later.append(Late(segments[0].end, {"selectedAgentId": agent.id, "usedRouting": "Standard"}))
    return session


def wrap_up_facts(stage: Stage, queue: Queue | None) -> Facts:
    """A code of the queue; now and then none was chosen in time, or the wrap-up carries no code at all."""
    dice = stage.dice
    chosen = dice.random()
    if chosen < 0.02:
        return {}
    if chosen < 0.10:
        return {"wrapUpCode": "ININ-WRAP-UP-TIMEOUT"}
    told: Facts = {"wrapUpCode": dice.pick((queue or stage.organisation.queues[0]).wrap_up_codes)}
    if chosen > 0.9:
        told["wrapUpNote"] = "Asked to be called again.\nAgreed."
        told["wrapUpTags"] = ["follow-up", "gold"]
    return told


def media_statistics(stage: Stage, at: int) -> Late:
    """One report of a media endpoint; the instant is its eventTime."""
    dice = stage.dice
    worst = dice.random()
    facts: Facts = {
        "codecs": ["audio/opus" if worst < 0.5 else "audio/PCMU"],
        "maxLatencyMs": 10 + int(worst * 60),
        "minMos": 4.3 + 0.58 * dice.random(),
        "minRFactor": 84 + 8.5 * worst,
        "receivedPackets": 100 + int(dice.random() * 60_000),
    }
    if worst > 0.93:
        facts |= {"discardedPackets": 3, "duplicatePackets": 1, "invalidPackets": 1}
        facts |= {"overrunPackets": 2, "underrunPackets": 5}
    return Late(at, facts)
