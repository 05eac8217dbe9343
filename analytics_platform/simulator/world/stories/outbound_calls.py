"""Calls that go out: dialed by a campaign, dialed by hand, and from colleague to colleague."""

from analytics_platform.simulator.world.conversation import Facts, Flow, Late, Metric, Segment, Session
from analytics_platform.simulator.world.instants import MINUTE, SECOND, iso
from analytics_platform.simulator.world.legs import (
    Line,
    agent_leg,
    customer_leg,
    new_line,
    routing_facts,
    voice_facts,
)
from analytics_platform.simulator.world.metrics import agent_metrics
from analytics_platform.simulator.world.organisation import Queue
from analytics_platform.simulator.world.stage import Stage, chain

_DISPOSITIONS = {
    "disposition.classification.callable.person": "person",
    "disposition.classification.callable.machine": "machine",
    "disposition.classification.callable.busy": "busy",
    "disposition.classification.callable.noanswer": "noanswer",
    "disposition.classification.uncallable.sit": "uncallable",
}


def campaign_call(stage: Stage) -> None:
    """A campaign dials a contact; a person is spoken to, a machine hung up on, a preview is sometimes skipped."""
    dice = stage.dice
    queue = dice.pick(stage.organisation.queues)
    stage.facts |= {"divisionIds": [queue.division_id], "originatingDirection": "outbound"}
    line = new_line(stage, "outbound")
    contact: Facts = {
        "outboundCampaignId": dice.pick(stage.organisation.campaigns).id,
        "outboundContactId": dice.uuid(),
        "outboundContactListId": dice.pick(stage.organisation.contact_lists),
    }
    if dice.chance(0.15):
        _skipped_preview(stage, line, contact, queue)
        return
    name = dice.pick((*_DISPOSITIONS, *("disposition.classification.callable.person",) * 4))
    found = _DISPOSITIONS[name]
    start = stage.outline.start
    connected = start + dice.span(2 * SECOND, 25 * SECOND)
    answered = found in ("person", "machine")
    if not answered:
        _unreached(stage, line, contact, start, connected, name, found)
        return
    talked = connected + (dice.span(20 * SECOND, 6 * MINUTE) if found == "person" else 4 * SECOND)
    leg = customer_leg(stage, line, start, connected, talked, "endpoint" if found == "person" else "system", queue)
    leg.facts |= contact
    leg.later.append(
        Late(
            connected + SECOND,
            {
                "detectedSpeechStart": iso(connected + 120),
                "detectedSpeechEnd": iso(connected + 840),
                "dispositionAnalyzer": "speech.person" if found == "person" else "speech.machine",
                "dispositionName": name,
            },
        )
    )
    leg.metrics.append(Metric(start, "nOutboundAttempted", 1))
    leg.metrics.append(Metric(connected, "nOutboundConnected", 1))
    leg.metrics.sort()
    stage.join(
        "customer", [leg], [Late(start, dice.pick(stage.organisation.attribute_bags))], participantName="Contact"
    )
    _dialer(stage, line, contact, start, connected)
    if found == "person":
        _campaign_agent(stage, line, contact, connected, talked, queue)


def manual_call(stage: Stage) -> None:
    """An agent dials a customer on behalf of a queue."""
    dice, start = stage.dice, stage.outline.start
    queue, agent = dice.pick(stage.organisation.queues), stage.agent()
    stage.facts |= {"divisionIds": [queue.division_id], "originatingDirection": "outbound"}
    line = new_line(stage, "outbound")
    ringing = dice.span(2 * SECOND, 30 * SECOND)
    steps = [("contacting", 400), ("dialing", ringing), ("interact", dice.span(10 * SECOND, 8 * MINUTE))]
    steps.append(("wrapup", dice.span(SECOND, 3 * MINUTE)))
    leg = agent_leg(stage, line, agent, start, steps, queue, None, "peer")
    leg.metrics.append(Metric(start, "nOutbound", 1))
    leg.metrics.sort()
    stage.join("agent", [leg], userId=agent.id, participantName=agent.name, teamId=agent.team_id)
    talked = leg.segments[-1].start
    customer = customer_leg(stage, line, start + 400, start + 400 + ringing, talked, "endpoint", None)
    stage.join("customer", [customer], participantName="Guest " + line.dnis[-4:], externalContactId=dice.uuid())


def internal_call(stage: Stage) -> None:
    """One user rings another, or a group of users; now and then the line breaks and the codes say why."""
    dice, start = stage.dice, stage.outline.start
    one, two = stage.agent(), dice.pick(stage.organisation.supervisors)
    stage.facts |= {"divisionIds": [one.division_id], "originatingDirection": "outbound"}
    line = Line(one.address, two.address, "outbound", dice.uuid())
    ringing, talked = dice.span(SECOND, 20 * SECOND), dice.span(5 * SECOND, 10 * MINUTE)
    caller = agent_leg(stage, line, one, start, [("dialing", ringing), ("interact", talked)], None, None, "error")
    caller.segments[-1].closing |= {"errorCode": "error.ininedgecontrol.connection.station.unavailable"}
    caller.segments[-1].closing |= {"sipResponseCodes": [480, 503], "q850ResponseCodes": [31]}
    caller.facts["errorCodeDescription"] = "The station is not available"
    caller.metrics.append(Metric(caller.end, "nError", 1))
    stage.join("user", [caller], userId=one.id, participantName=one.name)
    called = agent_leg(
        stage, line, two, start + 300, [("alert", ringing - 300), ("interact", talked)], None, None, "peer"
    )
    called.segments[0].facts = {"conference": False, "groupId": dice.pick(stage.organisation.groups)}
    stage.join("group" if dice.chance(0.5) else "user", [called], userId=two.id, participantName=two.name)


def _dialer(stage: Stage, line: Line, contact: Facts, start: int, connected: int) -> None:
    """The dialer's own participant, running the campaign's flow."""
    dice = stage.dice
    facts = voice_facts(stage, line, dice.uuid()) | contact | {"peerId": line.peer}
    flow = dice.pick(stage.organisation.outbound_flows)
    left = connected + 200
    told = Flow(
        {"entryReason": line.dnis, "entryType": "outbound", "flowId": flow.id, "flowName": flow.name}
        | {"flowType": flow.type, "flowVersion": "5.0", "startingLanguage": "en-us"},
        left,
        {"endingLanguage": "en-us", "exitReason": "TRANSFER", "transferType": "ACD"},
    )
    segments = [
        Segment(start + 50, connected, "dialing", {"conference": False}, {}),
        Segment(connected, left, "ivr", {"conference": False}, {"disconnectType": "transfer"}),
    ]
    session = Session(facts, segments, [Metric(connected, "nFlow", 1), Metric(left, "tIvr", 200)], flow=told)
    stage.join("outbound", [session], participantName=flow.name)


def _campaign_agent(stage: Stage, line: Line, contact: Facts, connected: int, talked: int, queue: Queue) -> None:
    dice, agent = stage.dice, stage.agent()
    alert = dice.span(200, 2 * SECOND)
    steps = [
        ("alert", alert),
        ("interact", talked - connected - 1000 - alert),
        ("wrapup", dice.span(SECOND, 2 * MINUTE)),
    ]
    leg = agent_leg(stage, line, agent, connected + 1000, steps, queue, None, "peer")
    leg.facts |= contact | {"scriptId": dice.pick(stage.organisation.scripts)}
    stage.join("agent", [leg], userId=agent.id, participantName=agent.name, teamId=agent.team_id)


def _unreached(stage: Stage, line: Line, contact: Facts, start: int, end: int, name: str, found: str) -> None:
    """Nobody answered: one dialing segment, and the network's codes."""
    facts = voice_facts(stage, line, line.peer) | contact | {"cleared": True}
    closing: Facts = {"disconnectType": "uncallable" if found == "uncallable" else "timeout"}
    closing |= {"sipResponseCodes": [486 if found == "busy" else 480], "q850ResponseCodes": [17, 18]}
    session = Session(facts, [Segment(start, end, "dialing", {"conference": False}, closing)])
    session.later.append(Late(end, {"dispositionAnalyzer": "network", "dispositionName": name}))
    session.metrics = [Metric(start, "nOutboundAttempted", 1), Metric(end, "tDialing", end - start)]
    stage.join("customer", [session], participantName="Contact")


def _skipped_preview(stage: Stage, line: Line, contact: Facts, queue: Queue) -> None:
    """An agent looks at the contact and skips it."""
    dice, agent, start = stage.dice, stage.agent(), stage.outline.start
    segments = chain(
        start, [("alert", dice.span(200, 900)), ("wrapup", dice.span(SECOND, 20 * SECOND))], routing_facts(queue), {}
    )
    segments[1].closing = {"disconnectType": "client", "wrapUpCode": "ININ-OUTBOUND-PREVIEW-SKIPPED"}
    facts = voice_facts(stage, line, dice.uuid()) | contact | {"skipEnabled": True, "timeoutSeconds": 30}
    stage.join(
        "agent", [Session(facts, segments, agent_metrics(segments, None))], userId=agent.id, participantName=agent.name
    )
