"""The agents' days: presences and routing statuses, each in an unbroken row from before the world's first day on."""

from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache

from analytics_platform.simulator.world.dice import Dice
from analytics_platform.simulator.world.instants import DAY, HOUR, MINUTE, SECOND
from analytics_platform.simulator.world.organisation import Agent, Organisation

_BREAKS = ("AWAY", "BUSY", "IDLE", "MEAL", "TRAINING", "MEETING", "BREAK", "AVAILABLE")
LONGEST_ABSENCE = 50 * DAY


@dataclass(frozen=True, slots=True)
class Status:
    """`[start, end)` of one presence or routing status; `end` is None for the one that never ended."""

    start: int
    end: int | None
    name: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """One user's statuses, each row by start and without gaps; `routing` is empty for one who is never routed to."""

    user_id: str
    presences: tuple[Status, ...]
    routing: tuple[Status, ...]


def timelines(seed: int, organisation: Organisation, first_day: int, days: int) -> list[Timeline]:
    """Every user's row of statuses over the world's days, by user id. Supervisors are never routed to."""
    told = [_timeline(seed, agent, position, first_day, days) for position, agent in enumerate(organisation.agents)]
    for agent in organisation.supervisors:
        row = _timeline(seed, agent, 0, first_day, days)
        told.append(Timeline(row.user_id, row.presences, ()))
    return sorted(told, key=lambda row: row.user_id)


def status_before(row: tuple[Status, ...], instant: int) -> Status:
    """The status that was known before an instant to last still; the first one before the row's beginning."""
    return row[max(0, bisect_left(row, instant, key=lambda status: status.start) - 1)]


def _timeline(seed: int, agent: Agent, position: int, first_day: int, days: int) -> Timeline:
    dice = Dice(f"agent/{seed}/{agent.id}")
    away_since = first_day * DAY - (LONGEST_ABSENCE if position % 10 == 9 else dice.span(6 * HOUR, 60 * HOUR))
    presences: list[tuple[int, str]] = [(away_since, "OFFLINE")]
    routing: list[tuple[int, str]] = [(away_since, "OFF_QUEUE")]
    for day in range(first_day, first_day + days):
        worked = shift(seed, agent, day)
        if worked is not None:
            _work(Dice(f"work/{seed}/{agent.id}/{day}"), worked, presences, routing)
    return Timeline(agent.id, _row(presences), _row(routing))


@lru_cache(maxsize=100_000)
def shift(seed: int, agent: Agent, day: int) -> tuple[int, int] | None:
    """When an agent comes and means to leave on a day; None on a day off. A night shift goes on past midnight."""
    dice = Dice(f"shift/{seed}/{agent.id}/{day}")
    if dice.chance(0.15):
        return None
    night = dice.chance(0.1)
    come = day * DAY + (dice.span(19 * HOUR, 21 * HOUR) if night else dice.span(6 * HOUR, 11 * HOUR))
    return come, come + dice.span(6 * HOUR, 9 * HOUR)


def _work(
    dice: Dice, worked: tuple[int, int], presences: list[tuple[int, str]], routing: list[tuple[int, str]]
) -> None:
    """One shift: on the queue, with breaks."""
    now, leave = max(worked[0], presences[-1][0] + SECOND), worked[1]
    presences.append((now, "AVAILABLE"))
    if dice.chance(0.2):
        presences.append((now, "ON_QUEUE"))  # signing in on the queue at once leaves a status of no length
    while True:
        now += dice.span(SECOND, 2 * MINUTE)
        presences.append((now, "ON_QUEUE"))
        now = _on_queue(dice, now, min(leave, now + dice.span(40 * MINUTE, 150 * MINUTE)), routing)
        if now >= leave:
            break
        presences.append((now, dice.pick(_BREAKS)))
        now += dice.span(3 * MINUTE, 35 * MINUTE)
    presences.append((now, "OFFLINE"))


def _on_queue(dice: Dice, now: int, until: int, routing: list[tuple[int, str]]) -> int:
    """Idle, interacting, now and then not responding or talking privately; off the queue at `until` or just after."""
    while now < until:
        routing.append((now, "IDLE"))
        now += dice.span(2 * SECOND, 12 * MINUTE)
        chance = dice.random()
        kind = "NOT_RESPONDING" if chance < 0.05 else "COMMUNICATING" if chance < 0.12 else "INTERACTING"
        routing.append((now, kind))
        now += dice.span(5 * SECOND, 15 * MINUTE)
    routing.append((now, "OFF_QUEUE"))
    return now


def _row(changes: list[tuple[int, str]]) -> tuple[Status, ...]:
    ends: list[int | None] = [start for start, _ in changes[1:]]
    ends.append(None)
    return tuple(Status(start, end, name) for (start, name), end in zip(changes, ends, strict=True))
