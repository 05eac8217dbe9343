"""Questions about aggregates: what is refused before it is asked, and the queries it takes to ask the rest."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from analytics_platform.catalogue.aggregates import AGGREGATES, AggregateFamily, aggregate_family
from analytics_platform.catalogue.names import UnknownName
from analytics_platform.genesys_cloud.aggregates import MOST_BUCKETS, AggregateQueries, AggregateQuestion
from analytics_platform.genesys_cloud.answered import Answered
from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.hosts import Hosts
from analytics_platform.source.errors import BadRequest, MissingPermission, QueryRefused
from analytics_platform.source.intervals import Interval, interval
from analytics_platform_tests.genesys_cloud.scripted import Scripted, error
from analytics_platform_tests.simulated_org import SimulatedOrg

DAY = interval("2026-03-02")
CONVERSATIONS, USERS = aggregate_family("conversations"), aggregate_family("users")
Enter = Callable[[SimulatedOrg], AggregateQueries]


@pytest.fixture
def enter() -> Iterator[Enter]:
    """Makes askers of an org."""
    with ExitStack() as clients:

        def entered(org: SimulatedOrg) -> AggregateQueries:
            hosts, budget = Hosts.of(api_url=org.url), RequestBudget.unlimited()
            return AggregateQueries(
                clients.enter_context(GenesysCloud(hosts, org.client_id, SecretStr(org.client_secret), budget))
            )

        yield entered


def about(family: AggregateFamily = CONVERSATIONS, **given: Any) -> AggregateQuestion:
    """A question with the family's defaults."""
    return AggregateQuestion(**{"family": family, "group_by": family.group_by, "metrics": family.metrics} | given)


def in_groups_of(size: int) -> AggregateFamily:
    """Users, asked so many at a time."""
    operation = replace(USERS.operation, limits=replace(USERS.operation.limits, ids=size))
    return replace(USERS, operation=operation)


def results(answers: Iterator[Answered]) -> list[dict[str, Any]]:
    return [result for answer in answers for result in json.loads(answer.text)["results"]]


def asked(org: SimulatedOrg, family: AggregateFamily = CONVERSATIONS) -> list[dict[str, Any]]:
    """The bodies of the queries the org has seen."""
    return [json.loads(call["body"]) for call in org.requests()["calls"] if call["operation"] == family.operation.name]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"metrics": ("tHandel",)}, "There is no metric of conversations aggregates 'tHandel'; nearest are tHandle"),
        ({"group_by": ("queue",)}, "There is no dimension of conversations aggregates 'queue'; nearest are .*queueId"),
        ({"time_zone": "Europe/Berln"}, "There is no time zone 'Europe/Berln'; nearest are Europe/Berlin"),
        (
            {"filter": {"type": "and", "predicates": [{"dimension": "queue", "value": "x"}]}},
            "There is no dimension 'queue'; nearest are .*queueId",
        ),
        ({"filter": {"type": "and", "predicate": []}}, "There is no field of .* 'predicate'; nearest are predicates"),
    ],
)
def test_a_name_the_vendor_does_not_know_is_refused_with_the_nearest(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UnknownName, match=said):
        about(**given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"metrics": ()}, "No metric of conversations aggregates is named"),
        ({"metrics": ("tHandle", "tHandle")}, "A metric of conversations aggregates is named twice"),
        ({"group_by": ("queueId", "queueId")}, "A dimension of conversations aggregates is named twice"),
        ({"family": USERS, "group_by": (), "metrics": USERS.metrics}, "asked 100 users at a time, .*: group by userId"),
        *(
            (
                {"granularity": text},
                f"The granularity '{text}' is no ISO 8601 period that divides a day: take one of PT1M",
            )
            for text in ("", "P", "PT", "P1W", "P1M", "PT7M", "P2D", "PT0M", "PT25H", "30M", "PT1.5H", "P1Y")
        ),
    ],
)
def test_a_question_that_cannot_be_answered_day_by_day_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(QueryRefused, match=said):
        about(**given)


@pytest.mark.parametrize(
    ("granularity", "zone", "day", "meets"),
    [
        ("PT30M", "Asia/Kolkata", "2026-03-02", True),
        ("PT1H", "Asia/Kolkata", "2026-03-02", False),
        ("PT15M", "Asia/Kathmandu", "2026-03-02", True),
        ("PT30M", "Asia/Kathmandu", "2026-03-02", False),
        ("P1D", "Europe/London", "2026-03-02", True),
        ("P1D", "Europe/London", "2026-07-02", False),
        ("PT1H", "Europe/Berlin", "2026-03-29", True),
        ("PT2H", "Europe/Berlin", "2026-03-29", False),
        ("PT2H", "Europe/Berlin", "2026-03-30", True),
        ("P1D", None, "2026-03-29", True),
    ],
)
def test_buckets_of_a_time_zone_must_meet_at_midnight_utc_of_that_day(
    granularity: str, zone: str | None, day: str, meets: bool
) -> None:
    question = about(granularity=granularity, time_zone=zone)
    if meets:
        question.require_day(date.fromisoformat(day))
        return
    with pytest.raises(QueryRefused) as refused:
        question.require_day(date.fromisoformat(day))
    said = str(refused.value)
    assert said.startswith(f"Buckets of {granularity} in {zone} do not meet at midnight UTC on {day}")
    assert "take a granularity of PT1M, PT5M," in said and f" {granularity}," not in said.partition("take")[2]


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"])
def test_where_they_meet_the_org_gives_the_day_whole_buckets(enter: Enter, org: SimulatedOrg, zone: str) -> None:
    # 2026-03-08 is when clocks change in St. John's.
    for granularity in ("PT15M", "PT30M", "PT1H", "P1D"):
        question = about(granularity=granularity, time_zone=zone, group_by=(), metrics=("nOffered", "nConnected"))
        try:
            question.require_day(date(2026, 3, 2))
        except QueryRefused:
            continue
        for result in results(enter(org).answers(question, DAY)):
            for data in result["data"]:
                start, end = (datetime.fromisoformat(part) for part in data["interval"].split("/"))
                assert end - start == question.step
                assert DAY.start <= start and end <= DAY.end


def test_a_question_of_a_day_is_one_query_that_says_what_is_wanted(enter: Enter, org: SimulatedOrg) -> None:
    chosen = {"type": "and", "predicates": [{"type": "dimension", "dimension": "mediaType", "value": "voice"}]}
    question = about(group_by=("queueId",), metrics=("tHandle",), filter=chosen, time_zone="Asia/Kolkata")
    list(enter(org).answers(question, DAY))
    assert asked(org) == [
        {
            "interval": "2026-03-02T00:00:00.000Z/2026-03-03T00:00:00.000Z",
            "granularity": "PT30M",
            "timeZone": "Asia/Kolkata",
            "groupBy": ["queueId"],
            "filter": chosen,
            "metrics": ["tHandle"],
        }
    ]


@given(
    step=st.sampled_from([60, 300, 900, 1800, 3600, 86_400]),
    first=st.integers(0, 5),
    length=st.integers(1, 72),
)
def test_pieces_are_whole_buckets_of_a_day_at_most_without_gap_or_overlap(step: int, first: int, length: int) -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=first)
    whole = Interval(start, start + length * timedelta(hours=1 if step < 86_400 else 24))
    question = about(granularity=f"PT{step}S" if step < 86_400 else "P1D")
    pieces = [piece for piece, _ in question.bodies(whole)]
    assert pieces[0].start == whole.start and pieces[-1].end == whole.end
    assert all(one.end == next_.start for one, next_ in pairwise(pieces))
    for piece in pieces:
        seconds = (piece.end - piece.start).total_seconds()
        assert piece.days == 1 and seconds % step == 0 and seconds / step <= MOST_BUCKETS


def test_a_long_interval_asked_in_pieces_gives_what_one_query_would(enter: Enter, org: SimulatedOrg) -> None:
    wanted = interval("2026-03-02/2026-03-05")
    queries = enter(org)
    question = about(granularity="PT5M", group_by=("mediaType",), metrics=("nOffered", "tHandle"))
    pieces = results(queries.answers(question, wanted))
    assert len(asked(org)) == 3 * 3
    body = question.body(wanted, None)
    whole = queries._client.call(CONVERSATIONS.operation, body=body, repeatable=True).value["results"]

    def flat(told: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        return sorted(
            (json.dumps(result["group"]), data["interval"], metric["metric"], json.dumps(metric["stats"]))
            for result in told
            for data in result["data"]
            for metric in data["metrics"]
        )

    assert flat(pieces) == flat(whole) != []


def test_an_interval_the_org_finds_too_long_is_asked_in_halves(
    enter: Enter, start_org: Callable[..., SimulatedOrg]
) -> None:
    org = start_org(assume=["max_aggregate_buckets=12"])
    question = about(granularity="PT1H", group_by=(), metrics=("nConnected",))
    told = results(enter(org).answers(question, DAY))
    assert [body["interval"] for body in asked(org)] == [
        "2026-03-02T00:00:00.000Z/2026-03-03T00:00:00.000Z",
        "2026-03-02T00:00:00.000Z/2026-03-02T12:00:00.000Z",
        "2026-03-02T12:00:00.000Z/2026-03-03T00:00:00.000Z",
    ]
    assert sum(len(result["data"]) for result in told) > 12


@pytest.mark.parametrize(
    ("said", "asked_for"),
    [
        ("A query may not name more than 100 ids", 1),
        ("Value [] is not valid for field type [ConversationAggregateDimension]. Allowable values are: queueId", 1),
        ("You must specify a search interval as part of your query that does not exceed 1 days", 3),
    ],
)
def test_what_no_shorter_interval_mends_is_asked_once_and_the_rest_down_to_a_bucket(
    server: Scripted, client: GenesysCloud, said: str, asked_for: int
) -> None:
    refused = error(400, "bad.request", said)
    server.on("POST", CONVERSATIONS.operation.path, *[refused] * 3)
    with pytest.raises(BadRequest, match=re.escape(said)):
        list(AggregateQueries(client).answers(about(granularity="PT6H"), DAY))
    # The first of each two halves is asked first, and the first refusal of a single bucket is the end.
    assert len(server.requests(CONVERSATIONS.operation.path)) == asked_for


def test_users_are_asked_about_in_batches_that_together_are_all_of_them(
    enter: Enter, start_org: Callable[..., SimulatedOrg]
) -> None:
    org = start_org(agents=120, conversations_per_day=5)
    question = about(USERS, granularity="P1D")
    queries = enter(org)
    told = results(queries.answers(question, DAY))
    batches = [[each["value"] for each in body["filter"]["predicates"]] for body in asked(org, USERS)]
    assert len(batches[0]) == 100 and len(batches) == 2
    ids = [user for batch in batches for user in batch]
    assert ids == sorted(set(ids)) and len(ids) > 120
    assert {result["group"]["userId"] for result in told} == {
        status["userId"] for status in org.truth_statuses("2026-01-01", "2026-03-02")
    }.intersection(ids)
    assert list(queries.answers(question, DAY)) and org.requests()["counts"]["GET /api/v2/users"] == {"200": 2}


def test_smaller_batches_give_the_same_answer(enter: Enter, org: SimulatedOrg) -> None:
    queries = enter(org)
    whole = results(queries.answers(about(USERS), DAY))
    split = results(queries.answers(about(in_groups_of(5)), DAY))
    assert whole and sorted(split, key=json.dumps) == sorted(whole, key=json.dumps)
    assert all(len(body["filter"]["predicates"]) <= 5 for body in asked(org, USERS)[1:])


@pytest.mark.parametrize(
    ("chosen", "kept"),
    [
        (None, "abc"),
        (
            {
                "type": "or",
                "predicates": [{"dimension": "userId", "value": "a"}, {"dimension": "userId", "value": "z"}],
            },
            "a",
        ),
        ({"type": "and", "predicates": [{"dimension": "userId", "operator": "exists"}]}, "abc"),
        ({"type": "and", "predicates": [{"dimension": "userId", "operator": "notExists"}]}, ""),
        (
            {
                "type": "and",
                "clauses": [
                    {"type": "or", "predicates": [{"value": "a"}, {"value": "b"}]},
                    {"type": "or", "predicates": [{"value": "b"}, {"value": "c"}]},
                ],
            },
            "b",
        ),
        (
            {
                "type": "or",
                "clauses": [{"type": "and", "predicates": [{"value": "a"}]}],
                "predicates": [{"value": "c"}],
            },
            "ac",
        ),
    ],
)
def test_a_filter_over_users_chooses_whom_to_ask_about(chosen: dict[str, Any] | None, kept: str) -> None:
    bodies = [body for _, body in about(in_groups_of(2), filter=chosen).bodies(DAY, ["c", "a", "b"])]
    assert "".join(each["value"] for body in bodies for each in body["filter"]["predicates"]) == kept
    assert all(1 <= len(body["filter"]["predicates"]) <= 2 for body in bodies)


@pytest.mark.parametrize("family", AGGREGATES, ids=lambda family: family.name)
def test_a_family_without_its_permission_is_refused_by_the_permissions_name(
    enter: Enter, org: SimulatedOrg, family: AggregateFamily
) -> None:
    org.arm("permission_withdrawn", family.operation.name)
    with pytest.raises(MissingPermission, match=family.operation.permissions[0]):
        list(enter(org).answers(about(family), DAY))
