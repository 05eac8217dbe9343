"""Days landed side by side, given one after another, oldest first."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from threading import Event
from typing import Protocol, TypeVar

from analytics_platform.lake import Manifest


class Discardable(Protocol):
    """A staged day."""

    def discard(self) -> None: ...


_Staged = TypeVar("_Staged", bound=Discardable)


def in_turn(
    days: Sequence[date], land: Callable[[date, Event], _Staged | Manifest], at_once: int, name: str
) -> Iterator[_Staged | Manifest]:
    """Stage days by `land`, `at_once` of them at work, and give them oldest first as they become ready.

    Publish each before the next is asked for: a day that was not is given up then. Raises on the first day that cannot
    be landed; what `land` does of later days is told to stop by the event it was given.
    """
    waiting: list[Future[_Staged | Manifest]] = []
    given: _Staged | Manifest | None = None
    left = iter(sorted(days))
    stop = Event()
    with ThreadPoolExecutor(at_once, thread_name_prefix=name) as pool:
        try:
            while True:
                while len(waiting) < at_once and (day := next(left, None)) is not None:
                    waiting.append(pool.submit(land, day, stop))
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


def _give_up(landed: Discardable | Manifest | None) -> None:
    if landed is not None and not isinstance(landed, Manifest):  # nothing happens to one that was published
        landed.discard()
