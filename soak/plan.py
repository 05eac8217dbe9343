"""What happens in the days of one seed: a pure function of the seed, so that a seed replays.

Days are UTC calendar days; a plan begins at `FIRST_DAY` whatever the real date is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random

from soak.dying import Death

FIRST_DAY = date(2026, 3, 2)
REREAD_AFTER_DAYS = (3, 7)
_LAG_HOURS = 6.0


@dataclass(frozen=True)
class Change:
    """A change of the world that is asked for at a wake, of `count` things chosen then from what the truth tells."""

    kind: str
    count: int


@dataclass(frozen=True)
class Hand:
    """What a person does at a wake: `provisional`, `refill`, `twice`, `forget` or `rebuild`, over the newest days."""

    kind: str
    days: int


@dataclass(frozen=True)
class Wake:
    """A time at which the platform looks, and what is wrong meanwhile."""

    now: datetime
    lag_hours: Mapping[str, float]
    changes: tuple[Change, ...] = ()
    faults: tuple[Mapping[str, object], ...] = ()
    deaths: tuple[Death, ...] = ()
    disk: Mapping[int, int] = field(default_factory=dict)
    """The largest file, in bytes, that the n-th run of the wake can write."""
    hand: Hand | None = None


@dataclass(frozen=True)
class Plan:
    """The days of one seed. `conversations` start on each day."""

    seed: int
    days: int
    conversations: int
    agents: int
    page_size: int
    result_cap: int
    """How many records the platform believes a job to deliver at most; the org's own cap is an assumption."""
    assumptions: tuple[str, ...]
    wakes: tuple[Wake, ...]

    @property
    def first(self) -> date:
        return FIRST_DAY

    @property
    def end(self) -> datetime:
        """The instant at which the comparison is made; the world's days lie before it."""
        return _at(self.days) + timedelta(hours=_LAG_HOURS)


def plan(seed: int, days: int) -> Plan:
    """The plan of a seed over so many days."""
    dice = Random(f"soak/{seed}")
    wakes: list[Wake] = []
    at = _at(1) + timedelta(hours=dice.uniform(2, 30))
    while at < _at(days):
        wakes.append(_wake(dice, at, last_change=_at(days - max(REREAD_AFTER_DAYS) - 1)))
        at += timedelta(days=dice.choice((1, 3, 5, 7, 9)), hours=dice.uniform(-3, 3))
    return Plan(
        seed,
        days,
        conversations=dice.randint(3, 9),
        agents=dice.randint(2, 5),
        page_size=dice.choice((3, 7, 20, 1000)),
        result_cap=dice.choice((200, 400_000)),
        assumptions=_assumptions(dice),
        wakes=tuple(wakes),
    )


def iso(instant: datetime) -> str:
    """An instant as the org takes it."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _at(days: float) -> datetime:
    return datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC) + timedelta(days=days)


def _assumptions(dice: Random) -> tuple[str, ...]:
    """What nobody knows of the vendor is one way in one seed and another in the next."""
    return (
        f"short_pages={dice.choice(('true', 'false'))}",
        f"touching_end_counts={dice.choice(('true', 'false'))}",
        f"unfinished_status={dice.choice((200, 202))}",
        f"delete_forgets_finished={dice.choice(('true', 'false'))}",
        f"result_cap={dice.choice((200, 400_000))}",
    )


def _wake(dice: Random, at: datetime, last_change: datetime) -> Wake:
    changes = tuple(
        Change(kind, dice.randint(1, 3))
        for kind in ("erase", "correct", "correct", "reopen", "move_start", "late", "end", "correct_status")
        if at < last_change and dice.random() < 0.3
    )
    return Wake(
        at,
        lag_hours={
            "conversations": dice.choice((0.0, _LAG_HOURS, 30.0)),
            "users": dice.choice((0.0, _LAG_HOURS, 20.0)),
        },
        changes=changes,
        faults=tuple(_fault(dice) for _ in range(dice.choice((0, 0, 1, 2, 3)))),
        deaths=_deaths(dice),
        disk={dice.randint(1, 3): dice.choice((1_000, 10_000, 60_000))} if dice.random() < 0.12 else {},
        hand=_hand(dice),
    )


def _deaths(dice: Random) -> tuple[Death, ...]:
    if dice.random() > 0.5:
        return ()
    victim = dice.choice(("run", "run", "run", "daemon", "host"))
    return (Death(victim, run=dice.randint(1, 3), step=int(2 ** dice.uniform(0, 8))),)


def _hand(dice: Random) -> Hand | None:
    if dice.random() > 0.4:
        return None
    return Hand(dice.choice(("provisional", "refill", "twice", "forget", "rebuild")), dice.randint(1, 3))


_FAULTS: tuple[Mapping[str, object], ...] = (
    {"kind": "status", "status": 429, "retry_after": 2, "operation": "*", "rate": 0.05, "burst": 3},
    {"kind": "status", "status": 500, "operation": "*.results", "rate": 0.2},
    {"kind": "status", "status": 502, "html": True, "operation": "*", "rate": 0.05},
    {"kind": "status", "status": 503, "operation": "*.submit", "rate": 0.3},
    {"kind": "status", "status": 504, "operation": "*.status", "rate": 0.1},
    {"kind": "not_json", "operation": "*.results", "rate": 0.1},
    {"kind": "cut", "operation": "*.results", "rate": 0.2},
    {"kind": "cut", "operation": "*.submit", "rate": 0.3},
    {"kind": "lost_answer", "operation": "*.submit", "rate": 0.3},
    {"kind": "lost_answer", "operation": "*", "rate": 0.05},
    {"kind": "slow", "operation": "*.results", "rate": 0.1, "seconds": 0.3},
    {"kind": "job_failed", "operation": "*.submit", "rate": 0.3},
    {"kind": "job_expired", "operation": "*.submit", "rate": 0.3},
    {"kind": "job_cancelled", "operation": "*.submit", "rate": 0.3},
    {"kind": "job_stuck", "operation": "*.submit", "times": 1},
    {"kind": "token_revoked", "operation": "*", "rate": 0.05},
    {"kind": "permission_withdrawn", "operation": "*.results", "rate": 0.05},
    {"kind": "page_twice", "operation": "*.results", "rate": 0.2},
    {"kind": "page_short", "operation": "*.results", "rate": 0.3},
    {"kind": "cursor_refused", "operation": "*.results", "rate": 0.1},
    {"kind": "watermark_back", "operation": "*.availability", "rate": 0.5, "hours": 50},
    {"kind": "clock_skew", "operation": "*", "rate": 0.5, "seconds": 90},
    {"kind": "clock_skew", "operation": "*", "rate": 0.5, "seconds": -90},
    {"kind": "record_duplicate", "operation": "*.results", "rate": 0.3},
    {"kind": "record_without_id", "operation": "*.results", "rate": 0.1},
    {"kind": "record_wrong_type", "operation": "*.results", "rate": 0.1},
    {"kind": "record_malformed", "operation": "*.results", "rate": 0.1},
    {"kind": "record_unknown_field", "operation": "*.results", "rate": 0.1},
    {"kind": "record_unknown_value", "operation": "*.results", "rate": 0.1},
    {"kind": "record_fraction", "operation": "*.results", "rate": 0.1},
    {"kind": "record_huge", "operation": "conversations.results", "times": 1, "bytes": 20_000_000},
)
"""What the org can be told to do wrong at a wake; without `times` it goes on until the wake is over."""


def _fault(dice: Random) -> Mapping[str, object]:
    chosen = {"times": None, **dice.choice(_FAULTS)}
    return {**chosen, "seed": dice.randint(1, 1_000_000)} if "rate" in chosen else chosen
