"""One real answer, where the checkout has it beside it: ours has its shape, and the same statistics for each metric."""

import json
from pathlib import Path
from typing import Any

import pytest

from analytics_platform_tests.simulator.asking import Asker, day

ANSWER = Path(__file__).parents[3] / "shared/samples/conversation_aggregates_query_2025.json"
pytestmark = pytest.mark.skipif(
    not ANSWER.exists(), reason=f"the real answer is not part of the project: no {ANSWER.name}"
)


def statistics(answer: dict[str, Any]) -> dict[str, list[str]]:
    """The names of a metric's statistics, in their order."""
    return {
        metric["metric"]: list(metric["stats"])
        for result in answer["results"]
        for data in result["data"]
        for metric in data["metrics"]
    }


def shapes(answer: dict[str, Any]) -> set[tuple[tuple[str, ...], ...]]:
    """The keys of what an answer is made of, in their order; every group of all dimensions."""
    return {
        (tuple(answer), tuple(result), tuple(result["group"]), tuple(data), tuple(metric))
        for result in answer["results"]
        if len(result["group"]) == 2
        for data in result["data"]
        for metric in data["metrics"]
    }


def test_our_answer_has_the_shape_and_the_statistics_of_the_real_one(counting: Asker) -> None:
    real = json.loads(ANSWER.read_text(encoding="utf-8"))
    expected = statistics(real)
    ours = counting.aggregate(
        "conversations", day("2026-03-03"), groupBy=["queueId", "mediaType"], metrics=list(expected)
    )
    assert shapes(ours) == shapes(real)
    told = statistics(ours)
    assert len(told) > 20
    assert told == {metric: stats for metric, stats in expected.items() if metric in told}
