"""What the vendor tells otherwise later: days read again make the lake equal to the truth as it is then."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from analytics_platform.catalogue.streams import USER_DETAILS
from analytics_platform_tests.faults.comparing import NOW, differences, read, status_differences
from analytics_platform_tests.landing.workplace import DAYS, Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

LATER = "2026-03-12T00:00:00Z"
TWO = DAYS[:2]
REOPENED = date(2026, 3, 7)


def ids(org: SimulatedOrg, wanted: Callable[[dict[str, str]], bool]) -> list[str]:
    """The conversations of the first two days that are wanted."""
    told = org.truth_conversations(DAYS[0], DAYS[1])
    return [one["conversationId"] for one in told if wanted(one)]


def home(place: Workplace, conversation_id: str) -> list[date]:
    return [
        day
        for day in place.lake.days("conversations")
        if conversation_id in place.lake.read("conversations", day)["conversation_id"].to_pylist()
    ]


def test_erased_conversations_are_nowhere_any_more(vendor: SimulatedOrg, place: Workplace) -> None:
    read(place, TWO)
    gone = vendor.change("erase", day=str(DAYS[0]), share=0.3)
    assert gone and differences(vendor, place, TWO) != {}
    read(place, TWO, "again")
    assert differences(vendor, place, TWO) == {}
    raw = [record for day in TWO for record in place.raw(day)]
    assert not any(identity in record for identity in gone for record in raw)


def test_one_day_read_again_shows_that_a_conversation_of_several_days_is_erased(
    vendor: SimulatedOrg, place: Workplace
) -> None:
    read(place, TWO)
    started = vendor.truth_conversations("2026-03-01", DAYS[0])
    gone = [one["conversationId"] for one in started if one.get("conversationEnd", "9") > "2026-03-03"]
    assert gone and all(home(place, one) for one in gone)
    vendor.change("erase", conversations=gone)
    vendor.set_now(LATER)
    read(place, DAYS[:1], "again")
    assert not any(one in record for one in gone for record in place.raw(DAYS[1]))
    assert not any(home(place, one) for one in gone)


def test_a_nightly_rebuild_is_taken_over(vendor: SimulatedOrg, place: Workplace) -> None:
    read(place, TWO)
    touched = [one for day in TWO for one in vendor.change("correct", day=str(day), share=0.5, seed=5)]
    assert len(touched) > 5 and differences(vendor, place, TWO) != {}
    read(place, TWO, "again")
    assert differences(vendor, place, TWO) == {}


def test_a_conversation_opened_again_becomes_current(vendor: SimulatedOrg, place: Workplace) -> None:
    read(place, TWO)
    again = ids(vendor, lambda one: "conversationEnd" in one)[:4]
    vendor.change("reopen", conversations=again, at="2026-03-07T01:00:00Z")
    vendor.set_now(LATER)
    read(place, (*TWO, REOPENED), "again")
    assert differences(vendor, place, (*TWO, REOPENED)) == {}


def test_it_becomes_current_by_the_day_on_which_it_ends_alone(vendor: SimulatedOrg, place: Workplace) -> None:
    read(place, DAYS[:1])
    again = ids(vendor, lambda one: "conversationEnd" in one and one["conversationStart"] < str(DAYS[1]))[0]
    before = home(place, again)
    vendor.change("reopen", conversations=[again], at="2026-03-07T01:00:00Z")
    vendor.set_now(LATER)
    read(place, [REOPENED], "again")
    (truth,) = (one for one in vendor.truth_conversations(DAYS[0], DAYS[0]) if one["conversationId"] == again)
    rows = [row for row in place.lake.read("conversations", DAYS[0]).to_pylist() if row["conversation_id"] == again]
    assert [row["conversation_end"].date() for row in rows] == [REOPENED]
    assert truth["conversationEnd"] > "2026-03-07" and home(place, again) == before == [DAYS[0]]


@pytest.mark.parametrize("hours", [-24, 12])
def test_a_start_that_moved_over_midnight_has_one_home(vendor: SimulatedOrg, place: Workplace, hours: int) -> None:
    read(place, DAYS)
    moved = ids(vendor, lambda one: "conversationEnd" not in one)
    assert moved and {day for one in moved for day in home(place, one)} == {DAYS[1]}
    vendor.change("move_start", conversations=moved, by_ms=hours * 3_600_000)
    read(place, DAYS[2:], "again")
    assert {tuple(home(place, one)) for one in moved} == {(DAYS[0] if hours < 0 else DAYS[2],)}
    read(place, DAYS[:2], "again")
    assert differences(vendor, place, DAYS) == {}


def test_starts_that_move_by_milliseconds_are_taken_over(vendor: SimulatedOrg, place: Workplace) -> None:
    read(place, TWO)
    assert vendor.change("move_start", day=str(DAYS[1]), share=0.2)
    read(place, TWO, "again")
    assert differences(vendor, place, TWO) == {}


def test_late_arrivals_are_there_when_their_day_is_read_again(vendor: SimulatedOrg, place: Workplace) -> None:
    late = vendor.change("late", day=str(DAYS[0]), share=0.3, at="2026-03-08T00:00:00Z")
    read(place, TWO)
    assert late and differences(vendor, place, TWO) == {}
    vendor.set_now(LATER)
    read(place, TWO, "again")
    assert all(home(place, one) == [DAYS[0]] for one in late)
    assert differences(vendor, place, TWO) == {}


def test_a_stuck_conversation_that_ends_is_current_by_the_day_on_which_it_ends(
    vendor: SimulatedOrg, place: Workplace
) -> None:
    read(place, TWO)
    stuck = ids(vendor, lambda one: "conversationEnd" not in one)
    vendor.change("end", conversations=stuck, at="2026-03-07T12:00:00Z")
    vendor.set_now(LATER)
    read(place, [REOPENED], "again")
    rows = [row for day in TWO for row in place.lake.read("conversations", day).to_pylist()]
    ends = {row["conversation_end"] for row in rows if row["conversation_id"] in stuck}
    assert stuck and ends == {datetime(2026, 3, 7, 12, tzinfo=UTC)}
    assert differences(vendor, place, (*TWO, REOPENED)) == {}


def test_of_two_readings_the_later_by_the_orgs_clock_holds_whatever_ours_says(
    vendor: SimulatedOrg, place: Workplace
) -> None:
    stuck = ids(vendor, lambda one: "conversationEnd" not in one)
    vendor.change("end", conversations=stuck, at="2026-03-07T12:00:00Z")
    vendor.set_now(LATER)
    read(place, DAYS[2:])
    vendor.set_now(NOW)
    read(place, DAYS[1:2])
    rows = place.lake.read("conversations", DAYS[1]).to_pylist()
    ends = {row["conversation_end"] for row in rows if row["conversation_id"] in stuck}
    assert stuck
    assert ends == {datetime(2026, 3, 7, 12, tzinfo=UTC)}


def test_corrected_statuses_are_taken_over(vendor: SimulatedOrg, place: Workplace) -> None:
    read(place, TWO, stream=USER_DETAILS)
    assert vendor.change("correct_status", day=str(DAYS[1]), share=0.1, seed=2)
    assert status_differences(vendor, place, TWO) != {}
    read(place, TWO, "again", stream=USER_DETAILS)
    assert status_differences(vendor, place, TWO) == {}
