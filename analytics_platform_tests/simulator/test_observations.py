"""Observations, told again from the truth at the same instant: conversations open then, statuses that last then."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from analytics_platform.catalogue.observations import OBSERVATIONS
from analytics_platform.simulator.world.instants import parse
from analytics_platform_tests.simulated_org import OrgOptions, SimulatedOrg
from analytics_platform_tests.simulator.asking import Asker, asking
from analytics_platform_tests.simulator.telling import sessions_of

SAMPLES = Path(__file__).parents[3] / "shared/samples"
INSTANTS = ("2026-03-02T08:30:00Z", "2026-03-03T11:18:00Z", "2026-03-04T14:47:00Z", "2026-03-05T09:00:00Z")
ALL: dict[str, Any] = {"type": "and", "predicates": []}
StartOrg = Callable[..., SimulatedOrg]
Counts = dict[tuple[tuple[str, str], ...], dict[tuple[str, str | None], int]]


def ask(asker: Asker, family: str, filter: dict[str, Any] = ALL, **body: Any) -> httpx.Response:
    metrics = {known.name: known.metrics for known in OBSERVATIONS}[family]
    return asker.http.post(f"/{family}/observations/query", json={"filter": filter, "metrics": metrics, **body})


def answer(asker: Asker, family: str, filter: dict[str, Any] = ALL, **body: Any) -> dict[str, Any]:
    response = ask(asker, family, filter, **body)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


def one_of(dimension: str, *values: str) -> dict[str, Any]:
    return {"type": "or", "predicates": [{"dimension": dimension, "value": value} for value in values]}


def counts(told: dict[str, Any]) -> Counts:
    """Every count that is not zero, by group and by metric and qualifier."""
    found: Counts = {}
    for result in told["results"]:
        held = {
            (datum["metric"], datum.get("qualifier")): datum["stats"]["count"]
            for datum in result["data"]
            if datum["stats"].get("count")
        }
        if held:
            found[tuple(sorted(result["group"].items()))] = held
    return found


@pytest.fixture(scope="module")
def busy() -> Iterator[SimulatedOrg]:
    """A busy org whose truth is told up to its clock."""
    with SimulatedOrg(conversations_per_day=1500, agents=30, days=4, lag_hours=0) as running:
        yield running


@pytest.fixture(params=INSTANTS)
def instant(request: pytest.FixtureRequest, busy: SimulatedOrg) -> str:
    busy.set_now(request.param)
    return str(request.param)


@pytest.fixture
def busy_asker(busy: SimulatedOrg) -> Iterator[Asker]:
    with asking(busy) as client:
        yield client


def open_sessions(org: SimulatedOrg) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Participant, session and open segment of every session that goes on."""
    for conversation in org.truth_conversations():
        for participant, session in sessions_of(conversation):
            for segment in session["segments"]:
                if "segmentEnd" not in segment:
                    yield participant, session, segment


INTERACTION = {
    ("acd", "delay"): "oWaiting",
    ("acd", "interact"): "oWaiting",
    ("agent", "alert"): "oAlerting",
    ("agent", "interact"): "oInteracting",
    ("agent", "hold"): "oInteracting",
}


def test_queues_hold_the_interactions_open_at_the_instant(busy: SimulatedOrg, busy_asker: Asker, instant: str) -> None:
    expected: dict[Any, Counter[Any]] = defaultdict(Counter)
    for participant, session, segment in open_sessions(busy):
        metric = INTERACTION.get((participant["purpose"], segment["segmentType"]))
        if metric and "queueId" in segment:
            group = (("mediaType", session["mediaType"]), ("queueId", segment["queueId"]))
            expected[group][metric, None] += 1
    told = answer(busy_asker, "queues", metrics=["oWaiting", "oAlerting", "oInteracting"])
    assert counts(told) == {group: dict(held) for group, held in expected.items()}
    seen = {metric for held in expected.values() for metric, _ in held}
    assert {"oWaiting", "oInteracting"} <= seen
    assert "oAlerting" in seen or instant != INSTANTS[1]


def test_flows_hold_the_sessions_inside_them_at_the_instant(
    busy: SimulatedOrg, busy_asker: Asker, instant: str
) -> None:
    expected: dict[Any, Counter[Any]] = defaultdict(Counter)
    for _, session, _ in open_sessions(busy):
        if "flow" in session:
            group = (("flowId", session["flow"]["flowId"]), ("mediaType", session["mediaType"]))
            expected[group]["oFlow", None] += 1
    assert expected
    assert counts(answer(busy_asker, "flows")) == {group: dict(held) for group, held in expected.items()}


def current_statuses(org: SimulatedOrg) -> dict[str, dict[str, dict[str, Any]]]:
    """The status each user has, by family; of those that began together the last told."""
    held: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for line in org.truth_statuses():
        if "endTime" not in line["status"]:
            held[line["family"]][line["userId"]] = line["status"]
    return held


def members(asker: Asker, org: SimulatedOrg, metric: str) -> dict[str, set[str]]:
    """The users of each queue by a detail metric."""
    told = answer(asker, "queues", metrics=[metric], detailMetrics=[metric])
    return {
        result["group"]["queueId"]: {value["userId"] for datum in result["data"] for value in datum["observations"]}
        for result in told["results"]
    }


def test_queues_count_their_people_by_status(busy: SimulatedOrg, busy_asker: Asker, instant: str) -> None:
    statuses = current_statuses(busy)
    joined = members(busy_asker, busy, "oActiveUsers")
    belonging = members(busy_asker, busy, "oMemberUsers")
    told = answer(busy_asker, "queues")
    found = {key[0][1]: held for key, held in counts(told).items() if len(key) == 1}
    assert len(found) == 12
    for queue, users in joined.items():
        routing = {user: statuses["routingStatus"].get(user, {}).get("routingStatus", "OFF_QUEUE") for user in users}
        presence = {user: statuses["primaryPresence"][user]["organizationPresenceId"] for user in users}
        expected: Counter[tuple[str, str | None]] = Counter()
        expected["oMemberUsers", None] = len(belonging[queue])
        expected["oActiveUsers", None] = len(users)
        for user in users:
            off = routing[user] == "OFF_QUEUE"
            expected["oUserRoutingStatuses", routing[user]] += 1
            expected["oUserPresences", presence[user]] += 1
            expected["oOffQueueUsers" if off else "oOnQueueUsers", presence[user] if off else routing[user]] += 1
        assert found[queue] == dict(expected)
    system = {
        status["systemPresence"]: [status["organizationPresenceId"]]
        for user, status in statuses["primaryPresence"].items()
        if any(user in users for users in joined.values())
    }
    assert told["systemToOrganizationMappings"] == system


def test_users_count_the_queues_they_belong_to(busy: SimulatedOrg, busy_asker: Asker) -> None:
    told = {
        result["group"]["userId"]: {datum["metric"]: datum["stats"]["count"] for datum in result["data"]}
        for result in answer(busy_asker, "users")["results"]
    }
    for metric, of_queue in (("oActiveQueues", "oActiveUsers"), ("oMemberQueues", "oMemberUsers")):
        held = Counter(user for users in members(busy_asker, busy, of_queue).values() for user in users)
        assert {user: held[user] for user in told} == {user: each[metric] for user, each in told.items()}
    assert any(each["oActiveQueues"] < each["oMemberQueues"] for each in told.values())


def test_details_name_each_thing_counted_and_the_longest_is_the_first(busy: SimulatedOrg, busy_asker: Asker) -> None:
    busy.set_now(INSTANTS[1])
    details = ["oWaiting", "oInteracting", "oUserRoutingStatuses", "oUserPresences", "oOffQueueUsers", "oOnQueueUsers"]
    conversations = {record["conversationId"]: record for record in busy.truth_conversations()}
    told = answer(busy_asker, "queues", detailMetrics=details)
    told["results"] += answer(busy_asker, "flows", detailMetrics=["oFlow"])["results"]
    named = 0
    for result in told["results"]:
        data = {(datum["metric"], datum.get("qualifier")): datum for datum in result["data"]}
        for (metric, _), datum in data.items():
            if "observations" not in datum:
                assert metric not in {*details, "oFlow"}
                continue
            dates = [parse(value["observationDate"]) for value in datum["observations"]]
            assert dates == sorted(dates)
            assert datum["truncated"] is False
            assert len(dates) == datum["stats"]["count"]
            for value in datum["observations"]:
                if "conversationId" in value:
                    named += 1
                    sessions = {
                        session["sessionId"]: session
                        for _, session in sessions_of(conversations[value["conversationId"]])
                    }
                    assert sessions[value["sessionId"]]["mediaType"] == result["group"]["mediaType"]
            longest = data.get((metric.replace("o", "oLongest", 1), None))
            if longest is not None:
                assert longest["stats"] == {"calculatedMetricValue": dates[0]}
    assert named > 50
    assert any(datum["metric"] == "oLongestWaiting" for result in told["results"] for datum in result["data"])


def test_a_long_list_keeps_its_oldest_and_its_newest(start_org: StartOrg) -> None:
    org = start_org(conversations_per_day=1, agents=12, now=INSTANTS[1], assume=["max_observations=3"])
    with asking(org) as asker:
        told = answer(asker, "queues", metrics=["oActiveUsers", "oMemberUsers"], detailMetrics=["oMemberUsers"])
        data = [datum for result in told["results"] for datum in result["data"]]
        long = [datum for datum in data if datum["metric"] == "oMemberUsers" and datum["stats"]["count"] > 3]
        assert long
        assert all(datum["truncated"] and len(datum["observations"]) == 3 for datum in long)
        assert all("observations" not in datum for datum in data if datum["metric"] == "oActiveUsers")


def test_what_is_assumed_of_waiting_can_be_assumed_otherwise(start_org: StartOrg) -> None:
    assume = ["longest_is_instant=false", "alerting_waits=false", "max_observations=5000"]
    org = start_org(conversations_per_day=1500, agents=30, days=4, lag_hours=0, now=INSTANTS[1], assume=assume)
    alerted = 0
    with asking(org) as asker:
        for result in answer(asker, "queues", detailMetrics=["oWaiting", "oAlerting", "oInteracting"])["results"]:
            data = {datum["metric"]: datum for datum in result["data"] if "qualifier" not in datum}
            if "oWaiting" in data:
                rung, waiting = (
                    {value["conversationId"] for value in data[metric]["observations"]}
                    for metric in ("oAlerting", "oWaiting")
                )
                alerted += len(rung)
                assert not rung & waiting
            if "oLongestInteracting" in data:
                since = data["oInteracting"]["observations"][0]["observationDate"]
                assert data["oLongestInteracting"]["stats"]["calculatedMetricValue"] == parse(INSTANTS[1]) - parse(
                    since
                )
    assert alerted


def test_an_observation_is_true_at_one_instant_and_the_same_again(start_org: StartOrg) -> None:
    told = []
    for _ in range(2):
        with asking(start_org(conversations_per_day=300, now=INSTANTS[0])) as asker:
            told.append([ask(asker, family.name).content for family in OBSERVATIONS])
            told[-1] += [ask(asker, family.name).content for family in OBSERVATIONS]
    assert told[0] == told[1]
    assert told[0][:3] == told[0][3:]


def test_an_org_at_rest_still_has_its_groups_with_zero_counts(start_org: StartOrg) -> None:
    with asking(start_org(conversations_per_day=0, days=1, now="2026-06-01T00:00:00Z")) as asker:
        told = answer(asker, "queues")
        assert len(told["results"]) == 12 * 7
        assert {key for key in counts(told) if len(key) == 2} == set()
        assert answer(asker, "flows") == {"results": []}


def test_a_filter_narrows_queues_and_media(asker: Asker, org: SimulatedOrg) -> None:
    every = answer(asker, "queues")["results"]
    queues = sorted({result["group"]["queueId"] for result in every})
    two = one_of("queueId", *queues[:2])
    told = answer(asker, "queues", two)["results"]
    assert told == [result for result in every if result["group"]["queueId"] in queues[:2]]
    voice = {"type": "and", "clauses": [two, one_of("mediaType", "voice")]}
    told = answer(asker, "queues", voice)["results"]
    assert [result["group"] for result in told] == [
        {"queueId": queue, "mediaType": "voice"} for queue in (result["group"]["queueId"] for result in told)
    ]
    assert len(told) == 2
    people = {"type": "and", "predicates": [{"dimension": "mediaType", "operator": "notExists"}]}
    assert all("mediaType" not in result["group"] for result in answer(asker, "queues", people)["results"])
    assert answer(asker, "queues", one_of("queueId", "nobody"))["results"] == []
    users = [result["group"]["userId"] for result in answer(asker, "users")["results"]]
    some = answer(asker, "users", one_of("userId", *users[3:5]))["results"]
    assert [result["group"]["userId"] for result in some] == users[3:5]


def test_only_the_metrics_asked_for_are_told(asker: Asker, org: SimulatedOrg) -> None:
    told = answer(asker, "queues", metrics=["oAlerting"])
    assert {datum["metric"] for result in told["results"] for datum in result["data"]} == {"oAlerting"}
    assert all(set(result["group"]) == {"queueId", "mediaType"} for result in told["results"])


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"metrics": ["oWaiting"]}, "constraint.validation", "filter may not be null"),
        ({"filter": ALL}, "constraint.validation", "metrics may not be null"),
        ({"filter": ALL, "metrics": []}, "constraint.validation", "metrics may not be empty"),
        ({"filter": ALL, "metrics": ["tTalk"]}, "invalid.value", "Value [tTalk] is not valid"),
        ({"filter": ALL, "metrics": ["oWaiting"], "interval": "x"}, "bad.request", 'Unrecognized field "interval"'),
        (
            {"filter": one_of("userId", "x"), "metrics": ["oWaiting"]},
            "invalid.value",
            "Value [userId] is not valid for field type [Dimension]. Allowable values are: mediaType, queueId",
        ),
        (
            {"filter": {"type": "or", "predicates": [{"dimension": "queueId"}]}, "metrics": ["oWaiting"]},
            "bad.request",
            "must have a value",
        ),
        (
            {"filter": {"type": "or", "predicates": [{"value": "x"}]}, "metrics": ["oWaiting"]},
            "bad.request",
            "must name its dimension",
        ),
    ],
)
def test_a_query_the_vendor_would_refuse_is_refused(asker: Asker, body: dict[str, Any], code: str, words: str) -> None:
    refused = asker.http.post("/queues/observations/query", json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert words in refused.json()["message"]


def test_a_filter_of_no_type_is_refused_in_the_real_words(asker: Asker) -> None:
    sample = SAMPLES / "error_400_queue_observations.json"
    refused = ask(asker, "queues", {"type": "", "predicates": []}).json()
    words = "Value [] is not valid for field type [QueryFilterType]. Allowable values are: and, or"
    assert refused["message"] == words
    if not sample.exists():
        pytest.skip(f"the real refusal is not part of the project: no {sample.name}")
    real = json.loads(sample.read_text())
    del refused["contextId"], real["contextId"]
    assert refused == real


def test_the_answer_has_the_shape_of_a_real_one(asker: Asker, org: SimulatedOrg) -> None:
    sample = SAMPLES / "queue_observations_query_2025.json"
    if not sample.exists():
        pytest.skip(f"the real answer is not part of the project: no {sample.name}")
    real = json.loads(sample.read_text())
    org.set_now(INSTANTS[1])
    asked = sorted({datum["metric"] for result in real["results"] for datum in result["data"]})
    told = answer(asker, "queues", metrics=asked)
    one = [result for result in told["results"] if result["group"]["queueId"] == told["results"][0]["group"]["queueId"]]

    def shape(results: list[dict[str, Any]]) -> list[Any]:
        return [
            (
                set(result["group"]),
                result["group"].get("mediaType"),
                {(datum["metric"], "qualifier" in datum, *datum["stats"]) for datum in result["data"]},
            )
            for result in results
        ]

    assert shape(one) == shape(real["results"])
    assert list(told) == list(real)
    org.set_now(OrgOptions.now)
