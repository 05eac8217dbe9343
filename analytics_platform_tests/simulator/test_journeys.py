"""Journeys: visits of the world, those that led to its chats among them, counted by the aggregates."""

from collections import Counter
from typing import Any

import pytest

from analytics_platform.catalogue.aggregates import aggregate_family
from analytics_platform.simulator.world.instants import DAY
from analytics_platform.simulator.world.journeys import Visit, visits
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.asking import Asker, asking
from analytics_platform_tests.simulator.counting import Laid, laid
from analytics_platform_tests.simulator.telling import sessions_of, small_world

WHOLE = "2026-03-01T00:00:00Z/2026-03-07T00:00:00Z"
FAMILY = aggregate_family("journeys")


def all_visits(**options: Any) -> list[Visit]:
    world = small_world(**options)
    return list(visits(world, (world.first_day - 1) * DAY, (world.first_day + 5) * DAY))


def asked(asker: Asker, *group_by: str, metrics: Any = FAMILY.metrics, interval: str = WHOLE, **body: Any) -> Laid:
    return laid(asker.aggregate("journeys", interval, groupBy=list(group_by), metrics=list(metrics), **body))


def test_aggregates_count_every_happening_of_every_visit(counting: Asker) -> None:
    happened = [
        (visit.facts | told, metric, value)
        for visit in all_visits(conversations_per_day=120, agents=12)
        for _, metric, value, told in visit.happenings
    ]
    assert {metric for _, metric, _ in happened} == set(FAMILY.metrics)
    for dimension in ("journeySessionType", "journeyActionMapId", "journeyOutcomeId", "journeyActionMediaType"):
        expected = Counter((told.get(dimension, ""), metric) for told, metric, _ in happened)
        found = {
            (dict(group).get(dimension, ""), metric): stats
            for (group, _, metric), stats in asked(counting, dimension).items()
        }
        assert {key: stats["count"] for key, stats in found.items()} == expected
        worth = sum(value for _, metric, value in happened if metric == "oJourneyOutcomeValue")
        assert sum(stats["sum"] for (_, metric), stats in found.items() if metric == "oJourneyOutcomeValue") == worth


def test_every_chat_came_out_of_a_visit(counting: Asker, counted_org: SimulatedOrg) -> None:
    chats = {
        session["journeyCustomerSessionId"]: session
        for conversation in counted_org.truth_conversations()
        for _, session in sessions_of(conversation)
        if "journeyCustomerSessionId" in session
    }
    assert len(chats) > 5
    dimensions = ("journeySessionId", "journeyActionId", "journeyActionMapId", "journeyActionMapVersion")
    found = {
        dict(group)["journeySessionId"]: dict(group)
        for group, _, _ in asked(counting, *dimensions, metrics=["nWebActionsEngaged"])
    }
    for visit, chat in chats.items():
        told = {name: str(chat[name]) for name in dimensions[1:]}
        assert found[visit] == {"journeySessionId": visit, **told}


def test_an_action_goes_its_way_step_by_step(counting: Asker) -> None:
    count = {metric: stats["count"] for (_, _, metric), stats in asked(counting).items()}
    assert count["nWebActionsQualified"] == (
        count["nWebActionsOffered"]
        + count["nWebActionsOfferedOutsideSchedule"]
        + count["nWebActionsFrequencyCapReached"]
        + count["nJourneyActionsBlocked"]
    )
    assert count["nWebActionsOffered"] == sum(
        count[f"nWebActions{name}"] for name in ("Accepted", "Rejected", "Ignored", "Timedout")
    )
    assert count["nWebActionsAccepted"] == count["nWebActionsStarted"] + count["nWebActionsErrored"]
    assert count["nWebActionsStarted"] == count["nWebActionsEngaged"] + count["nWebActionsAbandoned"]
    assert count["nJourneyOutcomesAttributed"] < count["nJourneyOutcomesAchieved"]


def test_dimensions_are_the_vendor_s_and_the_same_world_has_the_same_visits() -> None:
    told = all_visits(conversations_per_day=50)
    assert told == all_visits(conversations_per_day=50)
    assert told != all_visits(conversations_per_day=50, seed=8)
    for visit in told:
        names = {*visit.facts, *(name for happening in visit.happenings for name in happening.facts)}
        assert names <= set(FAMILY.dimensions)
        assert all(visit.start <= happening.at <= visit.end for happening in visit.happenings)


@pytest.mark.parametrize("family", ["bots", "journeys", "transcripts"])
def test_what_comes_later_is_not_counted_yet(start_org: Any, counting: Asker, family: str) -> None:
    now = "2026-03-03T13:07:00Z"
    body = {"granularity": "PT30M", "metrics": list(aggregate_family(family).metrics)}
    with asking(start_org(conversations_per_day=120, lag_hours=0, now=now)) as early:
        told = laid(early.aggregate(family, "2026-03-03T00:00:00Z/2026-03-04T00:00:00Z", **body))
    assert told
    before = laid(counting.aggregate(family, f"2026-03-03T00:00:00Z/{now}", **body))
    assert {key[2:]: stats for key, stats in told.items()}.keys() <= {key[2:] for key in before}
    assert list(told.values()) == list(before.values())
