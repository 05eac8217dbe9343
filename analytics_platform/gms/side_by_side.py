"""Work on many items, some of them at a time, with the results in the items' order."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from threading import Event
from typing import TypeVar

from analytics_platform.source.waiting import told_by

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_AHEAD = 4


def side_by_side(
    items: Iterable[_Item], work: Callable[[_Item, Event], _Result], at_once: int
) -> Generator[tuple[_Item, _Result]]:
    """Each item with its result, in order, `at_once` of them at work; items are taken only so far ahead.

    The first error stops the rest: nothing begins after it, what is at work is told by the event it was given, and the
    error is raised at its item's turn, or at that of an earlier one which gave up because of it.
    """
    stop = Event()
    faults: list[BaseException] = []

    def attempt(item: _Item) -> _Result:
        if stop.is_set():
            raise CancelledError
        try:
            with told_by(stop):
                return work(item, stop)
        except BaseException as fault:
            faults.append(fault)
            stop.set()
            raise

    waiting: deque[tuple[_Item, Future[_Result]]] = deque()
    left = iter(items)
    with ThreadPoolExecutor(at_once, thread_name_prefix="gms") as pool:
        try:
            while True:
                while len(waiting) < _AHEAD * at_once and not stop.is_set():
                    for item in left:
                        waiting.append((item, pool.submit(attempt, item)))
                        break
                    else:
                        break
                if not waiting:
                    return
                item, future = waiting.popleft()
                if future.exception() is not None:
                    raise faults[0]
                yield item, future.result()
        finally:
            stop.set()
            for _, future in waiting:
                future.cancel()
