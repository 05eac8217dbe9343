"""Each of the 45 operations of the vendor's overview, called through the client, its answer held against the world.

What an answer must be in full is proven where the simulated org is tested; here stands that the client reaches every
operation and is told what happened.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from analytics_platform.catalogue.models import model
from analytics_platform.catalogue.operations import LISTED, Operation
from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.client import Answer, GenesysCloud
from analytics_platform.genesys_cloud.hosts import Hosts
from analytics_platform_tests.questions import DAY, Question, Subject, question
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.asking import Asker, asking
from analytics_platform_tests.simulator.counting import counted, emitted, laid, within
from analytics_platform_tests.simulator.telling import sessions_of

NEXT = "2026-03-04"
Check = Callable[["World", Question, Answer], None]


class World(Subject):
    """What happened in the org, and a client to ask again with."""

    def __init__(self, org: SimulatedOrg, asker: Asker, client: GenesysCloud) -> None:
        super().__init__(org, asker)
        self.client = client

    def everything(self) -> list[dict[str, Any]]:
        """Every conversation there ever was."""
        return self.org.truth_conversations("2025-12-01", NEXT)

    def alive(self) -> set[str]:
        """The conversations that lived on the day."""
        return {
            told["conversationId"]
            for told in self.everything()
            if told["conversationStart"] < f"{NEXT}T" and told.get("conversationEnd", "9999") >= f"{DAY}T"
        }

    def statuses(self) -> list[dict[str, Any]]:
        """The statuses that began on the day."""
        return self.org.truth_statuses(DAY, DAY)

    def judged(self, kind: str) -> list[dict[str, Any]]:
        """The evaluations or surveys of the day."""
        return [
            judged
            for told in self.everything()
            for judged in told.get(kind, [])
            if DAY <= judged["eventTime"][:10] < NEXT
        ]


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


def _totals(answer: Answer) -> Counter[str]:
    """The count of each metric over all groups and buckets."""
    totals: Counter[str] = Counter()
    for result in answer.value["results"]:
        for data in result["data"]:
            for metric in data["metrics"]:
                totals[metric["metric"]] += metric["stats"].get("count", 0)
    return totals


def _conversation_aggregates(world: World, asked: Question, answer: Answer) -> None:
    told = within(emitted(world.everything()), f"{DAY}T00:00:00Z", f"{NEXT}T00:00:00Z")
    expected = counted(told, [], lambda _: "")
    totals = _totals(answer)
    for (_, _, metric), stats in expected.items():
        if metric in model("ConversationAggregationQuery").fields["metrics"].known_values and metric.startswith("n"):
            assert totals[metric] >= stats["count"] > 0  # a session of two queues counts in both
    assert totals["tHandle"] >= 100


def _flow_aggregates(world: World, asked: Question, answer: Answer) -> None:
    flows = {
        session["flow"]["flowId"]
        for told in world.everything()
        for _, session in sessions_of(told)
        if "flow" in session
    }
    assert {result["group"]["flowId"] for result in answer.value["results"]} <= flows
    assert _totals(answer)["nFlow"] > 100


def _evaluation_aggregates(world: World, asked: Question, answer: Answer) -> None:
    assert _totals(answer)["nEvaluations"] == len(world.judged("evaluations")) > 0


def _survey_aggregates(world: World, asked: Question, answer: Answer) -> None:
    surveys = world.judged("surveys")
    assert surveys
    groups = {result["group"]["surveyFormId"] for result in answer.value["results"]}
    assert groups == {survey["surveyFormId"] for survey in surveys}


def _user_aggregates(world: World, asked: Question, answer: Answer) -> None:
    """Presences fill every hour of every user to the millisecond."""
    for result in answer.value["results"]:
        held = [
            metric["stats"]["sum"]
            for data in result["data"]
            for metric in data["metrics"]
            if metric["metric"] == "tSystemPresence"
        ]
        assert sum(held) == 24 * 3_600_000
    assert {result["group"]["userId"] for result in answer.value["results"]} <= set(world.ids("users", state="any"))


def _in_groups(*dimensions: str) -> Check:
    """Something was counted, in groups of these dimensions, on the day."""

    def check(world: World, asked: Question, answer: Answer) -> None:
        assert laid(answer.value)
        assert {name for result in answer.value["results"] for name in result["group"]} == set(dimensions)
        intervals = {data["interval"] for result in answer.value["results"] for data in result["data"]}
        assert all(interval.startswith(DAY) for interval in intervals)

    return check


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


def _queue_observations(world: World, asked: Question, answer: Answer) -> None:
    open_now = {
        (segment["queueId"], session["mediaType"])
        for told in world.everything()
        for participant, session in sessions_of(told)
        for segment in session["segments"]
        if participant["purpose"] == "agent"
        and segment["segmentType"] in ("interact", "hold")
        and "segmentEnd" not in segment
        and "queueId" in segment
    }
    interacting = {
        (result["group"]["queueId"], result["group"]["mediaType"])
        for result in answer.value["results"]
        for datum in result["data"]
        if datum["metric"] == "oInteracting" and datum["stats"]["count"]
    }
    assert interacting == open_now != set()


def _of_all(listing: str, dimension: str) -> Check:
    """Groups are of what the org lists."""

    def check(world: World, asked: Question, answer: Answer) -> None:
        groups = {result["group"][dimension] for result in answer.value["results"]}
        assert groups and groups <= set(world.ids(listing))

    return check


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
    "bots.aggregates": _in_groups("botId", "botResult", "mediaType"),
    "conversations.aggregates": _conversation_aggregates,
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
    "evaluations.aggregates": _evaluation_aggregates,
    "flows.aggregates": _flow_aggregates,
    "flows.observations": _of_all("flows", "flowId"),
    "journeys.aggregates": _in_groups("journeyActionMapId", "journeySessionType"),
    "queues.observations": _queue_observations,
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
    "surveys.aggregates": _survey_aggregates,
    "transcripts.aggregates": _in_groups("queueId", "userId", "mediaType"),
    "users.aggregates": _user_aggregates,
    "users.submit": _submitted,
    "users.availability": _availability,
    "users.cancel": _gone,
    "users.status": _fulfilled,
    "users.results": _user_results,
    "users.query": _user_results,
    "users.observations": _of_all("users", "userId"),
}
