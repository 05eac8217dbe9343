"""Queries for details, compared with the world of a simulated org."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest
from pydantic import SecretStr

from analytics_platform.catalogue.operations.details import (
    CONVERSATION_BY_ID,
    CONVERSATION_QUERY,
    CONVERSATIONS_BY_IDS,
    USER_QUERY,
)
from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.hosts import Hosts
from analytics_platform.genesys_cloud.queries import conversation, conversations_by_ids, find
from analytics_platform.genesys_cloud.questions import TRANSCRIPTS, USERS, question
from analytics_platform.source.errors import MissingPermission, NotFound, QueryRefused
from analytics_platform_tests.genesys_cloud.conftest import QUICK
from analytics_platform_tests.genesys_cloud.querying import Record, conversations, records
from analytics_platform_tests.simulated_org import SimulatedOrg

ALL_DAYS = "2026-03-02/2026-03-05"
Enter = Callable[..., GenesysCloud]


@pytest.fixture
def org(prompt_org: SimulatedOrg) -> SimulatedOrg:
    prompt_org.reset()
    return prompt_org


@pytest.fixture
def enter() -> Iterator[Enter]:
    """Clients of an org, `enter(org)`."""
    clients: list[GenesysCloud] = []

    def connected(org: SimulatedOrg, client_id: str = "demo", secret: str = "demo") -> GenesysCloud:
        clients.append(
            GenesysCloud(
                Hosts.of(api_url=org.url), client_id, SecretStr(secret), RequestBudget.unlimited(), retries=QUICK
            )
        )
        return clients[-1]

    yield connected
    for client in clients:
        client.close()


def without_attributes(conversations: list[Record]) -> list[Record]:
    for told in conversations:
        for participant in told.get("participants", []):
            participant.pop("attributes", None)
    return conversations


def calls(org: SimulatedOrg, path: str) -> int:
    return sum(sum(counts.values()) for called, counts in org.requests()["counts"].items() if called.endswith(path))


def test_conversations_of_whole_days_are_those_that_started_on_them(org: SimulatedOrg, enter: Enter) -> None:
    found = conversations(enter(org), ALL_DAYS)
    assert records(found) == without_attributes(org.truth_conversations("2026-03-02", "2026-03-04"))
    assert (found.course.given, found.course.outside, found.course.repeated) == (180, 0, 0)
    assert found.course.hits == 180
    assert found.record_model == "AnalyticsConversationWithoutAttributes"


def test_conversations_of_hours_are_cut_by_their_start_and_the_rest_is_told(org: SimulatedOrg, enter: Enter) -> None:
    found = conversations(enter(org), "2026-03-02T10:00Z/2026-03-03T12:00Z")
    truth = without_attributes(org.truth_conversations("2026-03-02", "2026-03-03"))
    wanted = [told for told in truth if "2026-03-02T10" <= told["conversationStart"] < "2026-03-03T12"]
    assert records(found) == wanted
    assert 0 < len(wanted) < len(truth) == 120
    (note,) = found.course.notes()
    assert note.startswith("Left out, as they started outside the interval")
    assert note.endswith(f": {len(truth) - len(wanted)}.")


def test_filters_select_what_the_world_says(org: SimulatedOrg, enter: Enter) -> None:
    def voice_with_user(told: Record) -> bool:
        return any(
            "userId" in participant and session.get("mediaType") == "voice" and session.get("segments")
            for participant in told["participants"]
            for session in participant.get("sessions", [])
        )

    truth = without_attributes(org.truth_conversations("2026-03-02", "2026-03-04"))
    wanted = [told for told in truth if voice_with_user(told)]
    assert records(conversations(enter(org), ALL_DAYS, "mediaType=voice", "userId exists")) == wanted
    assert 0 < len(wanted) < len(truth)


def test_a_long_interval_is_split_and_nothing_is_lost_or_doubled(
    start_org: Callable[..., SimulatedOrg], enter: Enter
) -> None:
    org = start_org(days=16, conversations_per_day=10, now="2026-03-20T00:00:00Z", lag_hours=0)
    client = enter(org)
    whole = conversations(client, "2026-02-27/2026-03-20")
    truth = without_attributes(org.truth_conversations("2026-02-27", "2026-03-19"))
    assert records(whole) == truth
    assert whole.course.pieces == 3
    backwards = conversations(client, "2026-02-27/2026-03-19T18:00Z", order="desc")
    assert records(backwards) == truth[::-1]
    filtered = conversations(client, "2026-02-27/2026-03-22", "originatingDirection exists")
    assert records(filtered) == truth
    assert filtered.course.pieces == 1
    assert not any("400" in counts for counts in org.requests()["counts"].values())


def test_pages_are_asked_for_as_they_are_consumed(start_org: Callable[..., SimulatedOrg], enter: Enter) -> None:
    org = start_org(days=2, conversations_per_day=350, lag_hours=0)
    path = CONVERSATION_QUERY.path
    client = enter(org)
    found = conversations(client, "2026-03-02/2026-03-04")
    assert calls(org, path) == 0
    pages = iter(found)
    assert len(next(pages)) == 100
    assert calls(org, path) == 1
    assert sum(len(page) for page in islice(pages, 2)) == 200
    assert calls(org, path) == 3
    assert len(records(conversations(client, "2026-03-02/2026-03-04", limit=100))) == 100
    assert calls(org, path) == 4
    assert [told["conversationId"] for told in records(conversations(client, "2026-03-02/2026-03-04", limit=120))] == (
        org.truth_conversation_ids("2026-03-02", "2026-03-03")[:120]
    )
    assert calls(org, path) == 6


def _identity(status: Record) -> tuple[object, ...]:
    """What a status is known by: all of it but its end, which comes later."""
    return tuple(sorted((name, value) for name, value in status.items() if name != "endTime"))


def test_users_have_the_statuses_of_the_interval(org: SimulatedOrg, enter: Enter) -> None:
    found = find(enter(org), question(USERS, interval_text=ALL_DAYS))
    told = records(found)
    given = Counter(
        (user["userId"], family, _identity(status))
        for user in told
        for family in ("primaryPresence", "routingStatus")
        for status in user.get(family, [])
    )
    assert set(given.values()) == {1}
    truth = {
        (row["userId"], row["family"], _identity(row["status"]))
        for row in org.truth_statuses("2026-03-02", "2026-03-04")
    }
    assert truth and truth <= set(given)
    one = records(
        find(enter(org), question(USERS, interval_text=ALL_DAYS, expressions=[f"userId={told[0]['userId']}"]))
    )
    assert one == told[:1]


def test_users_of_a_long_interval_have_a_record_in_each_piece_and_it_is_told(org: SimulatedOrg, enter: Enter) -> None:
    found = find(enter(org), question(USERS, interval_text="2026-02-26/2026-03-07"))
    counted = Counter(user["userId"] for user in records(found))
    assert max(counted.values()) == 2
    assert found.course.notes() == [
        "The interval was asked in 2 pieces, as the vendor takes no longer ones: "
        "each of the users has a record in each of them."
    ]
    assert calls(org, USER_QUERY.path) == 4


def test_conversations_by_ids_keep_their_order_and_what_is_not_found_is_told(
    start_org: Callable[..., SimulatedOrg], enter: Enter
) -> None:
    org = start_org(days=1, conversations_per_day=250, lag_hours=0)
    truth = {told["conversationId"]: told for told in without_attributes(org.truth_conversations())}
    ids = list(truth)[::-1]
    asked = [*ids[:120], "nobody", *ids[120:], "nothing"]
    taken: list[str] = []

    def generated() -> Iterator[str]:
        for each in asked:
            taken.append(each)
            yield each

    found = conversations_by_ids(enter(org), generated())
    pages = iter(found)
    first = next(pages)
    assert (len(first), len(taken), calls(org, CONVERSATIONS_BY_IDS.path)) == (100, 100, 1)
    told = [json.loads(bytes(record)) for record in first] + [
        json.loads(bytes(record)) for page in pages for record in page
    ]
    assert told == [truth[each] for each in ids]
    assert calls(org, CONVERSATIONS_BY_IDS.path) == 3
    assert found.course.missing == ["nobody", "nothing"]
    assert found.course.notes() == ["Not found: nobody, nothing."]


@pytest.mark.parametrize("strange", ["", "  ", "a,b", "a b", "../secrets"])
def test_an_id_that_cannot_be_one_is_refused_and_nothing_is_sent(org: SimulatedOrg, enter: Enter, strange: str) -> None:
    with pytest.raises(QueryRefused):
        records(conversations_by_ids(enter(org), [strange]))
    with pytest.raises(QueryRefused):
        records(conversation(enter(org), strange))
    assert org.requests()["total"] == 0


def test_one_conversation_is_the_worlds_and_one_that_is_not_there_is_told(org: SimulatedOrg, enter: Enter) -> None:
    (truth, *_) = without_attributes(org.truth_conversations("2026-03-03", "2026-03-03"))
    found = conversation(enter(org), truth["conversationId"])
    assert records(found) == [truth]
    assert found.record_model == CONVERSATION_BY_ID.gives
    with pytest.raises(NotFound):
        records(conversation(enter(org), "nobody"))


def test_a_search_finds_what_was_said_page_by_page(org: SimulatedOrg, enter: Enter) -> None:
    client, truth = enter(org), without_attributes(org.truth_conversations("2026-03-02", "2026-03-04"))

    def said(phrase: str, interval: str = ALL_DAYS, **words: Any) -> list[Record]:
        return records(find(client, question(TRANSCRIPTS, interval_text=interval, phrases=[phrase], **words)))

    opened = said("how can I help you")
    assert 25 < len(opened) < len(truth)  # one page of the vendor's default size does not hold them
    assert opened == [told for told in truth if told in opened]
    assert said("how can I help you", order="desc") == opened[::-1]
    cancelled = said("cancel my contract")
    assert 0 < len(cancelled) < len(opened) and all(told in opened for told in cancelled)
    assert said("cancel my contract", "2026-03-03T06:00Z/2026-03-04T18:00Z") == [
        told for told in cancelled if "2026-03-03T06" <= told["conversationStart"] < "2026-03-04T18"
    ]
    assert said("my contract cancel") == []


def test_a_missing_permission_is_named(start_org: Callable[..., SimulatedOrg], enter: Enter) -> None:
    org = start_org(client=["half:secret:analytics:userDetail:view"])
    with pytest.raises(MissingPermission, match="analytics:conversationDetail:view"):
        records(conversations(enter(org, "half", "secret"), ALL_DAYS))


def test_a_search_that_the_org_does_not_answer_is_told_as_withdrawn(
    start_org: Callable[..., SimulatedOrg], enter: Enter
) -> None:
    org = start_org(withdrawn=False)
    asked = question(TRANSCRIPTS, interval_text=ALL_DAYS, phrases=["refund"])
    with pytest.raises(QueryRefused, match="the vendor withdrew it with release 234"):
        records(find(enter(org), asked))
