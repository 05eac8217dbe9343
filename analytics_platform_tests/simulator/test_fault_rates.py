"""Faults that strike now and then do so by their rate and seed; what struck is counted."""

from collections.abc import Callable
from itertools import groupby

import httpx
import pytest

from analytics_platform.simulator.api.faults import Fault
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.asking import DAYS, Asker, asking, day

AVAILABILITY = "/conversations/details/jobs/availability"


def answers(org: SimulatedOrg, asker: Asker, count: int, **fault: object) -> list[int]:
    """The statuses of so many requests under one fault alone."""
    org.clear_faults()
    org.arm("status", "*.availability", times=None, **fault)
    return [asker.http.get(AVAILABILITY).status_code for _ in range(count)]


def test_a_fault_strikes_by_its_rate_and_the_same_seed_strikes_alike(org: SimulatedOrg, asker: Asker) -> None:
    first = answers(org, asker, 100, rate=0.3, seed=5)
    assert 15 < first.count(503) < 45
    assert answers(org, asker, 100, rate=0.3, seed=5) == first
    assert answers(org, asker, 100, rate=0.3, seed=6) != first


def test_a_burst_strikes_some_times_in_a_row(org: SimulatedOrg, asker: Asker) -> None:
    told = answers(org, asker, 120, rate=0.05, seed=3, burst=4, status=429, retry_after=30)
    lengths = [len(list(run)) for status, run in groupby(told) if status == 429]
    assert lengths and min(lengths) >= 4
    assert told.count(200) > 30


def test_strikes_are_counted_by_kind_when_faults_are_cleared_too(org: SimulatedOrg, asker: Asker) -> None:
    struck = answers(org, asker, 20, rate=0.5).count(503)
    org.clear_faults()
    org.arm("permission_withdrawn", "conversations.availability", times=2)
    for _ in range(3):
        asker.http.get(AVAILABILITY)
    assert org.struck() == {"permission_withdrawn": 2, "status": struck}
    org.clear_requests()
    assert org.struck() == {}


@pytest.mark.parametrize("rate", [0, 1.5])
def test_a_rate_that_is_none_is_refused(org: SimulatedOrg, rate: float) -> None:
    with pytest.raises(httpx.HTTPStatusError):
        org.arm("status", rate=rate)


def test_an_org_misbehaves_from_its_start(start_org: Callable[..., SimulatedOrg]) -> None:
    org = start_org(fault=["page_short:1:7", "watermark_back:0.5:2"])
    assert [(fault["kind"], fault["rate"], fault["seed"], fault["times"]) for fault in org.faults()] == [
        ("page_short", 1.0, 7, None),
        ("watermark_back", 0.5, 2, None),
    ]
    with asking(org) as asker:
        assert asker.run("conversations", day(DAYS[0]), 1000)
    assert org.struck() == {"page_short": 1}


@pytest.mark.parametrize(
    ("text", "words"),
    [("earthquake:1:1", "no fault 'earthquake'"), ("cut:2:1", "at most 1"), ("cut:often:1", "kind:rate:seed")],
)
def test_a_text_that_is_no_fault_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Fault.parse(text)
