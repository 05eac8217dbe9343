"""Aggregates of flows, evaluations and surveys equal what the conversations tell of them."""

from collections import Counter
from typing import Any

import pytest

from analytics_platform.catalogue.aggregates import AGGREGATES, aggregate_family
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.asking import Asker, asking, day
from analytics_platform_tests.simulator.counting import instant, laid
from analytics_platform_tests.simulator.telling import sessions_of

WHOLE = "2026-03-02T00:00:00Z/2026-03-07T00:00:00Z"
START, END = map(instant, WHOLE.split("/"))
Counts = Counter[tuple[str, str]]
"""By group and metric."""


@pytest.fixture(scope="module")
def conversations(counted_org: SimulatedOrg) -> list[dict[str, Any]]:
    return counted_org.truth_conversations("2025-12-01", "2026-03-04")


def counts(answer: dict[str, Any], dimension: str) -> Counts:
    """How many values each metric has in each group."""
    return Counter(
        {(dict(group).get(dimension, ""), metric): stats["count"] for (group, _, metric), stats in laid(answer).items()}
    )


def test_flows_count_what_the_sessions_emitted_that_ran_through_them(
    counting: Asker, conversations: list[dict[str, Any]]
) -> None:
    known = aggregate_family("flows").metrics
    expected: Counts = Counter()
    for conversation in conversations:
        for _, session in sessions_of(conversation):
            for metric in session.get("metrics", []) if "flow" in session else []:
                if metric["name"] in known and START <= instant(metric["emitDate"]) < END:
                    expected[session["flow"]["flowId"], metric["name"]] += 1
                    outcomes = session["flow"].get("outcomes", [])
                    if metric["name"] == "nFlowOutcome" and outcomes[0]["flowOutcomeValue"] == "FAILURE":
                        expected[session["flow"]["flowId"], "nFlowOutcomeFailed"] += 1
    answer = counting.aggregate("flows", WHOLE, groupBy=["flowId"], metrics=list(known))
    assert counts(answer, "flowId") == expected
    assert {metric for _, metric in expected} == {
        "nFlow",
        "nFlowOutcome",
        "nFlowOutcomeFailed",
        "tFlow",
        "tFlowDisconnect",
        "tFlowExit",
        "tFlowOutcome",
    }


def test_outcomes_group_the_metrics_of_outcomes_alone(counting: Asker, conversations: list[dict[str, Any]]) -> None:
    answer = counting.aggregate("flows", WHOLE, groupBy=["flowOutcomeValue"], metrics=["nFlow", "nFlowOutcome"])
    told = counts(answer, "flowOutcomeValue")
    outcomes = Counter(
        outcome["flowOutcomeValue"]
        for conversation in conversations
        for _, session in sessions_of(conversation)
        for outcome in session.get("flow", {}).get("outcomes", [])
        if START <= instant(outcome["flowOutcomeEndTimestamp"]) < END
    )
    assert {group: count for (group, metric), count in told.items() if metric == "nFlowOutcome"} == outcomes
    assert {group for group, metric in told if metric == "nFlow"} == {""}


def test_evaluations_count_at_their_event_with_the_scores_of_the_finished(
    counting: Asker, conversations: list[dict[str, Any]]
) -> None:
    expected: dict[tuple[str, str], list[int]] = {}
    for conversation in conversations:
        for told in conversation.get("evaluations", []):
            if not START <= instant(told["eventTime"]) < END:
                continue
            values = {"nEvaluations": 1, "nEvaluationsRescored": int(told["rescored"])}
            values |= {name: told[name] for name in ("oTotalCriticalScore", "oTotalScore") if name in told}
            for metric, value in values.items():
                if value or metric.startswith("o"):
                    expected.setdefault((told["formId"], metric), []).append(value)
    metrics = list(aggregate_family("evaluations").metrics)
    answer = counting.aggregate("evaluations", WHOLE, groupBy=["formId"], metrics=metrics)
    assert counts(answer, "formId") == {key: len(values) for key, values in expected.items()}
    scores = {
        (dict(group)["formId"], metric): stats
        for (group, _, metric), stats in laid(answer).items()
        if metric.startswith("o")
    }
    assert scores == {
        key: {"max": max(values), "min": min(values), "count": len(values), "sum": sum(values)}
        for key, values in expected.items()
        if key[1].startswith("o")
    }
    assert {metric for _, metric in expected} == set(metrics) - {"nEvaluationsDeleted"}


def test_an_evaluation_counts_days_after_its_conversation(start_org: Any) -> None:
    org = start_org(lag_hours=0, days=1, now="2026-03-12T00:00:00Z")
    with asking(org) as client:
        later = client.aggregate("evaluations", "2026-03-04T00:00:00Z/2026-03-12T00:00:00Z", metrics=["nEvaluations"])
        told = org.truth_conversations("2025-12-01", "2026-03-02")
    expected = [
        evaluation
        for conversation in told
        for evaluation in conversation.get("evaluations", [])
        if instant("2026-03-04T00:00:00Z") <= instant(evaluation["eventTime"])
    ]
    assert expected
    assert list(laid(later).values()) == [{"count": len(expected)}]


def test_surveys_count_at_their_event_what_became_of_them(counting: Asker, conversations: list[dict[str, Any]]) -> None:
    expected: Counts = Counter()
    for conversation in conversations:
        for told in conversation.get("surveys", []):
            if START <= instant(told["eventTime"]) < END:
                form, status = told["surveyFormId"], told["surveyStatus"]
                score = told.get("surveyPromoterScore")
                expected[form, "nSurveysSent"] += 1
                expected[form, "nVoiceSurveys"] += told["surveyType"] == "Voice"
                expected[form, "nWebSurveys"] += told["surveyType"] == "Web"
                expected[form, "nSurveysExpired"] += status == "Expired"
                expected[form, "nSurveysAbandoned"] += status == "OptOut"
                expected[form, "nSurveysStarted"] += status == "Finished"
                expected[form, "nSurveyResponses"] += status == "Finished"
                expected[form, "nSurveyFullResponses"] += status == "Finished" and not told["surveyPartialResponse"]
                expected[form, "nSurveyPartialResponses"] += status == "Finished" and told["surveyPartialResponse"]
                expected[form, "nSurveyNpsResponses"] += score is not None
                expected[form, "nSurveyNpsPromoters"] += score is not None and score > 8
                expected[form, "nSurveyNpsDetractors"] += score is not None and score < 7
                expected[form, "oSurveyTotalScore"] += "oSurveyTotalScore" in told
    metrics = list(aggregate_family("surveys").metrics)
    answer = counting.aggregate("surveys", WHOLE, groupBy=["surveyFormId"], metrics=metrics)
    assert counts(answer, "surveyFormId") == +expected
    assert len({metric for _, metric in expected}) == 13


@pytest.mark.parametrize("family", AGGREGATES, ids=lambda family: family.name)
def test_every_family_answers_its_default_grouping_with_something(counting: Asker, family: Any) -> None:
    body = {"granularity": "PT30M", "groupBy": list(family.group_by), "metrics": list(family.metrics)}
    answers = [counting.aggregate(family.name, day(f"2026-03-0{number}"), **body) for number in (2, 3, 4)]
    named = {name for answer in answers for result in answer["results"] for name in result["group"]}
    assert named == set(family.group_by)
