"""Order, limits and the end of work that is done side by side."""

import threading
from collections.abc import Iterator
from threading import Event

import pytest

from analytics_platform.gms.side_by_side import side_by_side
from analytics_platform.source.waiting import wait
from analytics_platform_tests.waiting import wait_until


def test_results_come_in_the_items_order_whoever_is_ready_first() -> None:
    later = Event()

    def work(item: int, stop: Event) -> int:
        if item == 0:
            assert later.wait(30)
        if item == 3:
            later.set()
        return item * 10

    assert list(side_by_side(range(20), work, 4)) == [(item, item * 10) for item in range(20)]


def test_never_more_are_at_work_than_allowed_and_all_of_them_are() -> None:
    together = threading.Barrier(3, timeout=30)
    at_work: list[int] = []
    most = 0
    lock = threading.Lock()

    def work(item: int, stop: Event) -> None:
        nonlocal most
        with lock:
            at_work.append(item)
            most = max(most, len(at_work))
        together.wait()
        with lock:
            at_work.remove(item)

    assert len(list(side_by_side(range(30), work, 3))) == 30
    assert most == 3


def test_items_are_taken_only_a_few_ahead() -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for item in range(10_000):
            taken += 1
            yield item

    results = side_by_side(items(), lambda item, stop: item, 2)
    assert next(results) == (0, 0)
    assert taken == 8
    results.close()


def test_the_first_error_stops_the_rest() -> None:
    begun: list[int] = []
    failed = Event()

    def work(item: int, stop: Event) -> int:
        begun.append(item)
        if item == 1:
            failed.set()
            raise ValueError("the second")
        if item == 0:
            # Goes on until it is told to stop.
            assert stop.wait(30)
        return item

    results = side_by_side(range(1000), work, 2)
    assert next(results) == (0, 0)
    with pytest.raises(ValueError, match="the second"):
        next(results)
    assert failed.is_set()
    assert len(begun) <= 3


def test_an_earlier_item_that_gives_up_tells_the_error_that_stopped_it() -> None:
    at_work = Event()

    def work(item: int, stop: Event) -> int:
        if item == 1:
            assert at_work.wait(30)
            raise ValueError("the second")
        at_work.set()
        wait(30)
        return item

    with pytest.raises(ValueError, match="the second"):
        next(side_by_side(range(1000), work, 2))


def test_work_given_up_ends() -> None:
    begun: list[int] = []

    def work(item: int, stop: Event) -> int:
        begun.append(item)
        if item:
            stop.wait(30)
        return item

    results = side_by_side(range(1000), work, 2)
    assert next(results) == (0, 0)
    wait_until(lambda: len(begun) >= 3, "two at work")
    results.close()
    assert len(begun) <= 4
