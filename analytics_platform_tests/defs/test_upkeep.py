"""The upkeep sensor: days due to be read again, what did not arrive, and what Dagster was not told of."""

from datetime import UTC, date, datetime

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from analytics_platform.catalogue.streams import USER_DETAILS
from analytics_platform.defs.partitions import days_between, range_tags
from analytics_platform.defs.upkeep import due_again
from analytics_platform_tests.defs.ticks import Ticks
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

UPKEEP, AVAILABILITY = "user_details_upkeep", "user_details_availability"
FIRST, LAST = date(2026, 3, 2), date(2026, 3, 4)
NOTHING = "Nothing is due to be read again, and nothing is missing."


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("read_under", "watermark", "age"),
    [
        ("2026-03-03T06:00", "2026-03-05T23:59", None),
        ("2026-03-03T06:00", "2026-03-06T00:00", 3),
        ("2026-03-06T06:00", "2026-03-09T00:00", None),
        ("2026-03-06T06:00", "2026-03-10T00:00", 7),
        ("2026-03-03T06:00", "2026-03-10T00:00", 7),
        ("2026-03-10T00:00", "2026-05-01T00:00", None),
    ],
)
def test_a_day_is_due_once_at_each_age_and_a_missed_age_is_made_up_by_the_next(
    read_under: str, watermark: str, age: int | None
) -> None:
    assert due_again(at(read_under), FIRST, (3, 7), at(watermark)) == age


def test_landed_days_are_read_again_at_each_age_once(workplace: Workplace, org: SimulatedOrg) -> None:
    days = days_between(FIRST, LAST)
    org.set_now("2026-03-05T06:00:00Z")
    ticks = Ticks(workplace)
    assert ticks.requested(AVAILABILITY) == [f"complete {FIRST}..{LAST}"]
    assert workplace.land(USER_DETAILS, days).success
    assert workplace.make(USER_DETAILS, days).success
    assert ticks.look(UPKEEP).skip_message == NOTHING
    org.set_now("2026-03-07T06:00:00Z")
    assert ticks.requested(AVAILABILITY) == ["complete 2026-03-05..2026-03-06"]
    again = "read again after 3 days 2026-03-02..2026-03-03"
    assert ticks.requested(UPKEEP)[:1] == [again]
    assert workplace.land(USER_DETAILS, days[:2]).success
    assert again not in ticks.requested(UPKEEP)
    org.set_now("2026-03-12T06:00:00Z")
    # The first two were read at 3 days, the third never since: one reading at 7 days serves all.
    assert ticks.requested(UPKEEP)[:1] == ["read again after 7 days 2026-03-02..2026-03-04"]
    assert workplace.land(USER_DETAILS, days).success
    assert not [told for told in ticks.requested(UPKEEP) if told.startswith("read again")]
    manifests = workplace.lake.manifests("user_details", days)
    assert {manifest.facts["state"] for manifest in manifests.values()} <= {"settled", "rebuilt"}


def test_a_reading_counts_for_an_age_only_when_its_watermark_had_passed_that_age(
    workplace: Workplace, org: SimulatedOrg
) -> None:
    ticks = Ticks(workplace)
    org.set_now("2026-03-10T06:00:00Z")  # more than seven days after the first day's end, and its watermark is not
    org.set_lag(users=30)
    assert workplace.land(USER_DETAILS, [FIRST]).success
    assert not [told for told in ticks.requested(UPKEEP) if told.startswith("read again")]
    org.set_now("2026-03-11T07:00:00Z")
    again = [told for told in ticks.requested(UPKEEP) if told.startswith("read again")]
    assert again == [f"read again after 7 days {FIRST}..{FIRST}"]
    assert workplace.land(USER_DETAILS, [FIRST]).success
    assert not [told for told in ticks.requested(UPKEEP) if told.startswith("read again")]
    org.set_lag(users=6)


def test_what_was_requested_and_did_not_arrive_is_asked_for_again_but_not_while_it_runs(workplace: Workplace) -> None:
    workplace.set("ANALYTICS_PLATFORM_UPKEEP_SECONDS", 1)
    ticks = Ticks(workplace)
    assert ticks.look(UPKEEP).skip_message == NOTHING, "what was never asked for is not missing"
    ticks.set_cursor(AVAILABILITY, "2026-03-05")
    assert workplace.land(USER_DETAILS, [date(2026, 3, 3)]).success
    assert workplace.make(USER_DETAILS, [date(2026, 3, 3)]).success
    missing = ["missing 2026-03-02..2026-03-02", "missing 2026-03-04..2026-03-04"]
    assert [told for told in ticks.requested(UPKEEP) if told.startswith("missing")] == missing
    with workplace.instance() as instance:
        run = create_run_for_test(
            instance,
            status=dg.DagsterRunStatus.STARTED,
            asset_selection=frozenset([dg.AssetKey("user_details")]),
            tags=range_tags([date(2026, 3, 2)]),
        )
        told = [request.run_key or "" for request in ticks.look(UPKEEP).run_requests or ()]
        assert [key.split()[2] for key in told if "missing" in key] == ["2026-03-04..2026-03-04"]
        instance.delete_run(run.run_id)


def test_a_failed_landing_is_asked_for_again(workplace: Workplace, org: SimulatedOrg) -> None:
    org.arm("job_failed", "users.submit")
    ticks = Ticks(workplace)
    assert ticks.requested(AVAILABILITY) == ["complete 2026-03-02..2026-03-05"]
    assert not workplace.land(USER_DETAILS, days_between(FIRST, date(2026, 3, 5))).success
    assert ticks.requested(AVAILABILITY) == []
    landed = workplace.lake.days("user_details")
    missing = [day for day in days_between(FIRST, date(2026, 3, 5)) if day not in landed]
    assert missing
    asked = [told.split()[1].split("..") for told in ticks.requested(UPKEEP) if told.startswith("missing")]
    days = [days_between(date.fromisoformat(first), date.fromisoformat(last)) for first, last in asked]
    assert [day for batch in days for day in batch] == missing


def test_home_days_whose_making_failed_are_asked_for_again(workplace: Workplace) -> None:
    ticks = Ticks(workplace)
    assert workplace.land(USER_DETAILS, [FIRST]).success
    assert ticks.requested("user_statuses_home_days") == [f"touched {FIRST}..{FIRST}"]
    assert ticks.requested(UPKEEP) == [f"stale {FIRST}..{FIRST}"]
    assert workplace.make(USER_DETAILS, [FIRST]).success
    assert ticks.look(UPKEEP).skip_message == NOTHING


def test_what_the_lake_holds_is_told_to_an_instance_that_does_not_know_it(
    workplace: Workplace, org: SimulatedOrg, tmp_path_factory: pytest.TempPathFactory
) -> None:
    days = days_between(FIRST, LAST)
    assert workplace.land(USER_DETAILS, days).success and workplace.make(USER_DETAILS, days).success
    org.clear_requests()
    anew = Workplace(tmp_path_factory.mktemp("anew"), org.url)
    anew.set("ANALYTICS_PLATFORM_LAKE", workplace.settings["ANALYTICS_PLATFORM_LAKE"])
    ticks = Ticks(anew)
    assert len(ticks.look(UPKEEP).asset_events) == 3 * len(days)
    assert not ticks.look(UPKEEP).asset_events, "each is told once"
    for table in ("user_details", "user_primary_presence", "user_routing_status"):
        with anew.instance() as instance:
            assert instance.get_materialized_partitions(dg.AssetKey(table)) == {day.isoformat() for day in days}
            event = instance.get_latest_materialization_event(dg.AssetKey(table))
        assert event is not None and event.asset_materialization is not None
        manifest = workplace.lake.manifest(table, date.fromisoformat(str(event.asset_materialization.partition)))
        assert manifest is not None
        assert event.asset_materialization.metadata["dagster/partition_row_count"].value == manifest.rows
    assert not org.requests()["submits"]
