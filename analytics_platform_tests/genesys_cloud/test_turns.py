"""Reporting turns: followed from page to page on the flow's own path, by whichever operation the org has."""

from typing import Any

import pytest

from analytics_platform.catalogue.operations.bots import BOT_DIVISION_TURNS, BOT_TURNS
from analytics_platform.catalogue.operations.observations import FLOW_LIST
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.turns import bot_flow_ids, turn_pages
from analytics_platform.source.errors import MissingPermission, NotFound, UnexpectedAnswer
from analytics_platform.source.intervals import interval
from analytics_platform_tests.genesys_cloud.scripted import Asked, Reply, Scripted, error

DAY = interval("2026-03-03")
NEW, OLD = (operation.path.format(botFlowId="flow-1") for operation in (BOT_DIVISION_TURNS, BOT_TURNS))


def _page(name: str, next_uri: str | None = None) -> Reply:
    return Reply(json={"entities": [{"sessionId": name}], **({"nextUri": next_uri} if next_uri else {})})


def _told(client: GenesysCloud) -> list[bytes]:
    return [answer.text for answer in turn_pages(client, "flow-1", DAY)]


def test_pages_follow_next_uri_with_its_query(server: Scripted, client: GenesysCloud) -> None:
    server.on("GET", NEW, _page("a", f"{NEW}?after=x%2By&pageSize=250&interval=z"), _page("b"))
    assert [b'"a"' in text for text in _told(client)] == [True, False]
    first, second = server.requests(NEW)
    assert first.query == {"interval": "2026-03-03T00:00:00.000Z/2026-03-04T00:00:00.000Z", "pageSize": "250"}
    assert second.query == {"after": "x+y", "pageSize": "250", "interval": "z"}


def test_a_next_uri_of_another_host_is_asked_of_our_own(server: Scripted, client: GenesysCloud) -> None:
    server.on("GET", NEW, _page("a", f"https://elsewhere.example{NEW}?after=1"), _page("b"))
    assert len(_told(client)) == 2
    assert len(server.requests(NEW)) == 2


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("/api/v2/users?after=1", "not about the turns of the same flow"),
        (NEW.replace("flow-1", "flow-2") + "?after=1", "not about the turns of the same flow"),
        ("//elsewhere.example/steal", "not about the turns of the same flow"),
        ("http://[", "not about the turns of the same flow"),
        (f"{NEW}?after=1", "leads in a circle"),
    ],
)
def test_a_next_uri_that_leads_elsewhere_or_in_a_circle_is_refused(
    server: Scripted, client: GenesysCloud, uri: str, says: str
) -> None:
    server.on("GET", NEW, _page("a", uri))
    with pytest.raises(UnexpectedAnswer, match=says):
        _told(client)
    assert all(asked.path in (NEW, "/oauth/token") for asked in server.requests())


def test_the_deprecated_operation_serves_where_the_org_lacks_its_successor(
    server: Scripted, client: GenesysCloud
) -> None:
    server.on("GET", NEW, error(404, "not.found", "No such path"))
    server.on("GET", OLD, _page("a", f"{OLD}?after=1"), _page("b"))
    assert len(_told(client)) == 2


def test_a_next_uri_that_names_the_other_route_is_followed_there(server: Scripted, client: GenesysCloud) -> None:
    server.on("GET", NEW, _page("a", f"{OLD}?after=1"))
    server.on("GET", OLD, _page("b"))
    assert [b'"a"' in text for text in _told(client)] == [True, False]


def test_a_flow_that_neither_knows_is_not_found(server: Scripted, client: GenesysCloud) -> None:
    with pytest.raises(NotFound):
        _told(client)
    assert [asked.path for asked in server.requests("/api")] == [NEW, OLD]


def test_a_permission_that_lacks_is_told_and_nothing_else_is_tried(server: Scripted, client: GenesysCloud) -> None:
    server.on("GET", NEW, error(403, "missing.permissions", "No"))
    with pytest.raises(MissingPermission, match="analytics:botFlowReportingTurn:view"):
        _told(client)
    assert server.requests(OLD) == []


def test_a_page_that_is_none_is_refused(server: Scripted, client: GenesysCloud) -> None:
    server.on("GET", NEW, Reply(body=b"<html>"))
    with pytest.raises(UnexpectedAnswer, match="not what the vendor describes"):
        _told(client)


def test_bot_flows_are_those_of_the_types_that_have_turns(server: Scripted, client: GenesysCloud) -> None:
    flows: dict[str, list[dict[str, Any]]] = {"bot": [{"id": "b"}, {"id": "x"}], "digitalbot": [{"id": "a"}]}

    def answer(asked: Asked) -> Reply:
        return Reply(json={"entities": flows[asked.query["type"]], "pageCount": 1})

    server.on("GET", FLOW_LIST.path, answer)
    assert bot_flow_ids(client) == ["a", "b", "x"]
