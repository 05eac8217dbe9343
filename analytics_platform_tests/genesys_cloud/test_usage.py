"""What a connection tells of itself: few words while it waits, and true sums in the end."""

import logging

import pytest

from analytics_platform.genesys_cloud.budget import Waiting
from analytics_platform.genesys_cloud.usage import Usage, Used
from analytics_platform_tests.genesys_cloud.conftest import Clock


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def usage(clock: Clock, told: list[str]) -> Usage:
    def tell(level: int, sentence: str) -> None:
        assert level == logging.INFO
        told.append(sentence)

    return Usage(tell, clock)


def test_waits_are_told_at_growing_spacings(usage: Usage, clock: Clock, told: list[str]) -> None:
    told_at = []
    for _ in range(600):
        before = len(told)
        usage.sent()
        usage.waiting(Waiting(1.0, paused=False))
        if len(told) > before:
            told_at.append(clock.now - 1000)
        clock.now += 1
    assert told_at == [0, 15, 45, 105, 225, 465]
    assert told[0] == "Waiting 1 s: the request budget is used up. Requests so far: 1."
    assert told[1] == "Waiting 1 s: the request budget is used up. Requests so far: 16; waited 15 s before."
    assert usage.used() == Used(requests=600, retries=0, waited_seconds=600.0)


def test_short_waits_are_counted_and_not_told(usage: Usage, clock: Clock, told: list[str]) -> None:
    usage.waiting(Waiting(0.5, paused=False))
    clock.now += 0.5
    assert usage.used().waited_seconds == 0.5 and not told


def test_threads_that_wait_at_once_wait_once(usage: Usage, clock: Clock) -> None:
    usage.waiting(Waiting(10.0, paused=True))
    clock.now += 4
    usage.waiting(Waiting(10.0, paused=True))
    clock.now += 10
    assert usage.used().waited_seconds == 14.0


def test_a_wait_cut_short_counts_as_long_as_it_lasted(usage: Usage, clock: Clock, told: list[str]) -> None:
    usage.again(200.0)
    clock.now += 3
    assert usage.used() == Used(requests=0, retries=1, waited_seconds=3.0)
    assert told == ["Waiting 200 s: a request failed and is tried again. Requests so far: 0."]
