"""A day that two runs bring at once: the one that waits takes what the other has landed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Event

import pytest

from analytics_platform.lake import Manifest
from analytics_platform.landing.details import StagedDay
from analytics_platform_tests.landing.workplace import DAYS, Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

DAY = DAYS[1]


class Watched(Event):
    """What tells a run to stop; a run that waits for another looks at it again and again."""

    def __init__(self) -> None:
        super().__init__()
        self.looked_at = Event()

    def is_set(self) -> bool:
        self.looked_at.set()
        return super().is_set()


def second_while_first(place: Workplace, day: date, *, publish: bool) -> StagedDay | Manifest:
    """What a second run is given that asks for a day while a first one holds it, which then publishes it or fails."""
    first = place.landing().land(day, "first")
    assert isinstance(first, StagedDay)
    stop = Watched()
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(place.landing().land, day, "second", stop)
        assert stop.looked_at.wait(60), "it waits for the first"
        if publish:
            first.publish()
        else:
            first.discard()
        return second.result(60)


@pytest.mark.parametrize("again", [False, True], ids=["a missing day", "a day read again"])
def test_the_second_of_two_runs_takes_what_the_first_has_landed(
    quick_org: SimulatedOrg, place: Workplace, again: bool
) -> None:
    if again:
        place.land(DAY, request="before")
    quick_org.clear_requests()
    landed = second_while_first(place, DAY, publish=True)
    assert isinstance(landed, Manifest) and landed == place.lake.manifest("conversation_details", DAY)
    assert len(quick_org.requests()["submits"]) == 1


@pytest.mark.parametrize("again", [False, True], ids=["a missing day", "a day read again"])
def test_the_second_goes_on_with_the_job_of_a_first_that_fails(
    quick_org: SimulatedOrg, place: Workplace, again: bool
) -> None:
    if again:
        place.land(DAY, request="before")
    quick_org.clear_requests()
    staged = second_while_first(place, DAY, publish=False)
    assert isinstance(staged, StagedDay), "what had landed before is not what it asks for"
    staged.publish()
    assert len(quick_org.requests()["submits"]) == 1
