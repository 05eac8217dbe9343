"""E-mail threads: hours to weeks, parked and taken up again, some closed and re-opened by the customer's next mail."""

from analytics_platform.simulator.world.conversation import Facts, Flow, Late, Metric, Segment, Session
from analytics_platform.simulator.world.instants import MINUTE, SECOND
from analytics_platform.simulator.world.legs import routing_facts, wrap_up_facts
from analytics_platform.simulator.world.metrics import agent_metrics, customer_metrics, queue_metrics
from analytics_platform.simulator.world.organisation import Queue
from analytics_platform.simulator.world.stage import Stage, chain

_SUBJECTS = ("Invoice 4711", "Re: your order", "Where is my refund?", "Änderung der Anschrift", "Fwd: claim")
_SERVICE_LEVEL = 60 * MINUTE


def email(stage: Stage) -> None:
    """One to three rounds of mail and answer, filling the outline's span; between rounds the thread is closed."""
    dice, start, until = stage.dice, stage.outline.start, stage.outline.until
    queue = dice.pick(stage.organisation.queues)
    stage.facts |= {"divisionIds": [queue.division_id], "originatingDirection": "inbound"}
    rounds = 1 if until - start < 120 * MINUTE else dice.pick((1, 1, 2, 3))
    mail = _mail_facts(stage)
    subject = dice.pick(_SUBJECTS)
    name = f"Guest {dice.digits(4)}"
    bag = dice.pick(stage.organisation.attribute_bags)
    slot = (until - start) // rounds
    for turn in range(rounds):
        opened = start + turn * slot
        closed = until if turn == rounds - 1 else opened + slot * 2 // 3
        attributes = [Late(opened, bag)] if turn == 0 else []
        peer = _customer_mail(stage, mail, subject, opened, closed, queue, name, attributes)
        answered = _mail_queue(stage, mail, subject, peer, opened + SECOND, closed, queue)
        _answer(stage, mail, subject, peer, answered, closed, queue)
        stage.spells.append((opened, closed))


def _mail_facts(stage: Stage) -> Facts:
    dice = stage.dice
    ours, theirs = f"{dice.pick(('service', 'claims'))}@example.org", f"guest{dice.digits(5)}@example.com"
    facts: Facts = {"addressFrom": theirs, "addressTo": ours, "direction": "inbound", "mediaType": "email"}
    facts |= {"provider": "PureCloud Email", "addressOther": theirs, "addressSelf": ours}
    if dice.chance(0.3):
        facts["cc"] = [f"copy{dice.digits(3)}@example.com"]
        facts["bcc"] = [f"file{dice.digits(3)}@example.org"]
    return facts


def _customer_mail(
    stage: Stage,
    mail: Facts,
    subject: str,
    opened: int,
    closed: int,
    queue: Queue,
    name: str,
    attributes: list[Late],
) -> str:
    facts = {
        **mail,
        "sessionId": stage.dice.uuid(),
        "mediaCount": stage.dice.span(0, 3),
        "requestedRoutings": ["Standard"],
    }
    talking = {**routing_facts(queue), "subject": subject}
    segments = [Segment(opened, closed, "interact", talking, {"disconnectType": "peer"})]
    session = Session(facts, segments, customer_metrics(opened, closed))
    stage.join("customer", [session], attributes, participantName=name, externalContactId=stage.dice.uuid())
    return session.id


def _mail_queue(stage: Stage, mail: Facts, subject: str, peer: str, opened: int, closed: int, queue: Queue) -> int:
    """The mail's flow and then the queue; gives the instant an agent takes it."""
    dice = stage.dice
    flow = dice.pick(stage.organisation.mail_flows)
    routed = opened + dice.span(300, 900)
    told = Flow(
        {"entryReason": mail["addressTo"], "entryType": "direct", "flowId": flow.id, "flowName": flow.name}
        | {"flowType": flow.type, "flowVersion": "12.0", "startingLanguage": "en-us"},
        routed,
        {"endingLanguage": "en-us", "exitReason": "TRANSFER", "transferTargetAddress": queue.id}
        | {"transferTargetName": queue.name, "transferType": "ACD"},
    )
    handled = [Segment(opened, routed, "system", {"conference": False}, {"disconnectType": "transfer"})]
    leg = Session({**mail, "peerId": peer, "sessionId": dice.uuid()}, handled, flow=told)
    leg.metrics = [Metric(opened, "nFlow", 1), Metric(routed, "tFlow", routed - opened)]
    stage.join("workflow", [leg], participantName=flow.name)
    taken = routed + min(int(dice.expovariate(1 / (40 * MINUTE))), (closed - routed) // 3)
    facts = {**mail, "flowInType": "workflow", "peerId": peer, "requestedRoutings": ["Standard"]}
    facts["sessionId"] = dice.uuid()
    waiting = Segment(
        routed, taken, "interact", {**routing_facts(queue), "subject": subject}, {"disconnectType": "transfer"}
    )
    stage.join(
        "acd",
        [Session(facts, [waiting], queue_metrics(routed, taken, False, _SERVICE_LEVEL))],
        participantName=queue.name,
    )
    return taken


def _answer(stage: Stage, mail: Facts, subject: str, peer: str, taken: int, closed: int, queue: Queue) -> None:
    """An agent reads, parks the thread when it will take long, answers and wraps up exactly when it closes."""
    dice = stage.dice
    left = closed - taken
    alert = min(left // 10, dice.span(SECOND, 20 * SECOND))
    wrap_up = min(left // 10, dice.span(SECOND, 3 * MINUTE))
    rest = left - alert - wrap_up
    steps = [("alert", alert)]
    if rest > 60 * MINUTE:
        read, write = dice.span(MINUTE, 10 * MINUTE), dice.span(MINUTE, 15 * MINUTE)
        steps += [("interact", read), ("parked", rest - read - write), ("interact", write)]
    else:
        steps.append(("interact", rest))
    steps.append(("wrapup", wrap_up))
    agent = stage.agent()
    segments = chain(taken, steps, {**routing_facts(queue), "subject": subject}, {})
    segments[-2].closing = {"disconnectType": "client"}
    segments[-1].closing = {"disconnectType": "client", **wrap_up_facts(stage, queue)}
    facts = {**mail, "peerId": peer, "requestedRoutings": ["Standard"], "sessionId": dice.uuid()}
    if dice.chance(0.2):
        facts["assignerId"] = dice.pick(stage.organisation.supervisors).id
    session = Session(facts, segments, agent_metrics(segments, None))
    session.later.append(Late(taken + alert, {"selectedAgentId": agent.id, "usedRouting": "Standard"}))
    if dice.chance(0.5):
        session.metrics.append(Metric(closed - wrap_up, "nOutbound", 1))
        session.metrics.sort()
    stage.join("agent", [session], userId=agent.id, teamId=agent.team_id)
