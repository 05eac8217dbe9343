"""What happens within a service: its events, its states and tasks one after the other, and who it belongs to."""

from dataclasses import dataclass
from typing import NamedTuple

from analytics_platform.simulator.world.conversation import Conversation, Facts, Late
from analytics_platform.simulator.world.dice import Dice
from analytics_platform.simulator.world.instants import DAY, HOUR, MINUTE, SECOND

_STATES = (1, 4, "waiting_for_agent", "awaiting customer", 7, "verification")
_TASKS = ("call back", 12, "send contract", "check identity", 31)


class Event(NamedTuple):
    """A start or an end: the instant it tells, the one it became known, and what else it tells."""

    at: int
    known: int
    facts: Facts


@dataclass(frozen=True, slots=True)
class Part:
    """A state or a task; `facts` hold its type and what else it tells, extensions too."""

    id: int
    facts: Facts
    started: Event
    completed: Event | None = None


def steps(
    dice: Dice, start: int, end: int | None, goes_on: bool, agent_id: str
) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """The states, one following the other, and the tasks; some begin after the end where the service `goes_on`."""
    until = end if end is not None else start + 3 * DAY
    turns = sorted(dice.span(start, max(start + 1, until)) for _ in range(dice.span(0, 4)))
    begins = [start, *turns]
    ends: list[int | None] = [*turns, end if dice.chance(0.9) else None]
    states = [_state(dice, number, *span) for number, span in enumerate(zip(begins, ends, strict=True), 1)]
    tasks = [_task(dice, number, dice.pick(states), until, agent_id) for number in range(1, dice.span(1, 5))]
    if goes_on and end is not None:
        again = end + dice.span(HOUR, 2 * DAY)
        closed = again + dice.span(MINUTE, DAY) if dice.chance(0.7) else None
        states.append(_state(dice, len(states) + 1, again, closed))
        tasks.append(_task(dice, len(tasks) + 1, states[-1], again + HOUR, agent_id))
    return tuple(states), tuple(tasks)


def owners(dice: Dice, conversation: Conversation, start: int) -> tuple[Late, ...]:
    """The customer of the conversation; some are found out only later, some never: those have a contact key."""
    others = (each for each in conversation.participants if each.facts["purpose"] in ("customer", "external"))
    customer = next(others, conversation.participants[0])
    key = {"contact_key": str(customer.sessions[0].facts.get("ani", customer.facts["participantId"]))}
    known = customer.facts.get("externalContactId")
    if known is None:
        return (Late(start, key),)
    found = {"customer_id": known}
    if dice.chance(0.3):
        return Late(start, key), Late(start + dice.span(MINUTE, 30 * HOUR), found)
    return (Late(start, found),)


def _state(dice: Dice, number: int, start: int, end: int | None) -> Part:
    facts: Facts = {"state_type": dice.pick(_STATES)}
    if number > 1:
        facts["previous_state_id"] = number - 1
    if dice.chance(0.4):
        facts["est_duration"] = dice.span(30, 86_400)
    if dice.chance(0.15):
        facts["reason given"] = ["busy", "no answer"]
    return _part(dice, number, facts, start, end, {"application_type": dice.pick((400, "desktop"))})


def _task(dice: Dice, number: int, state: Part, until: int, agent_id: str) -> Part:
    facts: Facts = {"task_type": dice.pick(_TASKS)}
    if dice.chance(0.7):
        facts["state_id"] = state.id
    start = dice.span(state.started.at, max(state.started.at + 1, until))
    end = start + dice.span(SECOND, 6 * HOUR) if dice.chance(0.8) else None
    return _part(dice, number, facts, start, end, {"resource_type": 100, "resource_id": agent_id})


def _part(dice: Dice, number: int, facts: Facts, start: int, end: int | None, told: Facts) -> Part:
    session = {"session_id": dice.uuid().replace("-", "")} if dice.chance(0.5) else {}
    completed = None if end is None else Event(end, end, {"disposition": dice.pick((1, "done"))} | session)
    return Part(number, facts, Event(start, start, told | session), completed)
