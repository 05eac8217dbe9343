"""Properties put on a conversation: written by a person, sent once, found by a query."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from analytics_platform.catalogue.operations.details import CONVERSATION_PROPERTIES
from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.hosts import Hosts
from analytics_platform.genesys_cloud.properties import index, index_request
from analytics_platform.genesys_cloud.queries import find
from analytics_platform.genesys_cloud.questions import CONVERSATIONS, question
from analytics_platform.source.errors import BadRequest, QueryRefused, ServerFault
from analytics_platform_tests.genesys_cloud.conftest import QUICK
from analytics_platform_tests.genesys_cloud.scripted import Reply, Scripted
from analytics_platform_tests.simulated_org import SimulatedOrg

AT = "2026-03-02T10:00:00Z"


def test_values_are_strings_unless_a_type_is_written() -> None:
    assert index_request(
        "s-1", AT, ["order=12:integer", "url=https://a:b", "vip=true:bool", "note=a:string:string"]
    ) == {
        "sessionId": "s-1",
        "targetDate": "2026-03-02T10:00:00.000Z",
        "properties": [
            {"property": "order", "propertyType": "integer", "value": "12"},
            {"property": "url", "propertyType": "string", "value": "https://a:b"},
            {"property": "vip", "propertyType": "bool", "value": "true"},
            {"property": "note", "propertyType": "string", "value": "a:string"},
        ],
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("s-1", AT, []), "no property to index"),
        ((" ", AT, ["a=b"]), "on a session"),
        (("s-1", "soon", ["a=b"]), "'soon' as the instant of a segment is neither day nor instant"),
        (("s-1", AT, ["a"]), "'a' is no property"),
        (("s-1", AT, ["=b"]), "is no property"),
        (("s-1", AT, ["a=x:integer"]), "The value 'x' of the property 'a' is no integer"),
        (("s-1", AT, ["a=yes:bool"]), "is no bool"),
        (("s-1", AT, ["a=1,5:real"]), "is no real"),
        (("s-1", AT, ["a=today:date"]), "is no date"),
        (("s-1", AT, ["a=1-2:uuid"]), "is no uuid"),
    ],
)
def test_what_cannot_be_indexed_is_refused_in_a_sentence(words: tuple[Any, ...], said: str) -> None:
    with pytest.raises(QueryRefused) as refused:
        index_request(*words)
    assert said in str(refused.value)


@pytest.fixture
def connected(start_org: Callable[..., SimulatedOrg]) -> Any:
    org = start_org(days=1, conversations_per_day=10)
    with GenesysCloud(
        Hosts.of(api_url=org.url), "demo", SecretStr("demo"), RequestBudget.unlimited(), retries=QUICK
    ) as client:
        yield org, client


def test_a_query_finds_a_conversation_by_what_was_indexed(connected: tuple[SimulatedOrg, GenesysCloud]) -> None:
    org, client = connected
    truth = org.truth_conversations()[3]
    session = truth["participants"][0]["sessions"][0]
    request = index_request(session["sessionId"], session["segments"][0]["segmentStart"], ["order=A 7"])
    index(client, truth["conversationId"], request)
    asked = question(CONVERSATIONS, interval_text="2026-03-02", expressions=["property.order=A 7"])
    (page,) = find(client, asked)
    assert len(page) == 1
    assert truth["conversationId"].encode() in bytes(page[0])
    with pytest.raises(BadRequest):
        index(client, truth["conversationId"], request | {"sessionId": "nobody's"})


def test_nothing_is_indexed_twice_when_no_clear_answer_comes(server: Scripted, client: GenesysCloud) -> None:
    path = CONVERSATION_PROPERTIES.path.format(conversationId="c-1")
    server.on("POST", path, Reply(503))
    with pytest.raises(ServerFault):
        index(client, "c-1", index_request("s-1", AT, ["a=b"]))
    assert len(server.requests(path)) == 1
