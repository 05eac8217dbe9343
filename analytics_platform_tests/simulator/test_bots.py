"""Reporting turns of bot flows: every bot session of the world's conversations, turn by turn."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from analytics_platform.catalogue.aggregates import aggregate_family
from analytics_platform.catalogue.models import model
from analytics_platform.catalogue.operations.bots import BOT_DIVISION_TURNS, BOT_TURNS, BOTS
from analytics_platform.simulator.api.statistics.bots import facts_of_session
from analytics_platform.simulator.world.bot_sessions import BotSessions
from analytics_platform.simulator.world.bot_turns import turns_of
from analytics_platform.simulator.world.edition import Edition
from analytics_platform.simulator.world.instants import DAY, parse
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.asking import DAYS, Asker, asking, day
from analytics_platform_tests.simulator.counting import laid
from analytics_platform_tests.simulator.telling import sessions_of, small_world

Turn = dict[str, Any]
WHOLE = "2026-02-25T00:00:00Z/2026-03-07T00:00:00Z"
"""The days of which turns are kept at the end of them."""
StartOrg = Callable[..., SimulatedOrg]


@pytest.fixture(scope="module")
def told_org() -> Iterator[SimulatedOrg]:
    """An org whose truth is told up to its clock, with some hundred bot sessions."""
    with SimulatedOrg(conversations_per_day=400, lag_hours=0) as running:
        yield running


@pytest.fixture
def bots(told_org: SimulatedOrg) -> Iterator[Asker]:
    with asking(told_org) as client:
        yield client


def get(asker: Asker, flow: str, path: str = BOT_DIVISION_TURNS.path, **query: Any) -> httpx.Response:
    return asker.http.get(asker.http.base_url.join(path.format(botFlowId=flow)), params=query)


def flows(asker: Asker) -> list[str]:
    answer = asker.http.get(asker.http.base_url.join("/api/v2/flows"), params={"type": "bot,digitalbot"})
    return [flow["id"] for flow in answer.json()["entities"]]


def turns(asker: Asker, flow: str, **query: Any) -> list[Turn]:
    """The turns of all pages, by following nextUri."""
    page = get(asker, flow, **{"pageSize": 250, **query}).json()
    told: list[Turn] = page["entities"]
    while "nextUri" in page:
        page = asker.http.get(asker.http.base_url.join(page["nextUri"])).json()
        assert page["entities"]
        told += page["entities"]
    return told


def bot_sessions(org: SimulatedOrg) -> dict[str, tuple[str, dict[str, Any], dict[str, Any]]]:
    """Conversation id, session and conversation of every bot session, by its id."""
    return {
        session["sessionId"]: (conversation["conversationId"], session, participant)
        for conversation in org.truth_conversations()
        for participant, session in sessions_of(conversation)
        if participant["purpose"] == "botflow"
    }


def by_session(told: list[Turn]) -> dict[str, list[Turn]]:
    grouped: dict[str, list[Turn]] = defaultdict(list)
    for turn in told:
        grouped[turn["sessionId"]].append(turn)
    return grouped


def test_every_bot_session_of_the_conversations_is_told_turn_by_turn(bots: Asker, told_org: SimulatedOrg) -> None:
    truth = bot_sessions(told_org)
    seen = 0
    for flow in flows(bots):
        sessions = by_session(turns(bots, flow))
        expected = {
            session_id
            for session_id, (_, session, _) in truth.items()
            if session["flow"]["flowId"] == flow and "segmentEnd" in session["segments"][0]
        }
        assert expected <= set(sessions) <= set(truth)
        seen += len(expected)
        for session_id, held in sessions.items():
            conversation, session, _ = truth[session_id]
            segment = session["segments"][0]
            assert {turn["conversation"]["id"] for turn in held} == {conversation}
            assert held[0]["dateCreated"] == segment["segmentStart"]
            assert [turn["dateCreated"] for turn in held[1:]] == [turn["dateCompleted"] for turn in held[:-1]]
            ended = ["sessionEndDetails" in turn for turn in held]
            assert ended == [False] * (len(held) - 1) + ["segmentEnd" in segment]
            if "segmentEnd" in segment:
                assert held[-1]["dateCompleted"] == segment["segmentEnd"]
                failed = "recognitionFailureReason" in session["flow"]
                assert failed == ("RecognitionFailure" in held[-1]["sessionEndDetails"]["reason"])
    assert seen > 100


def test_the_newest_session_comes_first_and_its_turns_in_their_order(bots: Asker) -> None:
    sessions = list(by_session(turns(bots, flows(bots)[0])).values())
    told = [turn for session in sessions for turn in session]
    assert told == turns(bots, flows(bots)[0])
    starts = [parse(session[0]["dateCreated"]) for session in sessions]
    assert starts == sorted(starts, reverse=True)


@pytest.mark.parametrize("operation", BOTS, ids=lambda each: each.name)
def test_pages_follow_each_other_by_next_uri(bots: Asker, operation: Any) -> None:
    flow = flows(bots)[0]
    every = turns(bots, flow, interval=day(DAYS[1]))
    page = get(bots, flow, operation.path, interval=day(DAYS[1])).json()
    assert len(page["entities"]) == 50
    assert page["nextUri"].startswith(operation.path.format(botFlowId=flow) + "?")
    assert "after=" in page["nextUri"]
    told = page["entities"]
    while "nextUri" in page:
        page = bots.http.get(bots.http.base_url.join(page["nextUri"])).json()
        told += page["entities"]
    assert told == every
    assert "nextUri" not in page
    some = turns(bots, flow, interval=day(DAYS[1]), pageSize=7)
    assert some == every


def test_days_side_by_side_hold_every_turn_once(bots: Asker) -> None:
    flow = flows(bots)[0]
    every = turns(bots, flow)
    days = [f"2026-03-{number:02d}" for number in range(1, 10)]
    apart = [turn for each in days for turn in turns(bots, flow, interval=day(each))]
    assert len(apart) == len(every)
    assert {str(turn) for turn in apart} == {str(turn) for turn in every}
    inside = turns(bots, flow, interval=day(DAYS[1]))
    assert inside
    assert all(turn["dateCompleted"].startswith(DAYS[1]) for turn in inside)


def test_filters_take_what_they_name(bots: Asker) -> None:
    flow = flows(bots)[0]
    every = turns(bots, flow)
    action = every[0]["askAction"]["actionId"]
    taken = turns(bots, flow, actionId=action)
    assert taken == [turn for turn in every if turn.get("askAction", {}).get("actionId") == action]
    results = {"SuccessCollection", "NoMatchCollection"}
    taken = turns(bots, flow, askActionResults="successcollection,NOMATCHCOLLECTION")
    assert taken == [turn for turn in every if turn.get("askActionResult") in results]
    session = every[-1]["sessionId"]
    taken = turns(bots, flow, sessionId=session)
    assert taken == [turn for turn in every if turn["sessionId"] == session]
    apart = [turns(bots, flow, language=code) for code in ("en-us", "en-gb", "de-de", "fr-fr", "es-es")]
    assert sum(map(len, apart)) == len(every)
    assert all(apart)
    assert turns(bots, flow, sessionId="nobody") == []


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ({"pageSize": 251}, "invalid.query.param.value", "It must be 1 to 250"),
        ({"pageSize": "many"}, "invalid.query.param.value", "It must be 1 to 250"),
        ({"after": "nonsense"}, "invalid.query.param.value", "The cursor [nonsense] is not valid"),
        ({"interval": "today"}, "invalid.date", "Invalid interval"),
        ({"askActionResults": "Fine"}, "invalid.value", "Allowable values are: SuccessCollection"),
        ({"sessionId": "a", "actionId": "b"}, "bad.request", "may not be combined with actionId"),
        ({"sessionId": "a", "language": "en-us"}, "bad.request", "may not be combined with language"),
    ],
)
def test_a_request_the_vendor_would_refuse_is_refused(
    bots: Asker, query: dict[str, Any], code: str, words: str
) -> None:
    refused = get(bots, flows(bots)[0], **query)
    assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert words in refused.json()["message"]


@pytest.mark.parametrize("path", [BOT_TURNS.path, BOT_DIVISION_TURNS.path])
def test_a_flow_that_is_no_bot_is_not_found(bots: Asker, path: str) -> None:
    assert get(bots, "11111111-2222-4333-8444-555555555555", path).status_code == 404


def test_turns_are_gone_ten_days_after_their_completion(start_org: StartOrg) -> None:
    org = start_org(conversations_per_day=200, now="2026-03-13T12:00:00Z")
    with asking(org) as asker:
        flow = flows(asker)[0]
        kept = turns(asker, flow)
        assert kept
        assert all(parse(turn["dateCompleted"]) >= parse("2026-03-03T12:00:00Z") for turn in kept)
        org.set_now("2026-03-12T12:00:00Z")
        before = turns(asker, flow)
        assert len(before) > len(kept)
        assert all(turn in before for turn in kept)
        org.set_now("2026-04-12T12:00:00Z")
        assert get(asker, flow).json()["entities"] == []


def test_only_what_is_complete_at_the_instant_is_told(start_org: StartOrg) -> None:
    org = start_org(conversations_per_day=200, now="2026-03-03T12:00:00Z")
    with asking(org) as asker:
        flow = flows(asker)[0]
        early = turns(asker, flow)
        assert early
        assert all(parse(turn["dateCompleted"]) < parse("2026-03-03T12:00:00Z") for turn in early)
        org.set_now("2026-03-07T00:00:00Z")
        assert all(turn in turns(asker, flow) for turn in early[:20])


def test_turns_are_of_every_kind_and_know_no_field_the_model_lacks() -> None:
    world = small_world()
    sessions = list(BotSessions(world).alive(Edition(world), world.first_day * DAY, (world.first_day + 3) * DAY))
    told = [turn.facts for session in sessions for turn in turns_of(session, world.organisation.knowledge_bases)]
    results = {facts["askActionResult"] for facts in told if "askActionResult" in facts}
    assert results == set(model("ReportingTurn").fields["askActionResult"].known_values)
    for facts in told:
        known(facts, "ReportingTurn")
    fields = {field for facts in told for field in facts}
    assert fields | {"sessionId", "conversation", "dateCreated", "dateCompleted"} == set(model("ReportingTurn").fields)
    assert any("slots" in facts.get("intent", {}) for facts in told)
    assert any("feedback" in facts.get("knowledge", {}) for facts in told)
    assert any("feedback" in facts.get("knowledgeBaseEvents", {}) for facts in told)
    assert {facts["sessionEndDetails"]["type"] for facts in told if "sessionEndDetails" in facts} == {
        "Exit",
        "Disconnect",
    }
    again = [turn.facts for session in sessions for turn in turns_of(session, world.organisation.knowledge_bases)]
    assert again == told


def known(told: dict[str, Any], name: str) -> None:
    """Every field is one of the model's, its words among the known ones."""
    fields = model(name).fields
    for key, value in told.items():
        field = fields[key]
        for one in value if isinstance(value, list) else [value]:
            if field.is_model:
                known(one, field.type)
            elif field.known_values:
                assert one in field.known_values


def test_aggregates_count_what_the_turns_tell(counting: Asker, counted_org: SimulatedOrg) -> None:
    truth = bot_sessions(counted_org)
    expected: Counter[tuple[str, str]] = Counter()
    sums: Counter[tuple[str, str]] = Counter()
    for flow in flows(counting):
        for session_id, held in by_session(turns(counting, flow)).items():
            for turn in held:
                detected = turn.get("intent", {})
                expected[flow, "oBotIntent"] += bool(detected)
                expected[flow, "oBotSlot"] += len(detected.get("slots", []))
            if "sessionEndDetails" not in held[-1]:
                continue
            session = truth[session_id][1]
            alone = session["flow"]["exitReason"] == "COMPLETE"
            lasted = parse(held[-1]["dateCompleted"]) - parse(held[0]["dateCreated"])
            looked_up = any("knowledge" in turn for turn in held)
            collected = any("slots" in turn.get("intent", {}) for turn in held)
            values = {
                "nBotSessions": 1,
                "tBotSession": lasted,
                "tBotDisconnect" if held[-1]["sessionEndDetails"]["type"] == "Disconnect" else "tBotExit": lasted,
                "oBotSessionTurn": len(held),
                "oBotSessionQuery": int(looked_up),
                "oBotSessionQuerySelfServed": int(looked_up and alone),
                "oBotSessionCollection": int(collected),
                "oBotSessionCollectionSelfServed": int(collected and alone),
                "tBotRecognitionFailure": lasted if "recognitionFailureReason" in session["flow"] else 0,
            }
            expected[flow, "nBotSessionTurns"] += len(held)
            for metric, value in values.items():
                expected[flow, metric] += bool(value)
                sums[flow, metric] += value
    metrics = aggregate_family("bots").metrics
    answer = laid(counting.aggregate("bots", WHOLE, groupBy=["botId"], metrics=list(metrics)))
    found = {(dict(group)["botId"], metric): stats for (group, _, metric), stats in answer.items()}
    assert {key: stats["count"] for key, stats in found.items()} == +expected
    assert {key: stats["sum"] for key, stats in found.items() if key in sums and "sum" in stats} == {
        key: value for key, value in sums.items() if value and not key[1].startswith("n")
    }
    assert {metric for _, metric in found} == set(metrics)


def test_aggregates_know_a_session_s_dimensions(counting: Asker, counted_org: SimulatedOrg) -> None:
    told = [turn for flow in flows(counting) for turn in turns(counting, flow)]
    results = Counter(turn["sessionEndDetails"]["reason"] for turn in told if "sessionEndDetails" in turn)
    answer = laid(counting.aggregate("bots", WHOLE, groupBy=["botResult"], metrics=["nBotSessions"]))
    assert {dict(group)["botResult"]: stats["count"] for (group, _, _), stats in answer.items()} == results
    intents = Counter(turn["intent"]["name"] for turn in told if "intent" in turn)
    answer = laid(counting.aggregate("bots", WHOLE, groupBy=["botIntent"], metrics=["oBotIntent"]))
    assert {dict(group)["botIntent"]: stats["count"] for (group, _, _), stats in answer.items()} == intents
    world = small_world(conversations_per_day=20)
    session = next(BotSessions(world).alive(Edition(world), world.first_day * DAY, (world.first_day + 3) * DAY))
    dimensions = {
        name for fact in facts_of_session(session, world.organisation.knowledge_bases) for name in fact.dimensions
    }
    assert dimensions <= set(aggregate_family("bots").dimensions)
