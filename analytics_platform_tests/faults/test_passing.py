"""Faults that pass: the day lands all the same, and the lake equals the truth."""

from contextlib import suppress
from typing import Any

import pytest

from analytics_platform.catalogue.streams import USER_DETAILS
from analytics_platform.source.errors import SourceError
from analytics_platform_tests.faults.comparing import differences, read, status_differences
from analytics_platform_tests.landing.workplace import DAYS, Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

ASKED_AGAIN = [
    ("status", {"status": 500, "operation": "*.results"}),
    ("status", {"status": 502, "html": True, "operation": "*.status"}),
    ("status", {"status": 503, "operation": "*.results"}),
    ("status", {"status": 504, "operation": "*.availability"}),
    ("status", {"status": 429, "retry_after": 0, "operation": "*.results"}),
    ("cut", {"operation": "*.results", "fraction": 0.9}),
    ("cut", {"operation": "*.status"}),
    ("lost_answer", {"operation": "*.results"}),
    ("lost_answer", {"operation": "*.availability"}),
    ("slow", {"operation": "*.results", "seconds": 0.05}),
    ("token_revoked", {"operation": "*.results"}),
    ("token_revoked", {"operation": "*.submit"}),
]
"""An answer that never came, or came broken: it is asked for again."""
OF_PAGES = [
    ("page_twice", {"operation": "*.results", "rate": 0.4, "seed": 3, "times": None}),
    ("page_short", {"operation": "*.results", "rate": 0.5, "seed": 1, "times": None}),
    ("cursor_refused", {"operation": "*.results"}),
]
OF_A_PAGE = [("page_twice", {"operation": "*.results", "page": 5})]
"""Its records are of the day; those of weeks before come first."""
OF_CLOCKS = [
    ("clock_skew", {"seconds": 7200, "times": None}),
    ("clock_skew", {"seconds": -7200, "times": None}),
    ("clock_skew", {"operation": "token", "seconds": -90000}),
]


def _name(fault: Any) -> str:
    return "-".join(str(value) for value in fault.values()) if isinstance(fault, dict) else str(fault)


@pytest.mark.parametrize(("kind", "fault"), ASKED_AGAIN + OF_PAGES + OF_A_PAGE + OF_CLOCKS, ids=_name)
def test_the_lake_equals_the_truth(vendor: SimulatedOrg, place: Workplace, kind: str, fault: dict[str, Any]) -> None:
    vendor.arm(kind, **fault)
    read(place, DAYS[:1])
    assert vendor.struck()[kind] >= 1
    assert differences(vendor, place, DAYS[:1]) == {}


@pytest.mark.parametrize(("kind", "fault"), OF_PAGES, ids=_name)
def test_of_users_too(vendor: SimulatedOrg, place: Workplace, kind: str, fault: dict[str, Any]) -> None:
    vendor.arm(kind, **fault)
    read(place, DAYS[:1], stream=USER_DETAILS)
    assert vendor.struck()[kind] >= 1
    assert status_differences(vendor, place, DAYS[:1]) == {}


def test_runs_that_fail_among_many_faults_come_to_the_same_end(vendor: SimulatedOrg, place: Workplace) -> None:
    for seed, (kind, fault) in enumerate((*ASKED_AGAIN[:3], *ASKED_AGAIN[5:8], *OF_PAGES[:2])):
        vendor.arm(kind, **{**fault, "operation": "*.results", "rate": 0.3, "seed": seed, "times": 4})
    runs = 0
    while place.lake.manifest("conversation_details", DAYS[0]) is None:
        runs += 1
        with suppress(SourceError):
            read(place, DAYS[:1], f"run {runs}")
    assert runs > 1 and len(vendor.struck()) >= 5
    assert differences(vendor, place, DAYS[:1]) == {}
