"""Queries for details: compared with the world of a simulated org, and against a server that scripts what is rare."""

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
    TRANSCRIPT_QUERY,
    USER_QUERY,
)
from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.found import Found
from analytics_platform.genesys_cloud.hosts import Hosts
from analytics_platform.genesys_cloud.queries import conversation, conversations_by_ids, find
from analytics_platform.genesys_cloud.questions import CONVERSATIONS, TRANSCRIPTS, USERS, question
from analytics_platform.source.errors import MissingPermission, NotFound, NotJson, QueryRefused
from analytics_platform_tests.genesys_cloud.conftest import QUICK
from analytics_platform_tests.genesys_cloud.scripted import Asked, Reply, Scripted
from analytics_platform_tests.simulated_org import SimulatedOrg

ALL_DAYS = "2026-03-02/2026-03-05"
Record = dict[str, Any]
Enter = Callable[..., GenesysCloud]


@pytest.fixture(scope="module")
def prompt_org() -> Iterator[SimulatedOrg]:
    """An org whose watermark is its clock: a query tells what is known now, and so does its truth."""
    with SimulatedOrg(lag_hours=0) as running:
        yield running


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


def records(found: Found) -> list[Record]:
    return [json.loads(bytes(record)) for page in found for record in page]


def without_attributes(conversations: list[Record]) -> list[Record]:
    for told in conversations:
        for participant in told.get("participants", []):
            participant.pop("attributes", None)
    return conversations


def calls(org: SimulatedOrg, path: str) -> int:
    return sum(sum(counts.values()) for called, counts in org.requests()["counts"].items() if called.endswith(path))


def conversations(client: GenesysCloud, interval: str, *expressions: str, **words: Any) -> Found:
    return find(client, question(CONVERSATIONS, interval_text=interval, expressions=expressions, **words))


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


# What no small world does: a server that scripts it.

QUERY = CONVERSATION_QUERY.path


def _told(number: int, start: str = "2026-03-02T10:00:00.000Z") -> Record:
    return {"conversationId": f"c-{number}", "conversationStart": start}


def _page(*conversations: Record, hits: int = 3) -> Reply:
    return Reply(
        json={"conversations": list(conversations), "totalHits": hits} if conversations else {"totalHits": hits}
    )


def test_a_conversation_that_comes_twice_over_moving_pages_is_given_once(
    server: Scripted, client: GenesysCloud
) -> None:
    server.on("POST", QUERY, _page(_told(1), _told(2)), _page(_told(2), _told(3)), _page())
    found = conversations(client, "2026-03-02")
    assert [told["conversationId"] for told in records(found)] == ["c-1", "c-2", "c-3"]
    assert found.course.notes() == ["Given once, though they came again while pages moved: 1."]


def test_records_without_usable_id_or_start_are_given_all_the_same(server: Scripted, client: GenesysCloud) -> None:
    strange = rb'{"conversations":[{"conversationId":1},{"conversationId":1},[],{"n":"\ud83d","conversationId":"c"}]}'
    server.on("POST", QUERY, Reply(body=strange), _page())
    found = conversations(client, "2026-03-02")
    given = [bytes(record) for page in found for record in page]
    assert given == [b'{"conversationId":1}', b'{"conversationId":1}', b"[]", rb'{"n":"\ud83d","conversationId":"c"}']


def test_more_than_one_query_gives_is_split_by_day(server: Scripted, client: GenesysCloud) -> None:
    def answer(asked: Asked) -> Reply:
        body = json.loads(asked.body)
        start, end = (part[:10] for part in body["interval"].split("/"))
        if body["paging"]["pageNumber"] > 1:
            return _page()
        if end > "2026-03-03" and start < "2026-03-03":
            return _page(_told(0), hits=150_000)
        return _page(_told(int(start[-2:]), f"{start}T01:00:00Z"), hits=90_000)

    server.on("POST", QUERY, answer)
    found = conversations(client, "2026-03-02/2026-03-05")
    assert [told["conversationId"] for told in records(found)] == ["c-2", "c-3", "c-4"]
    assert found.course.pieces == 3
    asked = [json.loads(request.body)["interval"] for request in server.requests(QUERY)]
    assert [(text[8:10], text[33:35]) for text in dict.fromkeys(asked)] == [
        ("02", "05"),
        ("02", "04"),
        ("02", "03"),
        ("03", "04"),
        ("04", "05"),
    ]
    assert found.course.hits == 270_000


def test_more_than_one_query_gives_on_one_day_is_refused_with_the_job_route(
    server: Scripted, client: GenesysCloud
) -> None:
    server.on("POST", QUERY, _page(_told(1), hits=100_001))
    with pytest.raises(QueryRefused) as refused:
        records(conversations(client, "2026-03-02"))
    said = str(refused.value)
    assert "in 2026-03-02 than the 100000 one query gives" in said
    assert "materialize the asset conversation_details" in said and "filter" in said
    assert len(server.requests(QUERY)) == 1


def test_a_few_of_too_many_can_be_had(server: Scripted, client: GenesysCloud) -> None:
    server.on("POST", QUERY, _page(_told(1), _told(2), hits=100_001))
    assert len(records(conversations(client, "2026-03-02", limit=2))) == 2
    assert len(server.requests(QUERY)) == 1


def test_no_page_is_asked_for_past_the_results_one_query_gives(server: Scripted, client: GenesysCloud) -> None:
    def answer(asked: Asked) -> Reply:
        number = json.loads(asked.body)["paging"]["pageNumber"]
        return _page(_told(number), hits=5)

    server.on("POST", QUERY, answer)
    given = 0
    with pytest.raises(QueryRefused):
        for page in conversations(client, "2026-03-02"):
            given += len(page)
    assert given == len(server.requests(QUERY)) == 1000


def test_a_search_that_knows_no_pages_ends(server: Scripted, client: GenesysCloud) -> None:
    server.on("POST", TRANSCRIPT_QUERY.path, Reply(json={"conversations": [_told(1), _told(2)]}))
    found = find(client, question(TRANSCRIPTS, interval_text="2026-03-02", phrases=["refund"]))
    assert len(records(found)) == 2
    assert len(server.requests(TRANSCRIPT_QUERY.path)) == 2


def test_a_body_that_is_no_page_is_not_shown(server: Scripted, client: GenesysCloud) -> None:
    server.on("POST", QUERY, Reply(body=b"<html>private words</html>"))
    with pytest.raises(NotJson) as fault:
        records(conversations(client, "2026-03-02"))
    assert "private" not in str(fault.value)
