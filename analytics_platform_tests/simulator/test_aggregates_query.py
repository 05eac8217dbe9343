"""The aggregate query's ways: what is left out, filters, views, best and last groups, dimensions of many values."""

from collections import defaultdict
from typing import Any

import pytest

from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.asking import Asker, day
from analytics_platform_tests.simulator.counting import Emitted, counted, emitted, half_hour, laid, within

FAMILY = "conversations"
DAY, NEXT = "2026-03-03", "2026-03-04"
BUCKET = f"{DAY}T00:00:00.000Z/{NEXT}T00:00:00.000Z"


@pytest.fixture(scope="module")
def facts(counted_org: SimulatedOrg) -> list[Emitted]:
    """What was emitted on the day."""
    told = emitted(counted_org.truth_conversations("2025-12-01", NEXT))
    return within(told, f"{DAY}T00:00:00Z", f"{NEXT}T00:00:00Z")


def some(facts: list[Emitted], metric: str, **dimensions: str) -> list[Emitted]:
    """The facts of a metric that have the dimensions' values."""
    return [
        each
        for each in facts
        if each.metric == metric and all(value in each.dimensions.get(name, []) for name, value in dimensions.items())
    ]


def matches(dimension: str, value: str) -> dict[str, str]:
    return {"type": "dimension", "dimension": dimension, "operator": "matches", "value": value}


def test_a_bucket_a_metric_and_a_group_without_data_are_left_out(counting: Asker, facts: list[Emitted]) -> None:
    answer = counting.aggregate(
        FAMILY, day(DAY), granularity="PT30M", groupBy=["mediaType"], metrics=["tAbandon", "tTalk", "tVoicemail"]
    )
    expected = counted(
        [each for name in ("tAbandon", "tTalk", "tVoicemail") for each in some(facts, name)], ["mediaType"], half_hour
    )
    assert laid(answer) == expected
    assert 0 < len({bucket for _, bucket, _ in expected}) < 48
    assert all(data["metrics"] for result in answer["results"] for data in result["data"])


def test_a_day_of_nothing_has_no_results(counting: Asker) -> None:
    assert counting.aggregate(FAMILY, day("2027-01-05"), groupBy=["queueId"], metrics=["tTalk"]) == {"results": []}


def test_metrics_stand_in_the_order_they_were_asked_for_once_each(counting: Asker) -> None:
    asked = ["tTalk", "nOffered", "tAcd", "nOffered"]
    metrics = counting.aggregate(FAMILY, day(DAY), metrics=asked)["results"][0]["data"][0]["metrics"]
    assert [metric["metric"] for metric in metrics] == ["tTalk", "nOffered", "tAcd"]


def test_a_fact_without_the_dimension_is_in_a_group_that_lacks_it(counting: Asker, facts: list[Emitted]) -> None:
    answer = counting.aggregate(FAMILY, day(DAY), groupBy=["queueId", "mediaType"], metrics=["tIvr"])
    assert {tuple(result["group"]) for result in answer["results"]} == {("mediaType",)}
    assert laid(answer) == counted(some(facts, "tIvr"), ["mediaType"], lambda _: BUCKET)


@pytest.mark.parametrize(
    ("told", "taken"),
    [
        (
            {"type": "and", "predicates": [matches("mediaType", "voice"), matches("direction", "inbound")]},
            lambda dims: dims["mediaType"] == ["voice"] and dims["direction"] == ["inbound"],
        ),
        (
            {"type": "or", "predicates": [matches("mediaType", "chat"), matches("direction", "outbound")]},
            lambda dims: dims["mediaType"] == ["chat"] or dims["direction"] == ["outbound"],
        ),
        (
            {"type": "and", "predicates": [{"dimension": "queueId", "operator": "exists"}]},
            lambda dims: "queueId" in dims,
        ),
        (
            {"type": "and", "predicates": [{"dimension": "wrapUpCode", "operator": "notExists"}]},
            lambda dims: "wrapUpCode" not in dims,
        ),
        (
            {
                "type": "and",
                "predicates": [matches("direction", "inbound")],
                "clauses": [
                    {"type": "or", "predicates": [matches("mediaType", "email"), matches("mediaType", "message")]},
                    {"type": "and", "predicates": [{"dimension": "userId", "operator": "exists"}]},
                ],
            },
            lambda dims: (
                dims["direction"] == ["inbound"] and dims["mediaType"][0] in ("email", "message") and "userId" in dims
            ),
        ),
        ({"type": "and", "predicates": [matches("mediaType", "fax")]}, lambda dims: False),
    ],
    ids=["and", "or", "exists", "notExists", "clauses", "nothing"],
)
def test_a_filter_takes_the_facts_it_says(counting: Asker, facts: list[Emitted], told: Any, taken: Any) -> None:
    metrics = ["nConnected", "tHandle", "tTalk"]
    answer = counting.aggregate(FAMILY, day(DAY), groupBy=["mediaType"], metrics=metrics, filter=told)
    chosen = [each for metric in metrics for each in some(facts, metric) if taken(each.dimensions)]
    assert laid(answer) == counted(chosen, ["mediaType"], lambda _: BUCKET)


def test_a_view_has_the_statistics_of_the_values_in_its_range(counting: Asker, facts: list[Emitted]) -> None:
    views = [
        {"target": "tTalk", "name": "short", "function": "rangeBound", "range": {"lt": 60_000}},
        {"target": "tTalk", "name": "long", "function": "rangeBound", "range": {"gte": 60_000}},
        {"target": "tTalk", "name": "never", "function": "rangeBound", "range": {"gte": 10**12}},
        {"target": "tAcw", "name": "asked beside", "function": "rangeBound", "range": {"gte": 0, "lt": 10**12}},
    ]
    answer = counting.aggregate(FAMILY, day(DAY), metrics=["tTalk"], views=views)
    (data,) = answer["results"][0]["data"]
    assert list(data) == ["interval", "metrics", "views"]
    told = {view["name"]: view["stats"] for view in data["views"]}
    assert list(told) == ["short", "long", "asked beside"]
    talked = [each.value for each in some(facts, "tTalk")]
    short = [value for value in talked if value < 60_000]
    assert told["short"] == {"max": max(short), "min": min(short), "count": len(short), "sum": sum(short)}
    assert told["short"]["count"] + told["long"]["count"] == len(talked)
    assert told["asked beside"]["count"] == len(some(facts, "tAcw"))


@pytest.mark.parametrize("function", ["count", "sum", "max", "min", "average"])
@pytest.mark.parametrize("order", ["topN", "bottomN"])
def test_the_best_and_the_last_groups_are_ordered_by_the_sort_metric(
    counting: Asker, facts: list[Emitted], order: str, function: str
) -> None:
    values = defaultdict(list)
    for each in some(facts, "tHandle"):
        for user in each.dimensions.get("userId", []):
            values[user].append(each.value)
    functions: Any = {"count": len, "sum": sum, "max": max, "min": min, "average": lambda told: sum(told) / len(told)}
    expected = sorted((functions[function](told) for told in values.values()), reverse=order == "topN")[:4]
    answer = counting.aggregate(
        FAMILY,
        day(DAY),
        groupBy=["userId"],
        metrics=["tAlert", "tTalk"],
        queryType=order,
        sortMetric={"name": "tHandle", "function": function},
        limit=4,
        filter={"type": "and", "predicates": [{"dimension": "userId", "operator": "exists"}]},
    )
    assert len(values) > 4
    assert [functions[function](values[result["group"]["userId"]]) for result in answer["results"]] == expected


def test_one_metric_sorts_by_itself_over_all_buckets(counting: Asker, facts: list[Emitted]) -> None:
    answer = counting.aggregate(
        FAMILY, day(DAY), groupBy=["queueId"], metrics=["nOffered"], queryType="topN", granularity="PT1H", limit=2
    )
    counts: dict[str, int] = defaultdict(int)
    for each in some(facts, "nOffered"):
        counts[each.dimensions["queueId"][0]] += 1
    told = [counts[result["group"]["queueId"]] for result in answer["results"]]
    assert told == sorted(counts.values(), reverse=True)[:2]


def test_a_value_counts_in_the_group_of_each_value_of_its_dimension_or_of_all_together(
    counting: Asker, facts: list[Emitted]
) -> None:
    offered = some(facts, "nOffered")
    several = [each for each in offered if len(each.dimensions["requestedRoutingSkillId"]) > 1]
    assert several
    asked: dict[str, Any] = {"groupBy": ["requestedRoutingSkillId"], "metrics": ["nOffered"]}
    each_one = counting.aggregate(FAMILY, day(DAY), **asked)
    assert laid(each_one) == counted(offered, ["requestedRoutingSkillId"], lambda _: BUCKET)
    together = counting.aggregate(FAMILY, day(DAY), flattenMultivaluedDimensions=True, **asked)
    assert ",".join(several[0].dimensions["requestedRoutingSkillId"]) in {
        result["group"]["requestedRoutingSkillId"] for result in together["results"]
    }
    assert sum(stats["count"] for stats in laid(together).values()) == len(offered)
