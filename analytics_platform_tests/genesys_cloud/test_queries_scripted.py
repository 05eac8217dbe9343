"""Queries for details against a server that scripts what no small world does."""

import json
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from analytics_platform.catalogue.operations.details import CONVERSATION_QUERY, CONVERSATIONS_BY_IDS, TRANSCRIPT_QUERY
from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.hosts import Hosts
from analytics_platform.genesys_cloud.oauth_client import OAuthClient
from analytics_platform.genesys_cloud.queries import find, unknown_conversations
from analytics_platform.genesys_cloud.questions import TRANSCRIPTS, question
from analytics_platform.source.errors import BadCredentials, NotJson, QueryRefused, UnexpectedAnswer
from analytics_platform_tests.genesys_cloud.querying import Record, conversations, records
from analytics_platform_tests.genesys_cloud.scripted import Asked, Reply, Scripted, error, token

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


BY_IDS = CONVERSATIONS_BY_IDS.path


@pytest.fixture
def both(server: Scripted) -> Iterator[GenesysCloud]:
    """A connection as two OAuth clients."""
    one, two = (OAuthClient(name, SecretStr("secret"), RequestBudget.unlimited()) for name in ("one", "two"))
    with GenesysCloud(Hosts.of(api_url=server.url), one.id, one.secret, one.budget, others=[two]) as client:
        yield client


def test_a_conversation_is_unknown_only_where_no_client_knows_it(server: Scripted, both: GenesysCloud) -> None:
    server.on("GET", BY_IDS, _page(_told(1)), _page(_told(2)))
    assert unknown_conversations(both, ["c-1", "c-2", "c-3", "c-3"]) == ["c-3"]
    asked = server.requests(BY_IDS)
    assert [each.query["id"] for each in asked] == ["c-1,c-2,c-3", "c-2,c-3"]
    assert len({each.headers["authorization"] for each in asked}) == 2


def test_nothing_more_is_asked_than_is_still_unknown(server: Scripted, both: GenesysCloud) -> None:
    assert unknown_conversations(both, []) == [] and not server.requests()
    server.on("GET", BY_IDS, _page(_told(1)))
    assert unknown_conversations(both, ["c-1"]) == [] and len(server.requests(BY_IDS)) == 1


def test_no_conversation_is_unknown_while_a_client_that_may_know_it_is_refused(
    server: Scripted, both: GenesysCloud
) -> None:
    server.on("GET", BY_IDS, _page())
    server.on("POST", "/oauth/token", token("first"), error(401, "bad.credentials", "Invalid login credentials."))
    with pytest.raises(BadCredentials):
        unknown_conversations(both, ["c-1"])


@pytest.mark.parametrize("strange", [{"conversationStart": "2026-03-02T10:00:00Z"}, _told(9), _told(1)])
def test_an_answer_that_tells_of_others_leaves_open_what_is_unknown(
    server: Scripted, client: GenesysCloud, strange: Record
) -> None:
    server.on("GET", BY_IDS, _page(_told(1), strange))
    with pytest.raises(UnexpectedAnswer):
        unknown_conversations(client, ["c-1", "c-2"])
