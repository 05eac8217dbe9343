"""The org's directory: users, queues and flows, page by page."""

from typing import Any

import httpx
import pytest

from analytics_platform.catalogue.operations.observations import DIRECTORY, FLOW_LIST, QUEUE_LIST, USER_LIST
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.asking import Asker


def get(asker: Asker, path: str, **query: Any) -> httpx.Response:
    return asker.http.get(asker.http.base_url.join(path), params=query)


def entities(asker: Asker, path: str, **query: Any) -> list[dict[str, Any]]:
    """The entities of all pages, by following nextUri."""
    told: list[dict[str, Any]] = []
    page = get(asker, path, **query).json()
    while True:
        told += page["entities"]
        if "nextUri" not in page:
            return told
        page = asker.http.get(asker.http.base_url.join(page["nextUri"])).json()


@pytest.mark.parametrize("operation", DIRECTORY, ids=lambda each: each.name)
def test_following_the_pages_gives_every_entity_once_by_name(asker: Asker, operation: Any) -> None:
    whole = get(asker, operation.path, pageSize=100).json()
    paged = entities(asker, operation.path, pageSize=5)
    assert paged == whole["entities"]
    assert len({entity["id"] for entity in paged}) == len(paged) == whole["total"] > 5
    assert [entity["name"] for entity in paged] == sorted(entity["name"] for entity in paged)
    assert all(entity["division"]["id"] and entity["selfUri"].endswith(entity["id"]) for entity in paged)


def test_a_page_tells_where_it_stands(asker: Asker) -> None:
    page = get(asker, QUEUE_LIST.path, pageSize=5, pageNumber=2).json()
    around = {name: page[name] for name in ("pageNumber", "pageSize", "total", "pageCount")}
    assert around == {"pageNumber": 2, "pageSize": 5, "total": 12, "pageCount": 3}
    assert page["nextUri"] == "/api/v2/routing/queues?pageSize=5&pageNumber=3"
    assert page["previousUri"] == page["firstUri"] == "/api/v2/routing/queues?pageSize=5&pageNumber=1"
    assert get(asker, QUEUE_LIST.path).json()["pageSize"] == 25
    assert get(asker, QUEUE_LIST.path, pageNumber=9).json()["entities"] == []


@pytest.mark.parametrize("query", [{"pageSize": 101}, {"pageSize": 0}, {"pageNumber": 0}, {"pageNumber": "two"}])
@pytest.mark.parametrize("operation", DIRECTORY, ids=lambda each: each.name)
def test_a_page_out_of_range_is_refused(asker: Asker, operation: Any, query: dict[str, Any]) -> None:
    answer = get(asker, operation.path, **query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid.query.param.value")


def test_users_are_active_unless_another_state_is_asked_for(asker: Asker, org: SimulatedOrg) -> None:
    active = {user["id"] for user in entities(asker, USER_LIST.path)}
    assert {line["userId"] for line in org.truth_statuses()} <= active
    for state in ("inactive", "deleted"):
        told = entities(asker, USER_LIST.path, state=state)
        assert told
        assert {user["state"] for user in told} == {state}
        assert not active & {user["id"] for user in told}
    assert len(entities(asker, USER_LIST.path, state="any")) == len(active) + 2
    refused = get(asker, USER_LIST.path, state="away")
    assert "Allowable values are: active, inactive, deleted, any" in refused.json()["message"]


def test_queues_and_flows_are_those_of_the_conversations(asker: Asker, org: SimulatedOrg) -> None:
    sessions = [
        session
        for conversation in org.truth_conversations()
        for participant in conversation["participants"]
        for session in participant["sessions"]
    ]
    queues = {queue["id"] for queue in entities(asker, QUEUE_LIST.path)}
    met = {segment["queueId"] for session in sessions for segment in session["segments"] if "queueId" in segment}
    assert met
    assert met <= queues
    flows = {(flow["id"], flow["type"]) for flow in entities(asker, FLOW_LIST.path)}
    run = {(session["flow"]["flowId"], session["flow"]["flowType"]) for session in sessions if "flow" in session}
    assert run
    assert run <= flows


def test_flows_can_be_asked_for_by_type(asker: Asker) -> None:
    assert {flow["type"] for flow in entities(asker, FLOW_LIST.path, type="bot,digitalbot")} == {"BOT", "DIGITALBOT"}
    assert entities(asker, FLOW_LIST.path, type=["bot", "DIGITALBOT"]) == entities(
        asker, FLOW_LIST.path, type="digitalbot,bot"
    )
    assert entities(asker, FLOW_LIST.path, type="surveyinvite") == []
