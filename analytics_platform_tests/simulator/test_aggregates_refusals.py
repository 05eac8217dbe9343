"""What an aggregate query is refused for, and in which words."""

import json
from pathlib import Path
from typing import Any

import pytest

from analytics_platform_tests.simulator.asking import Asker, asking, day

SAMPLES = Path(__file__).parents[3] / "shared/samples"
DAY = day("2026-03-03")
CONVERSATIONS: dict[str, Any] = {"interval": DAY, "metrics": ["tTalk"]}
VIEW = {"target": "tTalk", "name": "a", "function": "rangeBound", "range": {"lt": 5}}
IDS = [{"dimension": "userId", "value": f"user-{number}"} for number in range(101)]


def refused(asker: Asker, family: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = asker.http.post(f"/{family}/aggregates/query", json=body)
    assert answer.status_code == 400, answer.text
    told: dict[str, Any] = answer.json()
    assert told["contextId"] == answer.headers["ININ-Correlation-Id"]
    return told


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"interval": None}, "constraint.validation", "interval may not be null"),
        ({"metrics": None}, "constraint.validation", "metrics may not be null"),
        ({"metrics": []}, "constraint.validation", "metrics may not be empty"),
        ({"interval": "yesterday"}, "invalid.date", "Invalid interval: yesterday"),
        ({"interval": "2026-03-03T00:00Z/2026-03-02T00:00Z"}, "bad.request", "after the start"),
        ({"interval": "2026-01-01T00:00Z/2026-03-02T00:00Z"}, "bad.request", "does not exceed 31 days"),
        ({"metrics": ["tTalks"]}, "invalid.value", "Value [tTalks] is not valid for field type [ConversationAggregate"),
        ({"groupBy": ["queue"]}, "invalid.value", "field type [ConversationAggregateDimension]. Allowable values are:"),
        ({"groupBy": "queueId"}, "bad.request", "is not a valid list"),
        ({"queryType": "best"}, "invalid.value", "Allowable values are: bottomN, groupBy, topN"),
        ({"granularity": "30M"}, "bad.request", "Invalid granularity: 30M"),
        ({"granularity": "PT0S"}, "bad.request", "Invalid granularity: PT0S"),
        ({"granularity": "P"}, "bad.request", "Invalid granularity"),
        ({"granularity": "PT1S"}, "bad.request", "more than 20000 buckets"),
        ({"timeZone": "Mars/Olympus"}, "bad.request", "Invalid time zone: Mars/Olympus"),
        ({"filter": {"type": ""}}, "invalid.value", "Value [] is not valid for field type [QueryFilterType]."),
        ({"filter": {"predicates": []}}, "constraint.validation", "filter.type may not be null"),
        (
            {"filter": {"type": "and", "predicates": [{"dimension": "colour", "value": "red"}]}},
            "invalid.value",
            "Value [colour] is not valid for field type [ConversationAggregateDimension].",
        ),
        (
            {"filter": {"type": "and", "predicates": [{"type": "metric", "dimension": "queueId", "value": "1"}]}},
            "bad.request",
            "does not support predicates of type metric",
        ),
        (
            {"filter": {"type": "and", "predicates": [{"type": "property", "dimension": "queueId", "value": "1"}]}},
            "bad.request",
            "does not support predicates of type property",
        ),
        (
            {"filter": {"type": "and", "clauses": [{"type": "or", "predicates": [{"dimension": "queueId"}]}]}},
            "bad.request",
            "The predicate on queueId must have a value",
        ),
        ({"filter": {"type": "or", "predicates": [{"value": "1"}]}}, "bad.request", "must name its dimension"),
        ({"views": [VIEW] * 11}, "bad.request", "more than 10 views"),
        ({"views": [VIEW | {"target": "nOffered"}]}, "bad.request", "takes timer metrics only"),
        ({"views": [{**VIEW, "range": {}}]}, "bad.request", "must have a range"),
        ({"views": [VIEW | {"function": "mean"}]}, "invalid.value", "Allowable values are: rangeBound"),
        ({"queryType": "topN", "metrics": ["tTalk", "tAcw"]}, "bad.request", "A sortMetric is required"),
        ({"queryType": "topN", "limit": 0}, "bad.request", "The limit must be at least 1"),
        ({"sortMetric": {"name": "t", "function": "sum"}}, "invalid.value", "[ConversationAggregateMetric]"),
        ({"colour": "red"}, "bad.request", 'Unrecognized field "colour"'),
    ],
)
def test_a_query_that_is_not_right_is_refused(counting: Asker, change: dict[str, Any], code: str, words: str) -> None:
    told = refused(counting, "conversations", CONVERSATIONS | change)
    assert told["code"] == code
    assert words in told["message"]


def test_a_user_is_named_once_in_a_hundred(counting: Asker) -> None:
    body = {"interval": DAY, "metrics": ["tSystemPresence"], "groupBy": ["userId"]}
    told = refused(counting, "users", body | {"filter": {"type": "or", "predicates": IDS}})
    assert told["message"] == "A query may not name more than 100 ids"
    assert counting.aggregate("users", DAY, metrics=["tSystemPresence"], filter={"type": "or", "predicates": IDS[:100]})


def test_users_have_no_order_of_groups(counting: Asker) -> None:
    told = refused(counting, "users", {"interval": DAY, "metrics": ["tSystemPresence"], "queryType": "topN"})
    assert 'Unrecognized field "queryType"' in told["message"]


def test_another_time_dimension_is_not_supported(counting: Asker) -> None:
    body = {"interval": DAY, "metrics": ["nEvaluations"], "alternateTimeDimension": "conversationStart"}
    assert "conversationStart" in refused(counting, "evaluations", body)["message"]
    body["alternateTimeDimension"] = "eventTime"
    assert counting.http.post("/evaluations/aggregates/query", json=body).status_code == 200


def test_the_longest_interval_and_the_most_buckets_can_be_assumed(start_org: Any) -> None:
    org = start_org(assume=["max_aggregate_interval_days=1", "max_aggregate_buckets=4"])
    with asking(org) as client:
        assert client.aggregate("conversations", DAY, metrics=["tTalk"], granularity="PT6H")
        assert "4 buckets" in refused(client, "conversations", CONVERSATIONS | {"granularity": "PT5H"})["message"]
        long = CONVERSATIONS | {"interval": "2026-03-02T00:00Z/2026-03-04T00:00Z"}
        assert "does not exceed 1 days" in refused(client, "conversations", long)["message"]


def test_the_real_words_for_a_dimension_of_users(counting: Asker) -> None:
    sample = SAMPLES / "error_400_user_aggregates.json"
    if not sample.exists():
        pytest.skip(f"the real answer is not part of the project: no {sample.name}")
    told = refused(counting, "users", {"interval": DAY, "metrics": ["tSystemPresence"], "groupBy": [""]})
    assert told | {"contextId": ""} == json.loads(sample.read_text(encoding="utf-8")) | {"contextId": ""}
