"""Aggregates of conversations equal what one counts from the conversations themselves, by the instant of emission."""

from collections import Counter
from typing import Any

import pytest

from analytics_platform.catalogue.aggregates import aggregate_family
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.asking import Asker, asking, day
from analytics_platform_tests.simulator.counting import Emitted, counted, emitted, half_hour, instant, laid, within
from analytics_platform_tests.simulator.telling import sessions_of

DERIVED = ("nConversations", "oServiceLevel", "oServiceTarget", "tWait")
"""What no session of the details tells."""
METRICS = [metric for metric in aggregate_family("conversations").metrics if metric not in DERIVED]
FAMILY = "conversations"
DAY, NEXT = "2026-03-03", "2026-03-04"
START, END = f"{DAY}T00:00:00Z", f"{NEXT}T00:00:00Z"


@pytest.fixture(scope="module")
def conversations(counted_org: SimulatedOrg) -> list[dict[str, Any]]:
    """Every conversation there ever was, as known at the clock."""
    return counted_org.truth_conversations("2025-12-01", "2026-03-04")


@pytest.fixture(scope="module")
def facts(conversations: list[dict[str, Any]]) -> list[Emitted]:
    """What they emitted, as far as aggregates know it."""
    return [each for each in emitted(conversations) if each.metric in METRICS]


def whole(_: object) -> str:
    """The bucket of a query over the whole day."""
    return f"{DAY}T00:00:00.000Z/{NEXT}T00:00:00.000Z"


def test_a_day_by_queue_medium_direction_and_half_hour_is_what_its_sessions_emitted(
    counting: Asker, facts: list[Emitted]
) -> None:
    group_by = ["queueId", "mediaType", "direction"]
    answer = counting.aggregate(FAMILY, day(DAY), granularity="PT30M", groupBy=group_by, metrics=METRICS)
    expected = counted(within(facts, START, END), group_by, half_hour)
    assert len(expected) > 1000
    assert laid(answer) == expected


@pytest.mark.parametrize(
    "group_by",
    [
        ["wrapUpCode"],
        ["userId", "mediaType"],
        ["purpose", "originatingDirection"],
        ["requestedRoutingSkillId"],
        ["requestedRouting", "usedRouting"],
        ["divisionId"],
        [],
    ],
    ids=",".join,
)
def test_any_grouping_of_a_day_is_what_its_sessions_emitted(
    counting: Asker, facts: list[Emitted], group_by: list[str]
) -> None:
    answer = counting.aggregate(FAMILY, day(DAY), groupBy=group_by, metrics=METRICS)
    assert laid(answer) == counted(within(facts, START, END), group_by, whole)


def test_a_month_is_what_was_emitted_in_it_also_by_conversations_that_began_long_before(
    counting: Asker, facts: list[Emitted]
) -> None:
    start, end = "2026-02-08T00:00:00.000Z", "2026-03-09T00:00:00.000Z"
    answer = counting.aggregate(FAMILY, f"{start}/{end}", groupBy=["mediaType"], metrics=METRICS)
    assert laid(answer) == counted(within(facts, start, end), ["mediaType"], lambda _: f"{start}/{end}")


def test_sums_over_groups_equal_the_ungrouped(counting: Asker) -> None:
    groups = counting.aggregate(FAMILY, day(DAY), groupBy=["mediaType", "direction"], metrics=METRICS)
    summed: Counter[tuple[str, str]] = Counter()
    for (_, _, metric), stats in laid(groups).items():
        summed.update({(metric, name): stats[name] for name in ("count", "sum") if name in stats})
    ungrouped = laid(counting.aggregate(FAMILY, day(DAY), metrics=METRICS))
    assert {group for group, _, _ in ungrouped} == {frozenset()}
    assert summed == {
        (metric, name): stats[name]
        for (_, _, metric), stats in ungrouped.items()
        for name in ("count", "sum")
        if name in stats
    }


def test_a_conversation_over_midnight_counts_on_each_day_what_it_emitted_then(
    counting: Asker, conversations: list[dict[str, Any]]
) -> None:
    crossing = next(
        told
        for told in conversations
        if told["conversationStart"].startswith(DAY)
        and {each.at.date().isoformat() for each in emitted([told])} == {DAY, NEXT}
    )
    answer = counting.aggregate(
        FAMILY,
        f"{DAY}T00:00:00Z/2026-03-05T00:00:00Z",
        granularity="P1D",
        metrics=METRICS,
        filter={
            "type": "and",
            "predicates": [{"dimension": "conversationId", "value": crossing["conversationId"]}],
        },
    )
    days = {bucket[:10] for _, bucket, _ in laid(answer)}
    assert days == {DAY, NEXT}
    for date in days:
        told = {metric for _, bucket, metric in laid(answer) if bucket.startswith(date)}
        spoken = {each.metric for each in emitted([crossing]) if each.at.date().isoformat() == date}
        assert told == spoken & set(METRICS)


def test_a_time_zone_moves_the_edges_of_days(counting: Asker, facts: list[Emitted]) -> None:
    answer = counting.aggregate(FAMILY, day(DAY), granularity="P1D", timeZone="America/New_York", metrics=METRICS)
    midnight = f"{DAY}T05:00:00.000Z"
    before, after = f"{DAY}T00:00:00.000Z/{midnight}", f"{midnight}/{NEXT}T00:00:00.000Z"
    edge = instant(midnight)
    assert {bucket for _, bucket, _ in laid(answer)} == {before, after}
    assert laid(answer) == counted(within(facts, START, END), [], lambda at: before if at < edge else after)


def test_a_wait_is_the_time_in_the_queue(counting: Asker) -> None:
    told = laid(counting.aggregate(FAMILY, day(DAY), groupBy=["queueId"], metrics=["tAcd", "tWait"]))
    queued = {group: stats for (group, _, metric), stats in told.items() if metric == "tAcd"}
    assert len(queued) > 5
    assert queued == {group: stats for (group, _, metric), stats in told.items() if metric == "tWait"}


def test_the_service_level_is_of_the_answered_those_whose_wait_was_not_over_it(
    counting: Asker, conversations: list[dict[str, Any]]
) -> None:
    answered: Counter[str] = Counter()
    met: Counter[str] = Counter()
    for conversation in conversations:
        late = set()
        for _, session in sessions_of(conversation):
            told = {metric["name"]: metric["value"] for metric in session.get("metrics", [])}
            if "nOverSla" in told and "tAcd" in told:
                late.add(told["tAcd"])
        for each in within(emitted([conversation]), START, END):
            if each.metric == "tAnswered":
                (queue,) = each.dimensions["queueId"]
                answered[queue] += 1
                met[queue] += each.value not in late
    levels = counting.aggregate(FAMILY, day(DAY), groupBy=["queueId"], metrics=["oServiceLevel"])
    told = {result["group"]["queueId"]: result["data"][0]["metrics"][0]["stats"] for result in levels["results"]}
    assert 0 < met.total() < answered.total()
    assert told == {
        queue: {"ratio": met[queue] / count, "numerator": met[queue], "denominator": count, "target": 0.8}
        for queue, count in answered.items()
    }


def test_a_service_target_stands_wherever_a_queue_emitted_anything(counting: Asker, facts: list[Emitted]) -> None:
    answer = counting.aggregate(FAMILY, day(DAY), groupBy=["queueId"], metrics=["oServiceTarget"])
    busy = {queue for each in within(facts, START, END) for queue in each.dimensions.get("queueId", [])}
    assert {result["group"]["queueId"] for result in answer["results"]} == busy
    assert all(stats == {"current": 0.8} for stats in laid(answer).values())


def test_a_conversation_counts_once_on_the_day_it_starts(counting: Asker, conversations: list[dict[str, Any]]) -> None:
    started = [told for told in conversations if told["conversationStart"].startswith(DAY)]
    answer = counting.aggregate(FAMILY, day(DAY), metrics=["nConversations"])
    assert list(laid(answer).values()) == [{"count": len(started)}]


def test_aggregates_know_what_was_emitted_before_the_clock(start_org: Any) -> None:
    org = start_org(now=f"{DAY}T12:00:00Z", lag_hours=0)
    with asking(org) as client:
        answer = client.aggregate(FAMILY, day(DAY), granularity="PT30M", metrics=METRICS)
    told = [each for each in emitted(org.truth_conversations("2025-12-01", DAY)) if each.metric in METRICS]
    assert laid(answer) == counted(within(told, START, f"{DAY}T12:00:00Z"), [], half_hour)
    assert max(bucket for _, bucket, _ in laid(answer)) < f"{DAY}T12:00"


def test_the_lag_of_aggregates_can_be_assumed(start_org: Any) -> None:
    org = start_org(now=f"{DAY}T12:00:00Z", assume=["aggregate_lag_seconds=7200"])
    with asking(org) as client:
        told = laid(client.aggregate(FAMILY, day(DAY), granularity="PT30M", metrics=METRICS))
    assert f"{DAY}T09" < max(bucket for _, bucket, _ in told) < f"{DAY}T10:00"
