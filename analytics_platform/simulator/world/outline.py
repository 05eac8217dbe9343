"""The day's book: when each conversation starts, of which kind it is, and how long it may last - before any is told.

An outline is cheap; the conversation itself is told only when somebody asks for it.
"""

from typing import NamedTuple

from analytics_platform.simulator.world.changes import Step
from analytics_platform.simulator.world.dice import Dice
from analytics_platform.simulator.world.instants import DAY, HOUR, MINUTE

SHORT = 8 * HOUR
"""No conversation of a short kind lasts longer; calls without a callback stay far below."""
_CALL = 3 * HOUR


class Outline(NamedTuple):
    """One conversation to come; ordered by start, then id.

    `until` is the end of a long kind, exactly, and a bound for a short one. `number` counts conversations across the
    world; what must occur regularly is spread by it. `seed` is the seed of the conversation's own dice. `steps` are
    those of the changes it has gone through since, and `drawn` is the outline as it was before them.
    """

    start: int
    id: str
    until: int
    kind: str
    number: int
    seed: int
    steps: tuple[Step, ...] = ()
    drawn: "Outline | None" = None

    def changed(self, step: Step) -> "Outline":
        """The outline of the same conversation once it has gone through a step more."""
        start, until = self.start, self.until
        if step.kind == "move_start":
            start += step.moved_by(self.id)
        elif step.kind == "reopen":
            until = max(until, step.reopened(self.id)[1])
        steps = (*self.steps, step)
        return self._replace(start=start, until=until, steps=steps, drawn=self.drawn or self)


_SHARES = (
    ("inbound_call", 30),
    ("abandoned_call", 6),
    ("self_served_call", 6),
    ("unanswered_call", 4),
    ("transferred_call", 6),
    ("consulted_call", 5),
    ("supervised_call", 3),
    ("callback", 5),
    ("campaign_call", 7),
    ("manual_call", 4),
    ("internal_call", 2),
    ("email", 9),
    ("message", 8),
    ("chat", 4),
    ("stuck_call", 1),
)
_ROUND = [kind for kind, share in _SHARES for _ in range(share)]
_KINDS = tuple(_ROUND[i * 37 % len(_ROUND)] for i in range(len(_ROUND)))
"""One kind after the other, mixed: any hundred conversations in a row hold every kind by its share."""

_SPANS = {
    # (least, most) of a long kind; the draw between them leans to the least
    "email": (20 * MINUTE, 16 * DAY),
    "message": (15 * MINUTE, 3 * DAY),
    "stuck_call": (58 * DAY, 60 * DAY),
}
LONG_KINDS = frozenset(_SPANS)
LONGEST = 60 * DAY


def day_outlines(seed: int, day: int, count: int, first_number: int) -> list[Outline]:
    """The outlines of the `day`-th day since 1970, by start: the same for the same arguments."""
    dice = Dice(f"day/{seed}/{day}")
    outlines = [
        _outline(dice, day * DAY + _time_of_day(dice), number) for number in range(first_number, first_number + count)
    ]
    outlines.sort()
    return outlines


def older_outlines(seed: int, first_day: int, days: int, count_per_day: int) -> list[Outline]:
    """Conversations that started before the first day and end, or stay open, in the days of the world, by start."""
    outlines: list[Outline] = []
    for day in range(first_day, first_day + days):
        dice = Dice(f"older/{seed}/{day}")
        for position in range(count_per_day):
            kind = ("stuck_call", "email", "message")[position % 3]
            least, most = _SPANS[kind]
            end = day * DAY + dice.span(0, DAY)
            start = end - (dice.span(least, most) if kind == "stuck_call" else dice.span(2 * DAY, most))
            drawn = Outline(start, dice.uuid(), end, kind, position, dice.getrandbits(64))
            if start < first_day * DAY:
                outlines.append(drawn)
    outlines.sort()
    return outlines


def _outline(dice: Dice, start: int, number: int) -> Outline:
    kind = _KINDS[number % len(_KINDS)]
    span = _SPANS.get(kind)
    if span is not None:
        length = int(span[0] + (span[1] - span[0]) * dice.random() ** 4)
    else:
        length = SHORT if kind == "callback" else _CALL
    until = start + length
    return Outline(start, dice.uuid(), until, kind, number, dice.getrandbits(64))


def _time_of_day(dice: Dice) -> int:
    """Mostly office hours, some at any hour, a few in the last minutes before midnight."""
    share = dice.random()
    if share < 0.88:
        return int(dice.triangular(6 * HOUR, 22 * HOUR, 11 * HOUR))
    if share < 0.98:
        return dice.span(0, DAY)
    return dice.span(DAY - 10 * MINUTE, DAY)
