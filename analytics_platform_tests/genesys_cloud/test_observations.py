"""Asking what is going on now: about everybody listed, in batches, and about nobody else."""

import json
from typing import Any

import pytest

from analytics_platform.catalogue.names import UnknownName
from analytics_platform.catalogue.observations import OBSERVATIONS, ObservationFamily, observation_family
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.observations import observe
from analytics_platform.source.errors import MissingPermission
from analytics_platform_tests.genesys_cloud.scripted import Reply, Scripted

QUEUES = observation_family("queues")


def _list(server: Scripted, family: ObservationFamily, ids: list[str]) -> None:
    """The org lists `ids`, a hundred a page, and answers any query with nothing."""
    pages = [ids[first : first + 100] for first in range(0, len(ids), 100)] or [[]]
    told: list[dict[str, Any]] = [
        {"entities": [{"id": one} for one in page], "pageCount": len(pages)} for page in pages
    ]
    server.on("GET", family.listing.path, *(Reply(json=page) for page in told))
    server.on("POST", family.operation.path, Reply(json={"results": []}))


@pytest.mark.parametrize("family", OBSERVATIONS, ids=lambda family: str(family.name))
def test_everybody_listed_is_asked_about_once_with_all_metrics(
    server: Scripted, client: GenesysCloud, family: ObservationFamily
) -> None:
    ids = [f"id-{number:03d}" for number in range(230)]
    _list(server, family, ids)
    bodies = [json.loads(answer.request)["body"] for answer in observe(client, family)]
    assert [[one["value"] for one in body["filter"]["predicates"]] for body in bodies] == [
        ids[:100],
        ids[100:200],
        ids[200:],
    ]
    for body in bodies:
        assert body["metrics"] == list(family.metrics) and body["filter"]["type"] == "or"
        assert {one["dimension"] for one in body["filter"]["predicates"]} == {family.dimension}


def test_only_active_users_are_asked_about(server: Scripted, client: GenesysCloud) -> None:
    users = observation_family("users")
    _list(server, users, ["a"])
    list(observe(client, users))
    assert [asked.query["state"] for asked in server.requests(users.listing.path)] == ["active"]


def test_an_org_without_queues_is_asked_nothing(server: Scripted, client: GenesysCloud) -> None:
    _list(server, QUEUES, [])
    assert list(observe(client, QUEUES)) == [] and server.requests(QUEUES.operation.path) == []


def test_chosen_metrics_are_asked_for_in_their_order(server: Scripted, client: GenesysCloud) -> None:
    _list(server, QUEUES, ["q"])
    (answer,) = observe(client, QUEUES, ["oWaiting", "oAlerting"])
    assert json.loads(answer.request)["body"]["metrics"] == ["oWaiting", "oAlerting"]


def test_an_unknown_metric_is_refused_before_any_request(server: Scripted, client: GenesysCloud) -> None:
    with pytest.raises(UnknownName, match=r"no metric of queues observations 'oWating'; nearest are oWaiting"):
        list(observe(client, QUEUES, ["oWating"]))
    assert server.requests(QUEUES.listing.path) == []


def test_a_permission_that_is_missing_is_named(server: Scripted, client: GenesysCloud) -> None:
    server.on("GET", QUEUES.listing.path, Reply(json={"entities": [{"id": "q"}]}))
    refusal = {"status": 403, "code": "missing.permissions", "message": "nothing said"}
    server.on("POST", QUEUES.operation.path, Reply(status=403, json=refusal))
    with pytest.raises(MissingPermission, match="analytics:queueObservation:view"):
        list(observe(client, QUEUES))
