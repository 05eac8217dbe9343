"""Calls that pass through more than one pair of hands: transferred, consulted on, supervised."""

from analytics_platform.simulator.world.conversation import Facts, Late, Metric, Segment, Session
from analytics_platform.simulator.world.instants import MINUTE, SECOND, iso
from analytics_platform.simulator.world.legs import agent_leg, voice_facts
from analytics_platform.simulator.world.metrics import agent_metrics
from analytics_platform.simulator.world.stage import Stage
from analytics_platform.simulator.world.stories.inbound_calls import (
    customer_joins,
    open_call,
    queued_agent,
    talk,
)


def transferred_call(stage: Stage) -> None:
    """The first agent sends the caller on to another queue without a word; a second agent finishes."""
    dice = stage.dice
    queue, other = dice.pick(stage.organisation.queues), dice.pick(stage.organisation.queues)
    line, start, menu_end = open_call(stage, queue)
    first = queued_agent(stage, line, menu_end, queue, talk(stage), "transfer")
    _counted(first.session, first.talked, "nTransferred", "nBlindTransferred")
    if other.division_id != queue.division_id:
        known = [queue.division_id, other.division_id]
        stage.later.append(Late(first.talked, {"divisionIds": known}))
    second = queued_agent(stage, line, first.talked, other, talk(stage), "peer")
    customer_joins(stage, line, start, second.talked, "endpoint", queue)


def consulted_call(stage: Stage) -> None:
    """The agent holds the caller, asks a colleague, brings all three together and leaves the two to it."""
    dice = stage.dice
    queue = dice.pick(stage.organisation.queues)
    line, start, menu_end = open_call(stage, queue)
    asked = dice.span(10 * SECOND, 2 * MINUTE)
    steps = [("alert", dice.span(SECOND, 5 * SECOND)), ("interact", dice.span(20 * SECOND, 5 * MINUTE))]
    steps += [("hold", asked), ("interact", dice.span(5 * SECOND, MINUTE)), ("wrapup", dice.span(SECOND, MINUTE))]
    first = queued_agent(stage, line, menu_end, queue, steps, "consultTransfer")
    held = first.session.segments[2]
    _counted(first.session, held.start, "nConsult")
    _counted(first.session, first.talked, "nConsultTransferred", "nTransferred")
    consultation, colleague = dice.uuid(), stage.agent()
    ringing = asked // 3
    steps = [("contacting", ringing // 2), ("dialing", ringing - ringing // 2)]
    steps.append(("interact", asked - ringing + dice.span(MINUTE, 5 * MINUTE)))
    leg = agent_leg(stage, line, colleague, held.start, steps, None, None, "peer")
    held.facts = held.facts | {"conference": True, "destinationConversationId": consultation}
    held.facts["destinationSessionId"] = leg.id
    source = {"sourceConversationId": consultation, "sourceSessionId": first.session.id}
    leg.segments[-1].facts = leg.segments[-1].facts | source | {"conference": True}
    stage.join("user", [leg], userId=colleague.id, participantName=colleague.name)
    met = leg.segments[-1].start
    stage.later.append(Late(met, {"conferenceStart": iso(met), "consultationConversationIds": [consultation]}))
    customer_joins(stage, line, start, leg.end, "endpoint", queue)


def supervised_call(stage: Stage) -> None:
    """A supervisor listens in, coaches, barges in, and looks at the agent's screen - two of these in a call."""
    dice = stage.dice
    queue = dice.pick(stage.organisation.queues)
    line, start, menu_end = open_call(stage, queue)
    handled = queued_agent(stage, line, menu_end, queue, talk(stage), "client")
    customer_joins(stage, line, start, handled.talked, "endpoint", queue)
    watched = next(told for told in stage.participants if told.sessions[0] is handled.session)
    answered = handled.session.segments[0].end
    supervisor = dice.pick(stage.organisation.supervisors)
    watched_id = watched.facts["participantId"]
    turn = stage.outline.number // 100 % 2
    kinds: tuple[tuple[str, Facts], ...] = (
        ("monitoring", {"monitoredParticipantId": watched_id}),
        ("coaching", {"coachedParticipantId": watched_id}),
        ("barging", {"bargedParticipantId": watched_id}),
        ("screenmonitoring", {"screenMonitoredUserId": handled.agent.id, "mediaType": "screenmonitoring"}),
    )
    sessions: list[Session] = []
    for position, (kind, facts) in enumerate(kinds[turn * 2 : turn * 2 + 2]):
        begun = answered + position * SECOND
        segment = Segment(begun, handled.talked, kind, {"conference": True}, {"disconnectType": "client"})
        told = voice_facts(stage, line, dice.uuid()) | facts
        sessions.append(Session(told, [segment], agent_metrics([segment], None)))
    stage.join("user", sessions, userId=supervisor.id, participantName=supervisor.name)


def _counted(session: Session, at: int, *names: str) -> None:
    session.metrics += [Metric(at, name, 1) for name in names]
    session.metrics.sort()
