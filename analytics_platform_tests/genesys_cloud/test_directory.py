"""Lists of entities: page by page, each entity once."""

from collections.abc import Callable

import pytest
from pydantic import SecretStr

from analytics_platform.catalogue.operations.observations import FLOW_LIST, QUEUE_LIST, USER_LIST
from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.directory import listed, listed_ids
from analytics_platform.genesys_cloud.hosts import Hosts
from analytics_platform.source.errors import UnexpectedAnswer
from analytics_platform_tests.genesys_cloud.scripted import Reply, Scripted
from analytics_platform_tests.simulated_org import SimulatedOrg


def _entered(org: SimulatedOrg) -> GenesysCloud:
    return GenesysCloud(Hosts.of(api_url=org.url), "demo", SecretStr("demo"), RequestBudget.unlimited())


def test_the_users_of_every_state_are_listed_over_all_pages(start_org: Callable[..., SimulatedOrg]) -> None:
    org = start_org(agents=230)
    with _entered(org) as client:
        people = list(listed(client, USER_LIST, state="any"))
        ids = listed_ids(client, USER_LIST)
        active = listed_ids(client, USER_LIST, state="active")

    assert ids == sorted(user["id"] for user in people)
    assert {user["state"] for user in people} == {"active", "inactive", "deleted"}
    assert len(ids) > 230 and set(active) < set(ids)
    states = {status["userId"] for status in org.truth_statuses("2026-03-02", "2026-03-04")}
    assert states <= set(ids)


def test_queues_and_flows_are_listed_with_their_names(org: SimulatedOrg) -> None:
    with _entered(org) as client:
        queues, flows = list(listed(client, QUEUE_LIST)), list(listed(client, FLOW_LIST))
    assert queues and all(queue["name"] and queue["id"] for queue in queues)
    assert flows and all(flow["name"] and flow["id"] for flow in flows)
    assert org.requests()["counts"]["GET /api/v2/routing/queues"] == {"200": 1}


def test_an_entity_that_moves_to_the_next_page_is_given_once(server: Scripted, client: GenesysCloud) -> None:
    first = {"entities": [{"id": "a"}, {"id": "b"}], "pageNumber": 1, "nextUri": "/api/v2/users?pageNumber=2"}
    second = {"entities": [{"id": "b"}, {"id": "c"}], "pageNumber": 2}
    server.on("GET", USER_LIST.path, Reply(json=first), Reply(json=second))
    assert listed_ids(client, USER_LIST) == ["a", "b", "c"]
    assert [asked.query for asked in server.requests(USER_LIST.path)] == [
        {"pageSize": "100", "pageNumber": "1", "state": "any"},
        {"pageSize": "100", "pageNumber": "2", "state": "any"},
    ]


def test_pages_end_where_one_is_empty_whatever_its_links_say(server: Scripted, client: GenesysCloud) -> None:
    endless = {"entities": [], "pageCount": 9, "nextUri": "/api/v2/users?pageNumber=2"}
    server.on("GET", USER_LIST.path, Reply(json=endless))
    assert listed_ids(client, USER_LIST) == []
    assert len(server.requests(USER_LIST.path)) == 1


@pytest.mark.parametrize("odd", [{}, [], {"entities": {}}], ids=str)
def test_a_page_without_entities_is_said_to_be_one(server: Scripted, client: GenesysCloud, odd: object) -> None:
    server.on("GET", USER_LIST.path, Reply(json=odd))
    with pytest.raises(UnexpectedAnswer, match="Page 1 of /api/v2/users came without entities"):
        listed_ids(client, USER_LIST)
