"""Days of aggregates: what lands is what the org's own conversations and statuses add up to."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from analytics_platform.catalogue.aggregates import AGGREGATES, AggregateFamily, aggregate_family
from analytics_platform.catalogue.operations import USER_JOBS
from analytics_platform.genesys_cloud.aggregates import AggregateQuestion
from analytics_platform.lake import Manifest
from analytics_platform.landing.aggregates import AggregatesLanding
from analytics_platform.landing.errors import DayNotComplete
from analytics_platform.source.errors import MissingPermission, QueryRefused
from analytics_platform_tests.landing.workplace import DAYS, Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.counting import Laid, counted, emitted, half_hour, within

CONVERSATIONS, USERS = aggregate_family("conversations"), aggregate_family("users")
DAY = DAYS[1]
MEASURED = ("nConnected", "nOffered", "nOutbound", "nTransferred", "tAcd", "tAnswered", "tHandle", "tTalk", "tAbandon")


def land(
    place: Workplace,
    family: AggregateFamily = CONVERSATIONS,
    *,
    days: tuple[date, ...] = (DAY,),
    request: str = "run",
    provisional: bool = False,
    **question: Any,
) -> list[Manifest]:
    """Land days; the manifests of the tidy table."""
    asked = AggregateQuestion(**{"family": family, "group_by": family.group_by, "metrics": family.metrics} | question)
    landing = AggregatesLanding(
        asked, place.client, place.lake, place.ledger, "org", timedelta(days=3), provisional=provisional
    )
    found = []
    for day in landing.land_all(days, request):
        day.publish()
        found.append(day.manifests[family.stream])
    return found


def rows(place: Workplace, family: AggregateFamily = CONVERSATIONS, day: date = DAY) -> list[dict[str, Any]]:
    return place.lake.read(family.stream, day).to_pylist()


def laid(found: list[dict[str, Any]], group_by: dict[str, str]) -> Laid:
    """Rows as statistics by group, bucket and metric; nothing may stand in them twice."""
    told: Laid = {}
    for row in found:
        group = frozenset((name, row[column]) for name, column in group_by.items() if row[column] is not None)
        bucket = "/".join(f"{row[name]:%Y-%m-%dT%H:%M:%S.000Z}" for name in ("interval_start", "interval_end"))
        key = group, bucket, row["metric"]
        assert key not in told
        told[key] = {name: row[name] for name in ("max", "min", "count", "sum") if row[name] is not None}
    return told


@pytest.mark.parametrize("group_by", [{}, {"mediaType": "media_type", "direction": "direction"}], ids=str)
def test_a_day_is_what_the_orgs_conversations_emitted_on_it(
    place: Workplace, quick_org: SimulatedOrg, group_by: dict[str, str]
) -> None:
    land(place, group_by=tuple(group_by), metrics=MEASURED)
    told = [each for each in emitted(quick_org.truth_conversations("2025-12-01", DAY)) if each.metric in MEASURED]
    expected = counted(within(told, f"{DAY}T00:00:00Z", f"{DAYS[2]}T00:00:00Z"), list(group_by), half_hour)
    assert expected and laid(rows(place), group_by) == expected


@pytest.mark.parametrize("family", AGGREGATES, ids=lambda family: str(family.name))
def test_a_day_of_every_family_lands_with_unique_keys_and_nothing_unknown(
    place: Workplace, family: AggregateFamily
) -> None:
    (manifest,) = land(place, family)
    assert manifest.facts["drift"] == {} and manifest.facts["state"] == "complete"
    assert manifest.facts["interval"] == "2026-03-03T00:00:00.000Z/2026-03-04T00:00:00.000Z"
    assert manifest.facts["question"] == {
        "granularity": "PT30M",
        "group_by": list(family.group_by),
        "metrics": list(family.metrics),
        "filter": None,
        "time_zone": None,
    }
    found = rows(place, family)
    key = family.table(family.group_by).key
    assert len({tuple(row[name] for name in key) for row in found}) == len(found) == manifest.rows
    assert all(row["interval_start"].date() == DAY and row["metric"] in family.metrics for row in found)
    assert place.lake.read(family.raw().name, DAY).num_rows == manifest.facts["answers"] == 1


def test_time_in_presences_adds_up_to_the_day_and_is_told_by_system_presence(place: Workplace) -> None:
    land(place, USERS, granularity="P1D")
    spent: dict[tuple[str, str], float] = {}
    for row in rows(place, USERS):
        spent[row["user_id"], row["metric"]] = spent.get((row["user_id"], row["metric"]), 0) + row["sum"]
        resolved = row["system_presence"] is not None
        assert resolved == (row["metric"] == "tOrganizationPresence")
    totals = {user: spent[user, "tSystemPresence"] for user, metric in spent if metric == "tSystemPresence"}
    assert totals and max(totals.values()) == 86_400_000
    assert all(spent[user, "tOrganizationPresence"] == total for user, total in totals.items())


def test_users_asked_in_small_batches_land_as_the_same_day(
    place: Workplace, quick_org: SimulatedOrg, workplace_at: Callable[..., Workplace]
) -> None:
    limits = replace(USERS.operation.limits, ids=5)
    by_five = replace(USERS, operation=replace(USERS.operation, limits=limits))
    (whole,) = land(place, USERS)
    apart = workplace_at(quick_org, "second")
    (split,) = land(apart, by_five)
    assert split.facts["answers"] > 1 == whole.facts["answers"]
    assert split.facts["digest"] == whole.facts["digest"]
    # Asked in batches again, the day has not changed.
    quick_org.set_now("2026-03-10T00:00:00Z")
    assert [manifest.facts["state"] for manifest in land(place, by_five, request="again")] == ["settled"]


def test_user_days_are_opened_by_the_watermark_of_user_jobs(place: Workplace, quick_org: SimulatedOrg) -> None:
    quick_org.set_now("2026-03-05T00:00:00Z")
    quick_org.set_lag(conversations=6, users=48)
    assert land(place)[0].facts["watermark"] == "2026-03-04T18:00:00Z"
    quick_org.clear_requests()
    with pytest.raises(DayNotComplete, match="user_aggregates of 2026-03-03 cannot be landed"):
        land(place, USERS)
    assert set(quick_org.requests()["counts"]) <= {f"GET {USER_JOBS.availability.path}", "POST /oauth/token"}


def test_a_day_read_again_is_settled_and_one_that_the_vendor_changed_is_rebuilt(
    place: Workplace,
    quick_org: SimulatedOrg,
    start_org: Callable[..., SimulatedOrg],
    workplace_at: Callable[..., Workplace],
) -> None:
    quick_org.set_now("2026-03-04T06:00:00Z")
    assert land(place)[0].facts["state"] == "complete"
    quick_org.set_now("2026-03-07T06:00:00Z")
    assert land(place, request="after 3 days")[0].facts["state"] == "settled"
    # The same lake, and an org that tells another day: what the first would after rebuilding it.
    rebuilt = workplace_at(start_org(seed=8), "first")
    assert land(rebuilt, request="after 7 days")[0].facts["state"] == "rebuilt"
    assert land(rebuilt, request="coarser", granularity="PT1H")[0].facts["state"] == "complete"


def test_a_day_whose_buckets_do_not_meet_at_midnight_is_refused_with_no_request(
    place: Workplace, quick_org: SimulatedOrg
) -> None:
    with pytest.raises(QueryRefused, match="Buckets of PT1H in Asia/Kolkata do not meet at midnight UTC on 2026-03-02"):
        land(place, days=DAYS, granularity="PT1H", time_zone="Asia/Kolkata")
    assert quick_org.requests()["total"] == 0


def test_without_the_permission_nothing_lands_and_its_name_is_told(place: Workplace, quick_org: SimulatedOrg) -> None:
    quick_org.arm("permission_withdrawn", CONVERSATIONS.operation.name)
    with pytest.raises(MissingPermission, match="analytics:conversationAggregate:view"):
        land(place)
    assert place.lake.days(CONVERSATIONS.stream) == [] and place.leftovers() == []
