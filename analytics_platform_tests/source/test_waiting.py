"""Waiting: to its end, or until told to stop."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from analytics_platform.source.errors import GivenUp, NoAnswer
from analytics_platform.source.looks import looks
from analytics_platform.source.retries import Retries
from analytics_platform.source.waiting import told_by, wait

LONG = 250.0


def _fail(begun: Event) -> None:
    begun.set()
    raise NoAnswer("No answer.", retry_after=LONG)


def _retried(begun: Event) -> None:
    Retries().run(lambda: _fail(begun), again=lambda fault: True)


def _looked(begun: Event) -> None:
    begun.set()
    next(looks(lambda: None, "a job", first_pause=LONG, deadline=2 * LONG))


def _waited(begun: Event) -> None:
    begun.set()
    wait(LONG)


@pytest.mark.parametrize("at_work", [_waited, _retried, _looked])
@pytest.mark.parametrize("others", [0, 1])
def test_whoever_waits_is_told_to_stop(at_work: Callable[[Event], None], others: int) -> None:
    begun, stop = Event(), Event()

    def work() -> None:
        with told_by(*[Event() for _ in range(others)], stop):
            at_work(begun)

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        assert begun.wait(30)
        stop.set()
        with pytest.raises(GivenUp, match="run again"):
            working.result(30)


def test_who_was_told_before_does_not_begin_to_wait() -> None:
    stop = Event()
    stop.set()
    with told_by(stop), pytest.raises(GivenUp):
        wait(LONG)
    wait(0.0)


def test_a_wait_ends_by_itself() -> None:
    with told_by(Event()):
        wait(0.001)
    with told_by(Event(), Event()):
        wait(0.001)
