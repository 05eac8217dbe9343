"""Conversations the vendor erased vanish from every day when one is read again; those it still tells by id do not."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from analytics_platform.catalogue.operations.details import CONVERSATIONS_BY_IDS
from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, USER_DETAILS
from analytics_platform.landing.details import StagedDay
from analytics_platform.landing.erased import remove_erased
from analytics_platform_tests.landing.conftest import UNHURRIED
from analytics_platform_tests.landing.workplace import DAYS, Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

FIRST, DAY, NEXT = DAYS
LATE, LATER = "2026-03-12T00:00:00Z", "2026-03-13T00:00:00Z"


@pytest.fixture
def changing_org(start_org: Callable[..., SimulatedOrg]) -> SimulatedOrg:
    return start_org(**UNHURRIED, late_changes=False)


@pytest.fixture
def landed(changing_org: SimulatedOrg, workplace_at: Callable[..., Workplace]) -> Workplace:
    """All three days, and the typed tables made of them."""
    place = workplace_at(changing_org)
    read(place, DAYS, "first")
    place.build()
    return place


def read(place: Workplace, days: Sequence[date], request: str) -> None:
    """What a run does with these days."""
    for part in place.landing().land_all(days, request):
        assert isinstance(part, StagedDay)
        part.publish()


def ids(place: Workplace, day: date) -> set[str]:
    return set(place.lake.read(CONVERSATION_DETAILS.raw.name, day)["conversation_id"].to_pylist())


def long_ones(place: Workplace) -> list[dict[str, Any]]:
    """The conversations that started on the day and lasted into the next, closed by now."""
    rows = place.lake.read(CONVERSATION_DETAILS.raw.name, NEXT).to_pylist()
    return [row for row in rows if row["home_day"] == DAY and row["conversation_end"]]


def typed(place: Workplace, conversation: str) -> set[str]:
    """The typed tables that hold something of a conversation."""
    place.build()
    tables = place.tables()
    return {name for name, rows in tables.items() if conversation in rows["conversation_id"].to_pylist()}


def facts(place: Workplace, day: date = DAY) -> Any:
    manifest = place.lake.manifest(CONVERSATION_DETAILS.restatements.name, day)
    assert manifest is not None
    return manifest.facts


def asked(org: SimulatedOrg) -> int:
    """How often the org was asked for conversations by their ids."""
    return sum(org.requests()["counts"].get(f"GET {CONVERSATIONS_BY_IDS.path}", {}).values())


def test_what_one_day_shows_to_be_erased_is_gone_from_all_days_and_tables_and_nothing_else_is(
    changing_org: SimulatedOrg, landed: Workplace
) -> None:
    gone = long_ones(landed)[0]["conversation_id"]
    others = {day: ids(landed, day) - {gone} for day in DAYS}
    changing_org.change("erase", conversations=[gone], at=LATE)
    changing_org.set_now(LATE)
    read(landed, [DAY], "again")
    assert {day: ids(landed, day) for day in DAYS} == others
    assert typed(landed, gone) == set() and facts(landed)["erased"] == 1 and facts(landed)["removals_since"] is None
    read(landed, [NEXT], "again")
    manifest = landed.lake.manifest(CONVERSATION_DETAILS.raw.name, NEXT)
    assert manifest is not None and manifest.facts["restated_removed"] == 0
    assert asked(changing_org) == 1


def test_what_no_other_day_holds_is_asked_of_nobody(changing_org: SimulatedOrg, landed: Workplace) -> None:
    alone = min(ids(landed, DAY) - ids(landed, FIRST) - ids(landed, NEXT))
    changing_org.change("erase", conversations=[alone], at=LATE)
    changing_org.set_now(LATE)
    read(landed, [DAY], "again")
    assert alone not in ids(landed, DAY) and facts(landed)["removals_since"] is None
    assert asked(changing_org) == 0


def test_what_vanished_between_two_days_is_gone_although_the_first_of_them_is_not_read_again(
    changing_org: SimulatedOrg, landed: Workplace
) -> None:
    gone = max(ids(landed, DAY) & ids(landed, NEXT))
    landed.lake.remove(CONVERSATION_DETAILS.raw.name, NEXT)
    changing_org.change("erase", conversations=[gone], at=LATE)
    changing_org.set_now(LATE)
    read(landed, [NEXT], "late")
    assert gone not in ids(landed, FIRST) | ids(landed, DAY) | ids(landed, NEXT) and typed(landed, gone) == set()
    assert asked(changing_org) == 1


def test_killed_before_the_others_are_looked_at_any_later_run_takes_out_what_is_erased(
    changing_org: SimulatedOrg, landed: Workplace
) -> None:
    one, two = (row["conversation_id"] for row in long_ones(landed)[:2])
    changing_org.change("erase", conversations=[one], at=LATE)
    changing_org.change("erase", conversations=[two], at=LATER)
    for now in (LATE, LATER):
        changing_org.set_now(now)
        landed.land(DAY, request=now)
    assert {one, two} <= ids(landed, NEXT) and facts(landed)["removals_since"] == "2026-03-12T00:00:00Z"
    read(landed, [FIRST], "another day")
    assert not {one, two} & ids(landed, NEXT) and facts(landed)["erased"] == 2


def test_nothing_is_concluded_from_a_reading_that_was_not_published(
    changing_org: SimulatedOrg, landed: Workplace
) -> None:
    gone = long_ones(landed)[0]["conversation_id"]
    changing_org.change("erase", conversations=[gone], at=LATE)
    changing_org.set_now(LATE)
    begun = landed.landing().land(DAY, "again")
    assert isinstance(begun, StagedDay) and begun.restated is not None
    begun.restated.publish()
    begun.discard()
    remove_erased(CONVERSATION_DETAILS, landed.lake, landed.ledger, landed.client)
    assert gone in ids(landed, DAY) & ids(landed, NEXT) and facts(landed)["removals_since"] is not None
    read(landed, [DAY], "again")
    assert gone not in ids(landed, DAY) | ids(landed, NEXT)


def _moved_into_the_next_day(org: SimulatedOrg, place: Workplace) -> str:
    """A conversation that began on the day, and of which is told from LATE on that it began on the next."""
    row = max(long_ones(place), key=lambda row: row["conversation_end"])
    midnight = datetime.combine(NEXT, time(), UTC)
    by = int((midnight - row["conversation_start"]).total_seconds() * 1000) + 1000
    org.change("move_start", conversations=[row["conversation_id"]], at=LATE, by_ms=by)
    org.set_now(LATE)
    return str(row["conversation_id"])


@pytest.mark.parametrize("corrected_first", [False, True])
def test_a_conversation_whose_start_left_the_day_stays_where_it_is_told(
    changing_org: SimulatedOrg, landed: Workplace, corrected_first: bool
) -> None:
    moved = _moved_into_the_next_day(changing_org, landed)
    if corrected_first:
        read(landed, [NEXT], "again")
        changing_org.set_now(LATER)
    read(landed, [DAY], "again")
    assert moved not in ids(landed, DAY) and moved in ids(landed, NEXT)
    assert facts(landed)["erased"] == 0 and facts(landed)["removals_since"] is None


def _told(place: Workplace, day: date, conversation: str) -> dict[str, Any]:
    rows = place.lake.read(CONVERSATION_DETAILS.raw.name, day).to_pylist()
    (row,) = (row for row in rows if row["conversation_id"] == conversation)
    return dict(row)


def test_a_conversation_whose_end_left_the_day_stays_as_the_day_before_told_it_last(
    changing_org: SimulatedOrg, workplace_at: Callable[..., Workplace]
) -> None:
    started = changing_org.truth_conversations(DAY, DAY)
    shortened = next(each for each in started if each.get("conversationEnd", "9") < str(NEXT))["conversationId"]
    changing_org.change("reopen", conversations=[shortened], at=f"{NEXT}T01:00:00Z")
    place = workplace_at(changing_org)
    read(place, DAYS, "first")
    before = _told(place, DAY, shortened)
    assert before["conversation_end"].date() == NEXT
    changing_org.take_back_changes()  # its end was on the day after all
    changing_org.set_now(LATE)
    read(place, [NEXT], "again")
    assert shortened not in ids(place, NEXT) and _told(place, DAY, shortened) == before
    assert facts(place, NEXT)["erased"] == 0 and facts(place, NEXT)["removals_since"] is None
    changing_org.set_now(LATER)
    read(place, [DAY], "again")
    assert _told(place, DAY, shortened)["conversation_end"].date() == DAY


@pytest.mark.parametrize("status", [403, 500])
def test_where_the_vendor_does_not_answer_nothing_is_concluded_until_it_does(
    changing_org: SimulatedOrg, landed: Workplace, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    gone = long_ones(landed)[0]["conversation_id"]
    changing_org.change("erase", conversations=[gone], at=LATE)
    changing_org.set_now(LATE)
    changing_org.arm("status", CONVERSATIONS_BY_IDS.name, status=status, times=None)
    read(landed, [DAY], "again")
    assert gone not in ids(landed, DAY) and gone in ids(landed, NEXT)
    assert facts(landed)["erased"] == 0 and facts(landed)["removals_since"] == "2026-03-12T00:00:00Z"
    warned = [each.getMessage() for each in caplog.records if each.name == remove_erased.__module__]
    assert len(warned) == 1 and "is not known yet" in warned[0] and str(status) in warned[0]
    changing_org.clear_faults()
    read(landed, [FIRST], "another day")
    assert gone not in ids(landed, NEXT)
    assert facts(landed)["erased"] == 1 and facts(landed)["removals_since"] is None


def test_a_newer_reading_that_still_has_it_outweighs_the_day_that_lost_it(
    changing_org: SimulatedOrg, landed: Workplace
) -> None:
    hidden = long_ones(landed)[0]["conversation_id"]
    changing_org.change("late", conversations=[hidden], at=LATER)  # nobody is told of it until then
    for day, now in ((DAY, LATE), (NEXT, LATER)):
        changing_org.set_now(now)
        landed.land(day, request=now)
    remove_erased(CONVERSATION_DETAILS, landed.lake, landed.ledger, landed.client)
    assert hidden not in ids(landed, DAY) and hidden in ids(landed, NEXT) and facts(landed)["erased"] == 0


def test_a_record_set_aside_without_an_id_delays_nothing(changing_org: SimulatedOrg, landed: Workplace) -> None:
    held = ids(landed, NEXT)
    erased = long_ones(landed)[0]["conversation_id"]
    changing_org.change("erase", conversations=[erased], at=LATE)
    changing_org.arm("record_without_id", "conversations.results")
    changing_org.set_now(LATE)
    read(landed, [DAY], "again")
    raw = landed.lake.manifest(CONVERSATION_DETAILS.raw.name, DAY)
    assert raw is not None and raw.facts["set_aside"] == 1 and ids(landed, NEXT) == held - {erased}


def test_users_are_taken_out_of_the_day_alone(changing_org: SimulatedOrg, landed: Workplace) -> None:
    changing_org.arm("record_unknown_field", "users.results", times=2)  # a user whom nobody tells of later
    for day in (DAY, NEXT):
        landed.land(day, USER_DETAILS)
    before = landed.raw(NEXT, USER_DETAILS)
    changing_org.clear_faults()
    changing_org.set_now(LATE)
    for part in landed.landing(USER_DETAILS).land_all([DAY], "again"):
        assert isinstance(part, StagedDay)
        part.publish()
    rows = landed.lake.read(USER_DETAILS.restatements.name, DAY).to_pylist()
    assert [row["kind"] for row in rows] == ["removed"] and landed.raw(NEXT, USER_DETAILS) == before
