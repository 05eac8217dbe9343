"""The fixture itself: an org starts, tells the time, and stops clean."""

from collections.abc import Callable

from analytics_platform_tests.simulated_org import SimulatedOrg


def test_an_org_stops_with_status_zero(start_org: Callable[..., SimulatedOrg]) -> None:
    org = start_org(conversations_per_day=5)
    assert org.stop() == 0


def test_the_clock_stands_until_it_is_set(org: SimulatedOrg) -> None:
    assert org.now == "2026-03-07T00:00:00Z"
    org.set_now("2026-03-08T00:00:00Z")
    assert org.availability() == "2026-03-07T18:00:00Z"


def test_the_truth_lies_in_its_days(org: SimulatedOrg) -> None:
    told = org.truth_conversations("2026-03-03", "2026-03-03")
    assert len(told) == 60
    assert {record["conversationStart"][:10] for record in told} == {"2026-03-03"}
    assert [record["conversationId"] for record in told] == org.truth_conversation_ids("2026-03-03", "2026-03-03")
