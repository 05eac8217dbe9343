"""Faults that do not pass: the day fails with one clear sentence, nothing landed is harmed, and then it lands."""

from collections.abc import Iterator
from typing import Any

import pytest

from analytics_platform.landing.errors import DayNotComplete, LandingError
from analytics_platform.source.errors import JobDeadline, SourceError
from analytics_platform_tests.faults.comparing import NOW, differences, read
from analytics_platform_tests.landing.scratch import scratch
from analytics_platform_tests.landing.workplace import DAYS, Workplace, connected
from analytics_platform_tests.simulated_org import SimulatedOrg

DAY = DAYS[:1]
FAULTS = [
    ("job_failed", {"operation": "*.submit"}, "failed at Genesys Cloud"),
    ("job_expired", {"operation": "*.submit"}, "expired"),
    ("job_cancelled", {"operation": "*.submit"}, "cancelled"),
    ("lost_answer", {"operation": "*.submit"}, "submit"),
    ("not_json", {"operation": "*.results"}, "JSON"),
    ("cut", {"operation": "*.results"}, "results"),
    ("cursor_refused", {"operation": "*.results"}, "cursor"),
    ("status", {"operation": "*.results", "status": 503}, "503"),
    ("status", {"operation": "*.availability", "status": 502, "html": True}, "502"),
    ("status", {"operation": "*.results", "status": 429, "retry_after": 7200}, "7200"),
    ("permission_withdrawn", {"operation": "*.results"}, "the OAuth client lacks a permission"),
    ("token_revoked", {"operation": "*.results"}, "token"),
    ("watermark_back", {"operation": "*.availability", "hours": 120}, "vouches for data before 2026-03-01"),
]


def _name(fault: Any) -> str:
    return "-".join(str(value) for value in fault.values()) if isinstance(fault, dict) else str(fault)


@pytest.fixture(scope="module")
def landed(faulty_org: SimulatedOrg) -> Iterator[Workplace]:
    """A workplace where the day has landed before anything was amiss."""
    faulty_org.reset()
    faulty_org.take_back_changes()
    faulty_org.set_now(NOW)
    with connected(faulty_org.url) as client, scratch() as folder:
        place = Workplace(client, folder)
        read(place, DAY, "before")
        yield place


@pytest.mark.parametrize(("kind", "fault", "words"), FAULTS, ids=_name)
def test_a_day_that_fails_harms_nothing_and_lands_when_the_fault_has_gone(
    vendor: SimulatedOrg, landed: Workplace, kind: str, fault: dict[str, Any], words: str
) -> None:
    before, manifests = landed.tables(), landed.lake.manifests("conversation_details")
    vendor.arm(kind, **fault, times=None)
    request = _name(fault) + kind
    with pytest.raises((SourceError, LandingError), match=words) as failed:
        read(landed, DAY, request)
    assert "\n" not in str(failed.value) and len(str(failed.value)) < 600
    assert landed.tables() == before and landed.lake.manifests("conversation_details") == manifests
    assert vendor.struck()[kind] >= 1
    vendor.clear_faults()
    read(landed, DAY, request)
    assert landed.lake.manifests("conversation_details") != manifests
    vendor.clear_requests()
    assert differences(vendor, landed, DAY) == {}


def test_a_job_that_is_stuck_is_given_up_after_two_times_and_the_day_lands(
    vendor: SimulatedOrg, place: Workplace
) -> None:
    vendor.arm("job_stuck", "*.submit")
    for _ in range(2):
        with pytest.raises(JobDeadline, match="is still PENDING"):
            read(place, DAY, deadline=0.05)
    read(place, DAY)
    assert differences(vendor, place, DAY) == {}


def test_a_watermark_that_goes_back_does_not_undo_a_day(vendor: SimulatedOrg, place: Workplace) -> None:
    read(place, DAYS[:2])
    vendor.set_lag(conversations=96)
    with pytest.raises(DayNotComplete, match="vouches for data before 2026-03-03"):
        read(place, DAYS[:2], "again")
    vendor.set_lag(conversations=6)
    assert differences(vendor, place, DAYS[:2]) == {}
