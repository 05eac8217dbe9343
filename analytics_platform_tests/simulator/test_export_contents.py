"""What exports of views hold is the aggregate of the same interval and period, row by row."""

from typing import Any

import pytest

from analytics_platform.simulator.api.exporting.aggregates import AggregateView
from analytics_platform.simulator.api.exporting.views import VIEWS
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.asking import DAYS, Asker, day
from analytics_platform_tests.simulator.export_asking import QUEUES, Record, table

AGENTS = "AGENT_PERFORMANCE_SUMMARY_VIEW"


def aggregated(asker: Asker, family: str, **body: Any) -> dict[tuple[str, ...], dict[str, Record]]:
    """Statistics by metric (and qualifier) of each bucket's start and group."""
    answer = asker.http.post(f"/{family}/aggregates/query", json=body)
    assert answer.status_code == 200, answer.text
    return {
        (data["interval"].split("/")[0].replace("Z", "+00:00"), *result["group"].values()): {
            "/".join(filter(None, (told["metric"], told.get("qualifier")))): told["stats"] for told in data["metrics"]
        }
        for result in answer.json()["results"]
        for data in result["data"]
    }


def mean(statistics: Record | None) -> float | None:
    return None if statistics is None else round(statistics["sum"] / statistics["count"], 2)


def number(text: str) -> float | None:
    return float(text) if text else None


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize(("view", "dimension", "heading"), [(QUEUES, "queueId", "Queue"), (AGENTS, "userId", "Agent")])
def test_a_performance_view_equals_the_aggregate_row_by_row(
    asker: Asker, view: str, dimension: str, heading: str, split: bool
) -> None:
    rows = table(asker, viewType=view, hasSplitByMedia=split)
    groups = ["mediaType", dimension] if split else [dimension]
    exists = {"type": "and", "predicates": [{"dimension": dimension, "operator": "exists"}]}
    expected = aggregated(
        asker,
        "conversations",
        interval=day(DAYS[0]),
        granularity="PT1H",
        groupBy=groups,
        filter=exists,
        metrics=[
            "nOffered",
            "tAnswered",
            "tHandle",
            "tTalkComplete",
            "tAcw",
            "nTransferred",
            "tAlert",
            "oServiceLevel",
        ],
    )
    found = {
        (row["Interval Start"], *((row["Media Type"],) if split else ()), row[f"{heading} Id"]): row for row in rows
    }
    assert len(found) == len(rows) > 20
    measured = {key: told for key, told in expected.items() if key in found}
    assert len(measured) > 20
    for key, row in found.items():
        told = measured.get(key, {})
        assert number(row["Answer"]) == told.get("tAnswered", {}).get("count")
        assert number(row["Handle"]) == told.get("tHandle", {}).get("count")
        assert number(row["Total Handle"]) == told.get("tHandle", {}).get("sum")
        assert number(row["Avg Talk"]) == mean(told.get("tTalkComplete"))
        assert number(row["Avg ACW"]) == mean(told.get("tAcw"))
        assert number(row["Transfer"]) == told.get("nTransferred", {}).get("count")
        if view == QUEUES:
            assert number(row["Offer"]) == told.get("nOffered", {}).get("count")
            share = told.get("oServiceLevel", {}).get("ratio")
            assert number(row["Service Level %"]) == (None if share is None else round(share, 4))
        assert row["Interval Complete"] == "TRUE"
        assert row[f"{heading} Name"]


def test_statuses_equal_the_user_aggregate(asker: Asker) -> None:
    rows = table(asker, viewType="AGENT_STATUS_SUMMARY_VIEW", period="P1D")
    users = [row["Agent Id"] for row in rows]
    expected = aggregated(
        asker,
        "users",
        interval=day(DAYS[0]),
        granularity="P1D",
        groupBy=["userId"],
        filter={"type": "or", "predicates": [{"dimension": "userId", "value": user} for user in users]},
        metrics=["tSystemPresence", "tAgentRoutingStatus"],
    )
    assert {(row["Interval Start"], row["Agent Id"]) for row in rows} == set(expected)
    for row in rows:
        told = expected[row["Interval Start"], row["Agent Id"]]
        assert number(row["On Queue"]) == told.get("tSystemPresence/ON_QUEUE", {}).get("sum")
        assert number(row["Interacting"]) == told.get("tAgentRoutingStatus/INTERACTING", {}).get("sum")
        signed_in = [
            statistics["sum"]
            for name, statistics in told.items()
            if name.startswith("tSystemPresence") and not name.endswith("/OFFLINE")
        ]
        assert number(row["Logged In"]) == (sum(signed_in) if signed_in else None)


def test_flow_outcomes_and_wrap_ups_equal_their_aggregates(asker: Asker) -> None:
    interval, period = f"{DAYS[0]}T00:00:00.000Z/2026-03-05T00:00:00.000Z", "P1D"
    rows = table(asker, viewType="FLOW_OUTCOME_SUMMARY_VIEW", interval=interval, period=period)
    outcomes = aggregated(
        asker,
        "flows",
        interval=interval,
        granularity=period,
        groupBy=["flowOutcomeId"],
        filter={"type": "and", "predicates": [{"dimension": "flowOutcomeId", "operator": "exists"}]},
        metrics=["nFlowOutcome"],
    )
    assert {(row["Interval Start"], row["Flow Outcome Id"]): int(row["Outcome"]) for row in rows} == {
        key: told["nFlowOutcome"]["count"] for key, told in outcomes.items()
    }
    assert len(rows) > 5
    rows = table(asker, viewType="WRAP_UP_PERFORMANCE_SUMMARY_VIEW", interval=interval, period=period)
    codes = aggregated(
        asker,
        "conversations",
        interval=interval,
        granularity=period,
        groupBy=["wrapUpCode"],
        filter={"type": "and", "predicates": [{"dimension": "wrapUpCode", "operator": "exists"}]},
        metrics=["tHandle"],
    )
    handled = {(row["Interval Start"], row["Wrap-up Code"]): int(row["Handle"]) for row in rows if row["Handle"]}
    assert handled == {key: told["tHandle"]["count"] for key, told in codes.items()}


def test_interactions_are_the_conversations_that_started_in_the_interval(org: SimulatedOrg, asker: Asker) -> None:
    morning = f"{DAYS[1]}T08:00:00.000Z/{DAYS[1]}T12:00:00.000Z"
    rows = table(asker, viewType="INTERACTION_DETAIL_VIEW", interval=morning)
    org.set_lag(conversations=0)
    truth = [
        record
        for record in org.truth_conversations(DAYS[1], DAYS[1])
        if f"{DAYS[1]}T08" <= record["conversationStart"] < f"{DAYS[1]}T12"
    ]
    org.set_lag(conversations=6)
    assert [row["Conversation ID"] for row in rows] == [record["conversationId"] for record in truth] != []
    assert [row["Date"][:19] for row in rows] == [record["conversationStart"][:19] for record in truth]
    voice = table(asker, viewType="INTERACTION_DETAIL_VIEW", interval=morning, filter={"mediaTypes": ["voice"]})
    assert [row["Conversation ID"] for row in voice] == [
        row["Conversation ID"] for row in rows if "voice" in row["Media Type"].split("; ")
    ]


def test_an_interaction_names_its_agents_and_queues_and_tells_whether_the_file_is_whole(
    org: SimulatedOrg, asker: Asker
) -> None:
    rows = table(asker, viewType="INTERACTION_SEARCH_VIEW")
    queues = {row["Queue Name"] for row in table(asker, excludeEmptyRows=False)}
    agents = {row["Agent Name"] for row in table(asker, viewType="AGENT_STATUS_SUMMARY_VIEW", excludeEmptyRows=False)}
    assert {name for row in rows for name in row["Queue"].split("; ")} - {""} <= queues
    assert {name for row in rows for name in row["Users"].split("; ")} - {""} <= agents
    assert {(row["Full Export Completed"], row["Partial Result Timestamp"]) for row in rows} == {("TRUE", "")}
    org.arm("export_partial")
    half = table(asker, viewType="INTERACTION_SEARCH_VIEW")
    assert [row["Conversation ID"] for row in half] == [row["Conversation ID"] for row in rows[: len(rows) // 2]]
    assert {row["Full Export Completed"] for row in half} == {"FALSE"}
    assert {row["Partial Result Timestamp"] for row in half} == {"2026-03-07T00:00:00.000+00:00"}


def test_filters_choose_and_are_told(asker: Asker) -> None:
    everything = table(asker)
    queue = everything[0]["Queue Id"]
    chosen = table(asker, viewType="QUEUE_PERFORMANCE_DETAIL_VIEW", filter={"queueIds": [queue]})
    assert {row["Filters"] for row in chosen} == {f"queueIds: {queue}"}
    told = [{**row, "Filters": ""} for row in chosen]
    assert told == [row for row in everything if row["Queue Id"] == queue]


def test_empty_rows_are_there_unless_excluded(asker: Asker) -> None:
    full = table(asker, excludeEmptyRows=False)
    assert len(full) == 24 * 12
    measures = list(full[0])[list(full[0]).index("Queue Name") + 1 :]
    assert [row for row in full if any(row[name] for name in measures)] == table(asker)


def test_the_summary_is_the_aggregate_of_everything(asker: Asker) -> None:
    *rows, summary = table(asker, hasSummaryRow=True)
    assert (summary["Queue Id"], summary["Queue Name"]) == ("", "Summary")
    assert int(summary["Offer"]) == sum(int(row["Offer"] or 0) for row in rows) > 0
    *rows, summary = table(asker, viewType="AGENT_STATUS_SUMMARY_VIEW", hasSummaryRow=True)
    assert int(summary["On Queue"]) == sum(int(row["On Queue"] or 0) for row in rows) > 0


def test_views_measure_what_their_family_knows() -> None:
    for view in VIEWS.values():
        if isinstance(view, AggregateView):
            assert set(view.metrics) <= set(view.family.metrics)
            assert set(view.group_by) <= set(view.family.dimensions)
