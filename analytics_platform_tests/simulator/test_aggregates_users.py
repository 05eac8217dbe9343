"""Aggregates of users equal their statuses, each cut to the buckets it lies in."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import pytest

from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.asking import Asker, asking, day
from analytics_platform_tests.simulator.counting import instant, laid

DAY = "2026-03-03"
METRICS = ["tSystemPresence", "tOrganizationPresence", "tAgentRoutingStatus"]
Lengths = dict[tuple[str, datetime, str], int]
"""Milliseconds by user, start of the bucket and `metric qualifier`."""


@pytest.fixture(scope="module")
def statuses(counted_org: SimulatedOrg) -> list[dict[str, Any]]:
    """Every status there ever was; one that goes on has no end."""
    return counted_org.truth_statuses("2025-12-01", "2026-03-06")


def lengths(statuses: list[dict[str, Any]], start: str, end: str, step: timedelta, now: str) -> Lengths:
    """What a plain look at every status in every bucket gives."""
    told: Lengths = defaultdict(int)
    bucket = instant(start)
    while bucket < instant(end):
        for each in statuses:
            status = each["status"]
            since = max(instant(status["startTime"]), bucket)
            until = min(instant(status.get("endTime", now)), instant(now), bucket + step, instant(end))
            if until > since:
                milliseconds = (until - since) // timedelta(milliseconds=1)
                names = (
                    [f"tAgentRoutingStatus {status['routingStatus']}"]
                    if each["family"] == "routingStatus"
                    else [
                        f"tSystemPresence {status['systemPresence']}",
                        f"tOrganizationPresence {status['organizationPresenceId']}",
                    ]
                )
                for name in names:
                    told[each["userId"], bucket, name] += milliseconds
        bucket += step
    return told


def lengths_told(answer: dict[str, Any]) -> Lengths:
    told = {}
    for (group, bucket, metric), stats in laid(answer).items():
        assert list(stats) == ["sum"]
        told[dict(group)["userId"], instant(bucket.split("/")[0]), metric] = stats["sum"]
    return told


@pytest.mark.parametrize(("granularity", "step"), [("PT30M", timedelta(minutes=30)), ("P1D", timedelta(days=1))])
def test_a_status_counts_in_each_bucket_as_far_as_it_lies_in_it(
    counting: Asker, statuses: list[dict[str, Any]], granularity: str, step: timedelta
) -> None:
    answer = counting.aggregate("users", day(DAY), granularity=granularity, groupBy=["userId"], metrics=METRICS)
    start, end = day(DAY).split("/")
    assert lengths_told(answer) == lengths(statuses, start, end, step, "2026-03-07T00:00:00Z")


def test_a_day_is_whole(counting: Asker) -> None:
    answer = counting.aggregate("users", day(DAY), groupBy=["userId"], metrics=["tSystemPresence"])
    sums: dict[str, int] = defaultdict(int)
    for (user, _, _), length in lengths_told(answer).items():
        sums[user] += length
    assert set(sums.values()) == {24 * 3_600_000}


def test_without_a_group_the_users_are_summed(counting: Asker) -> None:
    apart = counting.aggregate("users", day(DAY), groupBy=["userId"], metrics=["tAgentRoutingStatus"])
    sums: dict[str, int] = defaultdict(int)
    for (_, _, metric), length in lengths_told(apart).items():
        sums[metric] += length
    together = counting.aggregate("users", day(DAY), metrics=["tAgentRoutingStatus"])
    assert {metric: stats["sum"] for (_, _, metric), stats in laid(together).items()} == sums


def test_an_answer_maps_system_presences_to_the_organization_presences_of_its_qualifiers(
    counting: Asker, statuses: list[dict[str, Any]]
) -> None:
    answer = counting.aggregate("users", day(DAY), groupBy=["userId"], metrics=METRICS)
    assert list(answer) == ["systemToOrganizationMappings", "results"]
    mapped = answer["systemToOrganizationMappings"]
    for each in statuses:
        if each["family"] == "primaryPresence":
            assert mapped[each["status"]["systemPresence"]] == [each["status"]["organizationPresenceId"]]


def test_a_filter_names_the_users(counting: Asker, statuses: list[dict[str, Any]]) -> None:
    wanted = sorted({each["userId"] for each in statuses})[:3]
    predicates = [{"dimension": "userId", "value": user} for user in wanted]
    answer = counting.aggregate(
        "users",
        day(DAY),
        groupBy=["userId"],
        metrics=["tSystemPresence"],
        filter={"type": "or", "predicates": predicates},
    )
    assert [result["group"]["userId"] for result in answer["results"]] == wanted


def test_a_status_that_goes_on_counts_up_to_the_clock(start_org: Any) -> None:
    org = start_org(now=f"{DAY}T12:20:00Z", lag_hours=0)
    told = org.truth_statuses("2025-12-01", DAY)
    with asking(org) as client:
        answer = client.aggregate("users", day(DAY), granularity="PT1H", groupBy=["userId"], metrics=METRICS)
    start, end = day(DAY).split("/")
    assert lengths_told(answer) == lengths(told, start, end, timedelta(hours=1), f"{DAY}T12:20:00Z")
