"""Days landed side by side, given one after another, oldest first."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from threading import Event
from typing import Protocol, TypeVar, runtime_checkable

from analytics_platform.source.waiting import told_by


@runtime_checkable
class Staged(Protocol):
    """A day that is staged and not published yet, unlike one that had landed before."""

    def discard(self) -> None:
        """Give it up; nothing happens to one that was published."""
        ...


_Day = TypeVar("_Day")


def in_turn(days: Sequence[date], land: Callable[[date, Event], _Day], at_once: int, name: str) -> Iterator[_Day]:
    """Stage days by `land`, `at_once` of them at work, and give them oldest first as they become ready.

    Publish each before the next is asked for: a day that was not is given up then. Raises on the first day that cannot
    be landed; what `land` does of later days is told to stop by the event it was given, wherever it waits.

    One at a time is staged by the caller's own thread, which finds again what memory that took for what it does next.
    """
    if min(at_once, len(days)) > 1:
        yield from _side_by_side(days, land, at_once, name)
        return
    for day in sorted(days):
        given = land(day, Event())
        try:
            yield given
        finally:
            _give_up(given)


def _side_by_side(days: Sequence[date], land: Callable[[date, Event], _Day], at_once: int, name: str) -> Iterator[_Day]:
    def landed(day: date) -> _Day:
        with told_by(stop):
            return land(day, stop)

    waiting: list[Future[_Day]] = []
    given: _Day | None = None
    left = iter(sorted(days))
    stop = Event()
    with ThreadPoolExecutor(at_once, thread_name_prefix=name) as pool:
        try:
            while True:
                while len(waiting) < at_once and (day := next(left, None)) is not None:
                    waiting.append(pool.submit(landed, day))
                if not waiting:
                    return
                given = waiting.pop(0).result()
                yield given
                _give_up(given)
        finally:
            stop.set()
            _give_up(given)
            for future in waiting:
                if not future.cancel() and future.exception() is None:
                    _give_up(future.result())


def _give_up(landed: object) -> None:
    if isinstance(landed, Staged):
        landed.discard()
