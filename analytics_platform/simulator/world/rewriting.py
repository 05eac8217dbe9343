"""How a step of a change rewrites a conversation or a user's statuses, as drawn and rewritten before.

Facts may be shared between parts and conversations; what changes is replaced, never changed in place.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from analytics_platform.simulator.world.agents import Status, Timeline
from analytics_platform.simulator.world.changes import Step
from analytics_platform.simulator.world.conversation import Conversation, Late, Metric, Participant, Segment, Session
from analytics_platform.simulator.world.dice import Dice
from analytics_platform.simulator.world.instants import DAY, SECOND
from analytics_platform.simulator.world.metrics import customer_metrics
from analytics_platform.simulator.world.organisation import Organisation

_ALERTS_FOR = 15 * SECOND
_Correction = Callable[[Conversation, Organisation, Dice], bool]


def rewrite(conversation: Conversation, step: Step, organisation: Organisation) -> None:
    """Do to a conversation what a step does; its id, and the order in which things were, stay."""
    dice = step.dice(f"rewriting/{conversation.id}")
    if step.kind == "correct":
        _correct(conversation, organisation, dice)
    elif step.kind == "reopen":
        _reopen(conversation, *step.reopened(conversation.id), dice)
    elif step.kind == "move_start":
        conversation.start += step.moved_by(conversation.id)
        conversation.spells[0] = (conversation.start, conversation.spells[0][1])
    elif step.kind == "end":
        _end(conversation, step.at)


def rewritten_statuses(timeline: Timeline, step: Step) -> Timeline:
    """The row of a user with some of a day's statuses corrected: an end comes earlier, or the presence was another."""

    def row(family: str, statuses: tuple[Status, ...]) -> tuple[Status, ...]:
        names = sorted({status.name for status in statuses})
        # Where one of no length stands, two begin at once and are told apart by their values, which stay.
        fixed = {status.start for status in statuses if status.end == status.start}
        return tuple(
            status if status.start in fixed else _status(step, f"{timeline.user_id}/{family}", status, names)
            for status in statuses
        )

    return Timeline(timeline.user_id, row("presence", timeline.presences), row("routing", timeline.routing))


def _status(step: Step, about: str, status: Status, names: list[str]) -> Status:
    if status.start // DAY != step.day or status.end is None:
        return status
    dice = step.dice(f"{about}/{status.start}/{status.end}/{status.name}")
    if not dice.chance(step.share):
        return status
    if status.end - status.start > 2 * SECOND and dice.chance(0.5):
        return replace(status, end=dice.span(status.start + SECOND, status.end))
    return replace(status, name=dice.pick([name for name in names if name != status.name] or names))


def _correct(conversation: Conversation, organisation: Organisation, dice: Dice) -> None:
    """One to three values are others now."""
    wanted = dice.span(1, 4)
    corrections = list(_CORRECTIONS)
    dice.shuffle(corrections)
    for correction in corrections:
        wanted -= correction(conversation, organisation, dice)
        if not wanted:
            return


def _metric_value(conversation: Conversation, organisation: Organisation, dice: Dice) -> bool:
    measured = [session for session in _sessions(conversation) if session.metrics]
    if not measured:
        return False
    metrics = dice.pick(measured).metrics
    place = dice.span(0, len(metrics))
    found = metrics[place]
    metrics[place] = found._replace(value=found.value + (dice.span(1, 5 * SECOND) if found.name[0] == "t" else 1))
    return True


def _metric_removed(conversation: Conversation, organisation: Organisation, dice: Dice) -> bool:
    measured = [session for session in _sessions(conversation) if len(session.metrics) > 1]
    if measured:
        metrics = dice.pick(measured).metrics
        del metrics[dice.span(0, len(metrics))]
    return bool(measured)


def _metric_added(conversation: Conversation, organisation: Organisation, dice: Dice) -> bool:
    measured = [session for session in _sessions(conversation) if session.metrics]
    if measured:
        session = dice.pick(measured)
        session.metrics.append(Metric(session.metrics[-1].emitted, "nError", 1))
    return bool(measured)


def _wrap_up_code(conversation: Conversation, organisation: Organisation, dice: Dice) -> bool:
    wrapped = [
        segment
        for session in _sessions(conversation)
        for segment in session.segments
        if "wrapUpCode" in segment.closing
    ]
    if not wrapped:
        return False
    segment = dice.pick(wrapped)
    offered = dice.pick(organisation.queues).wrap_up_codes
    others = [code for code in offered if code != segment.closing["wrapUpCode"]]
    if others:
        segment.closing = segment.closing | {"wrapUpCode": dice.pick(others)}
    return bool(others)


def _participant_name(conversation: Conversation, organisation: Organisation, dice: Dice) -> bool:
    named = [told for told in conversation.participants if "participantName" in told.facts]
    if named:
        told = dice.pick(named)
        told.facts = told.facts | {"participantName": f"{told.facts['participantName']} {dice.digits(2)}"}
    return bool(named)


def _attribute(conversation: Conversation, organisation: Organisation, dice: Dice) -> bool:
    holding = [told for told in conversation.participants if told.attributes]
    if holding:
        held = dice.pick(holding).attributes
        held[-1] = Late(held[-1].known, held[-1].facts | {"Corrected": dice.digits(4)})
    return bool(holding)


def _tag(conversation: Conversation, organisation: Organisation, dice: Dice) -> bool:
    conversation.facts = conversation.facts | {"externalTag": f"corrected-{dice.digits(6)}"}
    return True


_CORRECTIONS: tuple[_Correction, ...] = (
    _metric_value,
    _metric_removed,
    _metric_added,
    _wrap_up_code,
    _participant_name,
    _attribute,
    _tag,
)


def _reopen(conversation: Conversation, opened: int, closed: int, dice: Dice) -> None:
    """The customer comes back: as a participant more, with a session more, or with a segment more of the last one."""
    customer = next(
        (told for told in reversed(conversation.participants) if told.facts["purpose"] == "customer"),
        conversation.participants[-1],
    )
    before = customer.sessions[-1]
    facts = {**before.segments[-1].facts}
    again = Segment(opened, closed, "interact", facts, {"disconnectType": "peer"})
    way = dice.pick(("participant", "session", "segment"))
    if way == "segment":
        before.segments.append(again)
        before.metrics.extend(customer_metrics(opened, closed))
    else:
        session = Session(before.facts | {"sessionId": dice.uuid()}, [again], customer_metrics(opened, closed))
        if way == "session":
            customer.sessions.append(session)
        else:
            known = customer.facts | {"participantId": dice.uuid()}
            conversation.participants.append(Participant(known, [session]))
    _answer(conversation, opened, closed, dice)
    conversation.spells = sorted([*conversation.spells, (opened, closed)])


def _answer(conversation: Conversation, opened: int, closed: int, dice: Dice) -> None:
    """Whoever had talked last is rung and talks again, in a session of its own."""
    agent = next((told for told in reversed(conversation.participants) if told.facts["purpose"] == "agent"), None)
    if agent is None:
        return
    before = agent.sessions[-1]
    facts = {**before.segments[-1].facts}
    answered = opened + _ALERTS_FOR
    segments = [
        Segment(opened, answered, "alert", facts, {}),
        Segment(answered, closed, "interact", facts, {"disconnectType": "client"}),
    ]
    metrics = [Metric(answered, "tAlert", _ALERTS_FOR), Metric(closed, "tTalk", closed - answered)]
    agent.sessions.append(Session(before.facts | {"sessionId": dice.uuid()}, segments, metrics))


def _end(conversation: Conversation, at: int) -> None:
    """What goes on at an instant ends at it; what was to begin or be measured later does not come."""
    for participant in conversation.participants:
        for session in participant.sessions:
            session.segments = [
                replace(segment, end=min(segment.end, at)) for segment in session.segments if segment.start < at
            ]
            session.metrics = [metric for metric in session.metrics if metric.emitted <= at]
            session.media = [told for told in session.media if told.known <= at]
            if session.flow is not None:
                session.flow.end = min(session.flow.end, at)
        participant.sessions = [session for session in participant.sessions if session.segments]
    conversation.participants = [told for told in conversation.participants if told.sessions]
    conversation.spells = [(start, min(end, at)) for start, end in conversation.spells if start < at]


def _sessions(conversation: Conversation) -> Iterator[Session]:
    for participant in conversation.participants:
        yield from participant.sessions
