"""The availability sensor: the watermark opens days, and each is requested once."""

from collections.abc import Callable
from datetime import date

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.defs.partitions import range_tags
from analytics_platform_tests.defs.ticks import SENSORS, Ticks
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

AVAILABILITY = "conversation_details_availability"


def days(*numbers: int) -> list[date]:
    return [date(2026, 3, number) for number in numbers]


def test_each_complete_day_is_requested_once_oldest_first_in_batches(workplace: Workplace, org: SimulatedOrg) -> None:
    workplace.set("ANALYTICS_PLATFORM_MAX_DAYS_PER_RUN", 4)
    org.set_now("2026-03-12T00:00:00Z")
    ticks = Ticks(workplace)
    assert ticks.requested(AVAILABILITY) == [
        "complete 2026-03-02..2026-03-05",
        "complete 2026-03-06..2026-03-09",
        "complete 2026-03-10..2026-03-10",
    ]
    told = ticks.look(AVAILABILITY)
    assert not told.run_requests
    assert told.skip_message == "Complete through 2026-03-10; nothing new."


def test_when_the_watermark_moves_only_the_new_days_are_requested(workplace: Workplace, org: SimulatedOrg) -> None:
    ticks = Ticks(workplace)
    assert ticks.requested(AVAILABILITY) == ["complete 2026-03-02..2026-03-05"]
    org.set_now("2026-03-07T05:59:00Z")
    assert ticks.requested(AVAILABILITY) == [], "the watermark, not the clock, opens a day"
    org.set_now("2026-03-07T06:00:00Z")
    assert ticks.requested(AVAILABILITY) == ["complete 2026-03-06..2026-03-06"]
    org.set_now("2026-03-05T00:00:00Z")
    assert ticks.requested(AVAILABILITY) == [], "a watermark that moves back requests nothing"


def test_a_request_names_the_assets_and_the_days_and_says_why(workplace: Workplace) -> None:
    (request,) = Ticks(workplace).look(AVAILABILITY).run_requests or ()
    assert request.asset_selection == [dg.AssetKey("conversation_details")]
    assert request.tags["dagster/asset_partition_range_start"] == "2026-03-02"
    assert request.tags["dagster/asset_partition_range_end"] == "2026-03-05"
    assert request.tags["analytics_platform/reason"] == "complete"
    assert request.run_key == "conversation_details: complete 2026-03-02..2026-03-05"


def test_a_long_catch_up_is_spread_over_looks(workplace: Workplace, org: SimulatedOrg) -> None:
    workplace.set("ANALYTICS_PLATFORM_MAX_DAYS_PER_RUN", 1)
    org.set_now("2026-03-17T06:00:00Z")
    ticks = Ticks(workplace)
    asked = [*ticks.requested(AVAILABILITY), *ticks.requested(AVAILABILITY), *ticks.requested(AVAILABILITY)]
    assert asked == [f"complete {day}..{day}" for day in days(*range(2, 17))]


def test_with_the_cursor_lost_landed_days_are_not_requested_again(workplace: Workplace) -> None:
    assert workplace.land(CONVERSATION_DETAILS, days(3, 4)).success
    for lost in (None, "", "what a person typed", '{"through": "2026-03-03"}'):
        ticks = Ticks(workplace)
        ticks.set_cursor(AVAILABILITY, lost)
        assert ticks.requested(AVAILABILITY) == ["complete 2026-03-02..2026-03-02", "complete 2026-03-05..2026-03-05"]


def test_a_day_that_landed_provisionally_is_requested_when_it_is_complete(
    workplace: Workplace, org: SimulatedOrg
) -> None:
    org.set_now("2026-03-04T12:00:00Z")
    assert workplace.land(CONVERSATION_DETAILS, days(4), provisional=True).success
    manifest = workplace.lake.manifest("conversation_details", days(4)[0])
    assert manifest is not None and manifest.facts["state"] == "provisional"
    ticks = Ticks(workplace)
    assert ticks.requested(AVAILABILITY) == ["complete 2026-03-02..2026-03-03"]
    org.set_now("2026-03-05T06:00:00Z")
    assert ticks.requested(AVAILABILITY) == ["complete 2026-03-04..2026-03-04"]


def test_days_that_somebody_lands_at_this_moment_are_not_requested(workplace: Workplace) -> None:
    with workplace.instance() as instance:
        create_run_for_test(
            instance,
            status=dg.DagsterRunStatus.STARTED,
            asset_selection=frozenset([dg.AssetKey("conversation_details")]),
            tags=range_tags(days(2, 3)),
        )
    assert Ticks(workplace).requested(AVAILABILITY) == ["complete 2026-03-04..2026-03-05"]


@pytest.mark.parametrize("sensor", [name for name in SENSORS if not name.endswith("home_days")])
@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("GENESYSCLOUD_OAUTHCLIENT_SECRET", "", "No Genesys Cloud org is named: set GENESYSCLOUD_OAUTHCLIENT_SECRET"),
        ("GENESYSCLOUD_OAUTHCLIENT_SECRET", "not-the-one", "refused the OAuth client (401 invalid_client)"),
        ("GENESYSCLOUD_API_URL", "http://127.0.0.1:9", "No connection to 127.0.0.1"),
        ("GENESYSCLOUD_API_URL", "nowhere", "GENESYSCLOUD_API_URL is not a URL"),
        ("ANALYTICS_PLATFORM_LAKE", "ftp://lake", "ftp"),
    ],
)
def test_a_look_that_cannot_be_taken_is_skipped_with_one_sentence(
    workplace: Workplace, sensor: str, setting: str, value: str, said: str
) -> None:
    workplace.set(setting, value)
    told = Ticks(workplace).look(sensor)
    assert not told.run_requests
    assert told.skip_message is not None and said in told.skip_message
    assert "\n" not in told.skip_message and "not-the-one" not in told.skip_message


def test_a_vendor_fault_skips_the_look_and_the_next_one_requests(workplace: Workplace, org: SimulatedOrg) -> None:
    org.arm("status", "conversations.availability", status=503)
    ticks = Ticks(workplace)
    told = ticks.look(AVAILABILITY)
    assert not told.run_requests and told.skip_message is not None and "503" in told.skip_message
    assert ticks.requested(AVAILABILITY) == ["complete 2026-03-02..2026-03-05"]


def test_a_look_does_not_wait_for_a_used_up_request_budget(
    start_org: Callable[..., SimulatedOrg], start_workplace: Callable[..., Workplace]
) -> None:
    workplace = start_workplace(start_org(), requests_per_minute=2)
    ticks = Ticks(workplace)
    assert ticks.requested(AVAILABILITY) == ["complete 2026-03-02..2026-03-05"]
    told = ticks.look(AVAILABILITY)
    assert told.skip_message is not None and told.skip_message.startswith("The request budget is used up for another")
