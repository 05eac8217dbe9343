"""The sensors of daily streams: each day of each stream once, nothing that the org does not serve, and what is due."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from analytics_platform.capabilities import remember
from analytics_platform.catalogue.aggregates import AGGREGATES, aggregate_family
from analytics_platform.catalogue.operations import USER_JOBS, Operation
from analytics_platform.catalogue.operations.observations import USER_LIST
from analytics_platform.defs.partitions import days_between, range_tags, tagged_days
from analytics_platform.genesys_cloud.standings import Learned, Standing
from analytics_platform_tests.defs.ticks import Ticks
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

AVAILABILITY, UPKEEP = "daily_conversations_availability", "daily_conversations_upkeep"
USERS_AVAILABILITY, USERS_UPKEEP = "daily_users_availability", "daily_users_upkeep"
FLOWS, USERS = aggregate_family("flows"), aggregate_family("users")
OPENED = sorted(family.stream for family in AGGREGATES if family is not USERS)
NOTHING = "Nothing is due to be read again, and nothing is missing."
FIRST, LAST = date(2026, 3, 2), date(2026, 3, 5)


def refused(*operations: Operation) -> dict[str, Learned]:
    """What a probe learns of operations that the client may not use."""
    learned = Learned(
        Standing.NOT_PERMITTED, datetime(2026, 3, 7, tzinfo=UTC), "The client lacks a permission: add it."
    )
    return {operation.name: learned for operation in operations}


def told(requests: Iterable[dg.RunRequest] | None) -> dict[str, list[str]]:
    """`reason first..last` of the requests of each stream."""
    found: dict[str, list[str]] = {}
    for request in requests or ():
        days = tagged_days(request.tags)
        reason = f"{request.tags['analytics_platform/reason']} {days[0]}..{days[-1]}"
        found.setdefault(request.tags["analytics_platform/made"], []).append(reason)
    return found


def only_flows(workplace: Workplace, *more: str) -> None:
    """Switch off all families but flows, and those named."""
    file = workplace.folder / "streams.toml"
    off = [family.name for family in AGGREGATES if family is not FLOWS and family.name not in more]
    file.write_text("".join(f"[aggregates.{name}]\nenabled = false\n" for name in off), encoding="utf-8")
    workplace.set("ANALYTICS_PLATFORM_STREAMS", file)


def land_flows(workplace: Workplace, days: list[date]) -> None:
    assert workplace.run([FLOWS.raw().name, FLOWS.stream], days).success


def test_each_complete_day_of_each_stream_is_requested_once(workplace: Workplace, org: SimulatedOrg) -> None:
    ticks = Ticks(workplace)
    brought = ticks.look(AVAILABILITY)
    requests = told(brought.run_requests)
    assert requests == {stream: [f"complete {FIRST}..{LAST}"] for stream in OPENED}
    flows = next(each for each in brought.run_requests or () if each.tags["analytics_platform/made"] == FLOWS.stream)
    assert set(flows.asset_selection or ()) == {dg.AssetKey(FLOWS.raw().name), dg.AssetKey(FLOWS.stream)}
    assert flows.run_key == f"flow_aggregates: complete {FIRST}..{LAST}"
    again = ticks.look(AVAILABILITY)
    assert not again.run_requests and again.skip_message == f"Complete through {LAST}; nothing new."
    org.set_now("2026-03-07T06:00:00Z")
    assert told(ticks.look(AVAILABILITY).run_requests) == {
        stream: ["complete 2026-03-06..2026-03-06"] for stream in OPENED
    }


def test_users_are_opened_by_the_watermark_of_user_jobs(workplace: Workplace, org: SimulatedOrg) -> None:
    org.set_lag(conversations=6, users=54)
    try:
        assert told(Ticks(workplace).look(USERS_AVAILABILITY).run_requests) == {
            USERS.stream: ["complete 2026-03-02..2026-03-03"]
        }
    finally:
        org.set_lag(conversations=6, users=6)


def test_a_long_catch_up_of_many_streams_is_spread_over_looks_with_nothing_left_out(
    workplace: Workplace, org: SimulatedOrg
) -> None:
    workplace.set("ANALYTICS_PLATFORM_MAX_DAYS_PER_RUN", 1)
    ticks, seen = Ticks(workplace), {}
    for _ in range(5):
        brought = ticks.look(AVAILABILITY)
        assert len(brought.run_requests or ()) <= 12
        for stream, asked in told(brought.run_requests).items():
            seen.setdefault(stream, []).extend(asked)
    assert seen == {stream: [f"complete {day}..{day}" for day in days_between(FIRST, LAST)] for stream in OPENED}


@pytest.mark.parametrize("lost", [None, "", "2026-03-04", "[1]", '{"flow_aggregates": "soon"}'])
def test_with_the_cursor_lost_landed_days_are_not_requested_again(workplace: Workplace, lost: str | None) -> None:
    only_flows(workplace)
    land_flows(workplace, days_between(date(2026, 3, 3), date(2026, 3, 4)))
    ticks = Ticks(workplace)
    ticks.set_cursor(AVAILABILITY, lost)
    assert told(ticks.look(AVAILABILITY).run_requests) == {
        FLOWS.stream: ["complete 2026-03-02..2026-03-02", "complete 2026-03-05..2026-03-05"]
    }


def test_what_the_org_does_not_serve_is_requested_once_it_does(workplace: Workplace) -> None:
    surveys = aggregate_family("surveys")
    only_flows(workplace, "surveys")
    with workplace.entered() as settings:
        remember(settings, refused(surveys.operation))
    ticks = Ticks(workplace)
    assert set(told(ticks.look(AVAILABILITY).run_requests)) == {FLOWS.stream}
    land_flows(workplace, days_between(FIRST, LAST))
    skipped = ticks.look(AVAILABILITY)
    assert skipped.skip_message == f"Complete through {LAST}; nothing new. The client lacks a permission: add it."
    assert not ticks.look(UPKEEP).run_requests
    with workplace.entered() as settings:
        served = Learned(Standing.SERVED, datetime(2026, 3, 7, tzinfo=UTC))
        remember(settings, {surveys.operation.name: served})
    assert told(ticks.look(AVAILABILITY).run_requests) == {surveys.stream: [f"complete {FIRST}..{LAST}"]}


@pytest.mark.parametrize("operation", [USERS.operation, USER_LIST], ids=lambda each: str(each.name))
def test_where_nothing_is_served_the_org_is_not_even_asked_for_its_watermark(
    workplace: Workplace, org: SimulatedOrg, operation: Operation
) -> None:
    with workplace.entered() as settings:
        remember(settings, refused(operation))
    ticks = Ticks(workplace)
    assert ticks.look(USERS_AVAILABILITY).skip_message == "The client lacks a permission: add it."
    assert ticks.look(USERS_UPKEEP).skip_message == f"{NOTHING} The client lacks a permission: add it."
    assert org.requests()["total"] == 0


def test_what_was_requested_and_did_not_arrive_is_asked_for_again(workplace: Workplace) -> None:
    only_flows(workplace)
    ticks = Ticks(workplace)
    assert ticks.look(UPKEEP).skip_message == NOTHING, "what was not asked for yet is not missing"
    ticks.look(AVAILABILITY)
    land_flows(workplace, [FIRST])
    assert told(ticks.look(UPKEEP).run_requests) == {FLOWS.stream: [f"missing 2026-03-03..{LAST}"]}


def test_landed_days_are_read_again_at_each_age_once(workplace: Workplace, org: SimulatedOrg) -> None:
    only_flows(workplace)
    days = days_between(FIRST, date(2026, 3, 3))
    org.set_now("2026-03-04T06:00:00Z")
    ticks = Ticks(workplace)
    ticks.look(AVAILABILITY)
    land_flows(workplace, days)
    assert ticks.look(UPKEEP).skip_message == NOTHING
    org.set_now("2026-03-06T06:00:00Z")
    assert told(ticks.look(UPKEEP).run_requests) == {FLOWS.stream: [f"read again after 3 days {FIRST}..{FIRST}"]}
    land_flows(workplace, [FIRST])
    manifest = workplace.lake.manifest(FLOWS.stream, FIRST)
    assert manifest is not None and manifest.facts["state"] == "settled"
    assert ticks.look(UPKEEP).skip_message == NOTHING
    org.set_now("2026-03-12T06:00:00Z")
    assert told(ticks.look(UPKEEP).run_requests) == {FLOWS.stream: [f"read again after 7 days {days[0]}..{days[1]}"]}


def test_streams_with_much_to_do_take_turns(workplace: Workplace, org: SimulatedOrg) -> None:
    workplace.set("ANALYTICS_PLATFORM_MAX_DAYS_PER_RUN", 1)
    only_flows(workplace, "bots", "surveys", "journeys")
    ticks = Ticks(workplace)
    for _ in range(3):
        ticks.look(AVAILABILITY)
    requests = told(ticks.look(UPKEEP).run_requests)
    assert {stream: len(asked) for stream, asked in requests.items()} == dict.fromkeys(
        ("bot_aggregates", "flow_aggregates", "journey_aggregates", "survey_aggregates"), 3
    )


def test_days_that_run_now_are_not_requested(workplace: Workplace) -> None:
    only_flows(workplace)
    with workplace.instance() as instance:
        create_run_for_test(
            instance,
            status=dg.DagsterRunStatus.STARTED,
            asset_selection=frozenset([dg.AssetKey(FLOWS.stream)]),
            tags=range_tags(days_between(FIRST, date(2026, 3, 3))),
        )
    assert told(Ticks(workplace).look(AVAILABILITY).run_requests) == {FLOWS.stream: [f"complete 2026-03-04..{LAST}"]}


def test_what_landed_without_dagsters_knowledge_is_told_to_it(workplace: Workplace, org: SimulatedOrg) -> None:
    only_flows(workplace)
    land_flows(workplace, [FIRST])
    with workplace.instance() as instance:
        for asset in (FLOWS.raw().name, FLOWS.stream):
            instance.wipe_assets([dg.AssetKey(asset)])
        Ticks(workplace).look(UPKEEP)
        for asset in (FLOWS.raw().name, FLOWS.stream):
            assert instance.get_materialized_partitions(dg.AssetKey(asset)) == {FIRST.isoformat()}


@pytest.mark.parametrize("sensor", [AVAILABILITY, UPKEEP, USERS_AVAILABILITY, USERS_UPKEEP])
def test_a_look_that_cannot_be_taken_is_skipped_with_one_sentence(workplace: Workplace, sensor: str) -> None:
    workplace.set("GENESYSCLOUD_OAUTHCLIENT_SECRET", "not-the-one")
    brought = Ticks(workplace).look(sensor)
    assert not brought.run_requests and brought.skip_message is not None
    assert "refused the OAuth client (401 invalid_client)" in brought.skip_message
    assert "\n" not in brought.skip_message and "not-the-one" not in brought.skip_message


def test_the_cursor_tells_a_day_for_each_stream(workplace: Workplace) -> None:
    ticks = Ticks(workplace)
    ticks.look(AVAILABILITY)
    assert json.loads(ticks.cursor(AVAILABILITY) or "") == dict.fromkeys(OPENED, "2026-03-06")


def test_a_details_stream_that_the_org_does_not_serve_is_not_requested_either(
    workplace: Workplace, org: SimulatedOrg
) -> None:
    with workplace.entered() as settings:
        remember(settings, refused(USER_JOBS.submit))
    ticks = Ticks(workplace)
    assert ticks.look("user_details_availability").skip_message == "The client lacks a permission: add it."
    assert ticks.look("user_details_upkeep").skip_message == f"{NOTHING} The client lacks a permission: add it."
    assert org.requests()["total"] == 0
    assert told(ticks.look("conversation_details_availability").run_requests) == {
        "conversation_details": [f"complete {FIRST}..{LAST}"]
    }
