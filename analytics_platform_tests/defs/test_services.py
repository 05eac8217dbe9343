"""Services in Dagster: landed by day, made by home day, looked after by sensors, checked, and absent without a GMS."""

from collections.abc import Iterator
from datetime import date

import dagster as dg
import pytest

from analytics_platform.catalogue.services import SERVICE_IDS, SERVICES
from analytics_platform.definitions import platform
from analytics_platform.defs.openings import Opening
from analytics_platform_tests.defs.ticks import Ticks
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.landing.service_places import ServicePlace, connected, day_after, expected
from analytics_platform_tests.simulated_org import OrgOptions, SimulatedOrg

DAYS = SECOND, THIRD, FOURTH = [date(2026, 3, day) for day in (2, 3, 4)]
RAW = [SERVICE_IDS.name, SERVICES.raw.name]
TYPED = [table.name for table in SERVICES.tables]


@pytest.fixture
def place(workplace: Workplace, org: SimulatedOrg) -> Iterator[Workplace]:
    """A deployment with a GMS beside its org; the services are the world's again afterwards."""
    workplace.set("GMS_URL", org.url)
    yield workplace
    org.restore_services()
    org.set_now(OrgOptions.now)


def checks(run: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    return {f"{each.asset_key.to_user_string()}.{each.check_name}": each for each in run.get_asset_check_evaluations()}


def test_nothing_of_services_is_there_without_a_gms(workplace: Workplace) -> None:
    workplace.set("GMS_URL", "")
    with workplace.entered() as settings:
        keys = platform(settings).resolve_all_asset_keys()
    assert not {key.to_user_string() for key in keys} & {*RAW, *TYPED}


def test_days_land_and_home_days_are_made_equal_to_the_world(place: Workplace, org: SimulatedOrg) -> None:
    ticks = Ticks(place)
    for day in DAYS:
        org.set_now(day_after(day))
        assert ticks.requested("services_availability") == [f"complete {day}..{day}"]
        landed = place.run(RAW, [day])
        assert landed.success
        assert {name for name, each in checks(landed).items() if not each.passed} == set()
        assert ticks.requested("services_home_days")
        assert place.make(SERVICES, DAYS[: DAYS.index(day) + 1]).success
    made = place.make(SERVICES, DAYS)
    assert {name for name, each in checks(made).items() if not each.passed} == set()
    assert "services.one_home" in checks(made)
    assert "service_states.children_have_parents" in checks(made)
    with connected(org.url) as gms:
        told = ServicePlace(gms, place.folder).tables()
    assert told == expected(org.truth_services(SECOND, FOURTH))
    assert ticks.requested("services_upkeep") == [], "nothing is due"


def test_a_day_is_opened_some_minutes_after_its_end_by_the_clock_of_gms(place: Workplace, org: SimulatedOrg) -> None:
    ticks = Ticks(place)
    org.set_now("2026-03-03T00:01:59Z")
    assert ticks.requested("services_availability") == []
    failed = place.run(RAW, [SECOND])
    assert not failed.success
    assert not place.lake.days(SERVICES.raw.name)
    org.set_now("2026-03-03T00:02:00Z")
    assert ticks.requested("services_availability") == [f"complete {SECOND}..{SECOND}"]


def test_a_look_while_gms_is_away_is_skipped_with_a_sentence(place: Workplace, org: SimulatedOrg) -> None:
    place.set("GMS_URL", "http://127.0.0.1:9")
    told = Ticks(place).look("services_availability")
    assert not told.run_requests
    assert "127.0.0.1" in str(told.skip_message)


def test_a_day_is_read_again_when_it_has_come_of_age(place: Workplace, org: SimulatedOrg) -> None:
    ticks = Ticks(place)
    org.set_now(day_after(SECOND))
    assert place.run(RAW, [SECOND]).success
    ticks.set_cursor("services_availability", THIRD.isoformat())
    org.set_now("2026-03-06T00:30:00Z")
    asked = ticks.requested("services_upkeep")
    assert f"read again after 3 days {SECOND}..{SECOND}" in asked


def test_a_day_landed_for_the_time_being_is_marked_so_and_completed_later(place: Workplace, org: SimulatedOrg) -> None:
    org.set_now("2026-03-02T12:00:00Z")
    assert place.run(RAW, [SECOND], config={SERVICES.raw.name: {"provisional": True}}).success
    before = place.lake.manifest(SERVICES.raw.name, SECOND)
    assert before is not None and before.facts["state"] == "provisional"
    org.set_now(day_after(SECOND))
    assert Ticks(place).requested("services_availability") == [f"complete {SECOND}..{SECOND}"]
    assert place.run(RAW, [SECOND]).success
    after = place.lake.manifest(SERVICES.raw.name, SECOND)
    assert after is not None and after.facts["state"] == "complete"
    assert after.rows >= before.rows


def test_a_service_that_ends_before_it_starts_is_warned_of(place: Workplace, org: SimulatedOrg) -> None:
    org.put_only_services({"started": "2026-03-02T10:00:00Z", "completed": "2026-03-02T09:59:59.999Z"})
    org.set_now(day_after(SECOND))
    assert place.run(RAW, [SECOND]).success
    told = checks(place.make(SERVICES, [SECOND]))["services.starts_before_it_ends"]
    assert not told.passed
    assert told.severity == dg.AssetCheckSeverity.WARN
    assert told.metadata["rows_at_fault"].value == 1


def test_an_opening_is_told_apart_by_its_name() -> None:
    assert Opening("gms", lambda settings: None) == Opening("gms", lambda settings: None)  # type: ignore[arg-type,return-value]
    assert Opening("gms", lambda settings: None) != Opening("users", lambda settings: None)  # type: ignore[arg-type,return-value]
