"""Ticks: the instants snapshots are due at, on a grid that begins at midnight UTC; and how a manifest tells them."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from analytics_platform.lake import Manifest

TICKS = "ticks"
"""The fact of a manifest that tells which snapshots the partition holds, as runs: `first/last/minutes between`."""
_MINUTE = timedelta(minutes=1)


def due_tick(now: datetime, minutes: int) -> datetime:
    """The newest tick at `now`; `minutes` divides an hour."""
    utc = now.astimezone(UTC)
    return utc.replace(minute=utc.minute - utc.minute % minutes, second=0, microsecond=0)


def ticks_of_day(day: date, minutes: int, until: datetime) -> list[datetime]:
    """All ticks of a day whose time had passed at `until`."""
    first = datetime.combine(day, time(), UTC)
    every = timedelta(minutes=minutes)
    ticks = (first + number * every for number in range(24 * 60 // minutes))
    return [tick for tick in ticks if tick + every <= until]


def runs_of(ticks: Iterable[datetime]) -> list[str]:
    """Ticks as runs of equal distance, in order: `2026-03-02T00:00Z/2026-03-02T23:55Z/5`."""
    runs: list[list[datetime]] = []
    for tick in sorted(set(ticks)):
        if runs and (len(runs[-1]) == 1 or tick - runs[-1][-1] == runs[-1][1] - runs[-1][0]):
            runs[-1].append(tick)
        else:
            runs.append([tick])
    return [f"{_text(run[0])}/{_text(run[-1])}/{_between(run)}" for run in runs]


def ticks_of(manifest: Manifest | None) -> set[datetime]:
    """The ticks of the snapshots a partition holds; none where it has not landed."""
    return set() if manifest is None else {tick for run in manifest.facts[TICKS] for tick in _expanded(run)}


def _expanded(run: str) -> Iterator[datetime]:
    first, last, between = run.split("/")
    tick = datetime.fromisoformat(first)
    while tick <= datetime.fromisoformat(last):
        yield tick
        tick += max(int(between), 1) * _MINUTE


def _between(run: list[datetime]) -> int:
    return (run[1] - run[0]) // _MINUTE if len(run) > 1 else 0


def _text(tick: datetime) -> str:
    return f"{tick:%Y-%m-%dT%H:%MZ}"
