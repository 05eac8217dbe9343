"""Each of the 45 operations of the vendor's overview, called through the client, its answer held against the world.

What an answer must be in full is proven where the simulated org is tested; here stands that the client reaches every
operation and is told what happened.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from analytics_platform.catalogue.models import model
from analytics_platform.catalogue.operations import LISTED, Operation
from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.client import Answer, GenesysCloud
from analytics_platform.genesys_cloud.hosts import Hosts
from analytics_platform_tests.genesys_cloud.statistics_held import (
    Check,
    World,
    conversation_aggregates,
    evaluation_aggregates,
    flow_aggregates,
    in_groups,
    of_all,
    queue_observations,
    survey_aggregates,
    user_aggregates,
)
from analytics_platform_tests.questions import DAY, Question, question
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.asking import asking


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A busy org in the middle of its third day, whose truth is told up to its clock."""
    with (
        SimulatedOrg(conversations_per_day=300, agents=20, lag_hours=0, now="2026-03-04T14:47:00Z") as org,
        asking(org) as asker,
        GenesysCloud(
            Hosts.of(api_url=org.url), org.client_id, SecretStr(org.client_secret), RequestBudget.unlimited()
        ) as client,
    ):
        yield World(org, asker, client)


@pytest.mark.parametrize("operation", LISTED, ids=lambda operation: f"{operation.listed}-{operation.name}")
def test_the_answer_is_what_happened_in_the_world(world: World, operation: Operation) -> None:
    asked = question(operation.name, world)
    answer = world.client.call(operation, path=asked.path, query=asked.query, body=asked.body, repeatable=False)
    CHECKS[operation.name](world, asked, answer)
    if operation.gives in ("list[string]", None):
        return
    assert set(answer.value) <= set(model(str(operation.gives)).fields)


def _availability(world: World, asked: Question, answer: Answer) -> None:
    assert answer.value["dataAvailabilityDate"] == "2026-03-04T14:47:00Z"


def _submitted(world: World, asked: Question, answer: Answer) -> None:
    assert answer.status == 202
    submits = world.org.requests()["submits"]
    assert (answer.value["jobId"], asked.body) in [(told["jobId"], told["body"]) for told in submits]


def _fulfilled(world: World, asked: Question, answer: Answer) -> None:
    assert answer.value["state"] == "FULFILLED"


def _gone(world: World, asked: Question, answer: Answer) -> None:
    assert answer.value is None


def _conversation_results(world: World, asked: Question, answer: Answer) -> None:
    told = {record["conversationId"] for record in answer.value["conversations"]}
    assert len(told) == 100
    assert told <= world.alive()


def _user_results(world: World, asked: Question, answer: Answer) -> None:
    told = {
        (user["userId"], status["startTime"])
        for user in answer.value["userDetails"]
        for family in ("primaryPresence", "routingStatus")
        for status in user.get(family, [])
    }
    assert {(line["userId"], line["status"]["startTime"]) for line in world.statuses()} <= told


def _without_attributes(told: dict[str, Any]) -> dict[str, Any]:
    participants = [
        {name: value for name, value in participant.items() if name != "attributes"}
        for participant in told["participants"]
    ]
    return {**told, "participants": participants}


def _some_conversations(world: World, asked: Question, answer: Answer) -> None:
    truth = {told["conversationId"]: _without_attributes(told) for told in world.everything()}
    assert answer.value["conversations"]
    assert all(told == truth[told["conversationId"]] for told in answer.value["conversations"])


def _conversation_query(world: World, asked: Question, answer: Answer) -> None:
    _some_conversations(world, asked, answer)
    assert answer.value["totalHits"] == len(world.conversations)
    first = [told["conversationId"] for told in world.conversations[:100]]
    assert [told["conversationId"] for told in answer.value["conversations"]] == first


def _conversation(world: World, asked: Question, answer: Answer) -> None:
    assert answer.value == _without_attributes(world.conversation)


def _indexed(world: World, asked: Question, answer: Answer) -> None:
    assert answer.status == 202
    assert answer.value == asked.body
    again = world.get(f"/api/v2/analytics/conversations/{asked.path['conversationId']}/details")
    assert "4711" in json.dumps(again)


def _listed(world: World, asked: Question, answer: Answer) -> None:
    assert answer.value["entities"]
    assert answer.value["total"] >= len(answer.value["entities"])


def _exports(world: World, asked: Question, answer: Answer) -> None:
    assert answer.value["entities"][0]["name"] == "Queues of a day"


def _export(world: World, asked: Question, answer: Answer) -> None:
    assert asked.body is not None
    assert answer.value["status"] in ("SUBMITTED", "RUNNING")
    assert {name: answer.value[name] for name in asked.body} == asked.body


def _texts(world: World, asked: Question, answer: Answer) -> None:
    assert answer.value and all(isinstance(each, str) for each in answer.value)


def _is(name: str, key: str = "id") -> Check:
    """The answer is of what was asked about."""

    def check(world: World, asked: Question, answer: Answer) -> None:
        assert answer.value[key] == asked.path[name]

    return check


def _as_sent(world: World, asked: Question, answer: Answer) -> None:
    assert asked.body is not None
    assert {name: answer.value[name] for name in asked.body} == asked.body


def _kept(world: World, asked: Question, answer: Answer) -> None:
    """What was sent is what the org tells from then on."""
    _as_sent(world, asked, answer)
    told = world.get(f"/api/v2/analytics/reporting/schedules/{answer.value['id']}")
    assert told["quartzCronExpression"] == (asked.body or {})["quartzCronExpression"]


def _deleted(world: World, asked: Question, answer: Answer) -> None:
    listing = world.get("/api/v2/analytics/reporting/schedules", pageSize=100)
    assert asked.path["scheduleId"] not in {entity["id"] for entity in listing["entities"]}


def _runs(world: World, asked: Question, answer: Answer) -> None:
    _listed(world, asked, answer)
    assert all(run["runTime"] < "2026-03-04T14:47" for run in answer.value["entities"])


def _latest(world: World, asked: Question, answer: Answer) -> None:
    history = world.get(f"/api/v2/analytics/reporting/schedules/{world.schedule}/history", pageSize=100)
    assert answer.value["runTime"] == max(run["runTime"] for run in history["entities"])


def _running(world: World, asked: Question, answer: Answer) -> None:
    assert answer.status == 202
    assert answer.value["id"]


def _turns(world: World, asked: Question, answer: Answer) -> None:
    conversations = {told["conversationId"] for told in world.everything()}
    assert answer.value["entities"]
    for turn in answer.value["entities"]:
        assert turn["conversation"]["id"] in conversations
        assert turn["dateCreated"].startswith(DAY)


CHECKS: dict[str, Check] = {
    "bots.turns": _turns,
    "bots.aggregates": in_groups("botId", "botResult", "mediaType"),
    "conversations.aggregates": conversation_aggregates,
    "conversations.by_ids": _some_conversations,
    "conversations.submit": _submitted,
    "conversations.availability": _availability,
    "conversations.cancel": _gone,
    "conversations.status": _fulfilled,
    "conversations.results": _conversation_results,
    "conversations.query": _conversation_query,
    "conversations.transcripts": _some_conversations,
    "conversations.by_id": _conversation,
    "conversations.properties": _indexed,
    "evaluations.aggregates": evaluation_aggregates,
    "flows.aggregates": flow_aggregates,
    "flows.observations": of_all("flows", "flowId"),
    "journeys.aggregates": in_groups("journeyActionMapId", "journeySessionType"),
    "queues.observations": queue_observations,
    "exports.list": _exports,
    "exports.request": _export,
    "exports.metadata": _listed,
    "reports.list": _listed,
    "reports.formats": _texts,
    "schedules.list": _listed,
    "schedules.create": _kept,
    "schedules.delete": _deleted,
    "schedules.read": _is("scheduleId"),
    "schedules.update": _kept,
    "schedules.history": _runs,
    "schedules.latest": _latest,
    "schedules.run": _is("runId"),
    "schedules.run_now": _running,
    "settings.change": _as_sent,
    "reports.time_periods": _texts,
    "reports.read": _is("reportId"),
    "surveys.aggregates": survey_aggregates,
    "transcripts.aggregates": in_groups("queueId", "userId", "mediaType"),
    "users.aggregates": user_aggregates,
    "users.submit": _submitted,
    "users.availability": _availability,
    "users.cancel": _gone,
    "users.status": _fulfilled,
    "users.results": _user_results,
    "users.query": _user_results,
    "users.observations": of_all("users", "userId"),
}
