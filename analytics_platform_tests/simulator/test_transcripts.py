"""What was said: counted by the aggregates, searched by the withdrawn query, both from the world's own words."""

import re
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import httpx
import pytest

from analytics_platform.catalogue.aggregates import aggregate_family
from analytics_platform.simulator.world.instants import parse
from analytics_platform.simulator.world.speech import speech_of, transcript_of
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.asking import Asker, asking
from analytics_platform_tests.simulator.counting import laid
from analytics_platform_tests.simulator.telling import sessions_of, small_world

WHOLE = "2026-03-02T00:00:00Z/2026-03-07T00:00:00Z"
TOPICS = small_world(conversations_per_day=120, agents=12).organisation.topics
StartOrg = Callable[..., SimulatedOrg]
Talk = tuple[dict[str, Any], dict[str, Any], dict[str, Any], int, int]


@pytest.fixture(scope="module")
def talks(counted_org: SimulatedOrg) -> list[Talk]:
    """Conversation, participant, session, end and milliseconds of every agent's talk that is over."""
    found: list[Talk] = []
    for conversation in counted_org.truth_conversations():
        for participant, session in sessions_of(conversation):
            talk = [segment for segment in session["segments"] if segment["segmentType"] != "wrapup"]
            spoken = [segment for segment in talk if segment["segmentType"] == "interact"]
            if participant["purpose"] == "agent" and spoken and all("segmentEnd" in segment for segment in talk):
                length = sum(parse(segment["segmentEnd"]) - parse(segment["segmentStart"]) for segment in spoken)
                found.append((conversation, participant, session, parse(talk[-1]["segmentEnd"]), length))
    return found


def said(talks: list[Talk]) -> dict[str, list[str]]:
    """The utterances of each conversation that was transcribed."""
    found: dict[str, list[str]] = defaultdict(list)
    for conversation, _, session, _, _ in talks:
        for utterance in transcript_of(session["sessionId"], session["mediaType"], TOPICS):
            found[conversation["conversationId"]].append(utterance.words)
    return found


def search(asker: Asker, *query: dict[str, Any], **body: Any) -> httpx.Response:
    asked = {"types": ["transcripts"], "query": list(query), **body}
    return asker.http.post("/conversations/transcripts/query", json=asked)


def found(asker: Asker, *query: dict[str, Any], **body: Any) -> list[str]:
    """The ids of all pages."""
    told: list[str] = []
    for number in range(1, 1000):
        answer = search(asker, *query, pageSize=100, pageNumber=number, **body)
        assert answer.status_code == 200, answer.text
        page = [record["conversationId"] for record in answer.json()["conversations"]]
        if not page:
            return told
        told += page
    raise AssertionError("pages without end")


def test_aggregates_count_each_analysed_talk_when_it_is_over(counting: Asker, talks: list[Talk]) -> None:
    values: dict[tuple[str, str], list[int]] = defaultdict(list)
    analysed: set[str] = set()
    start, end = map(parse, WHOLE.split("/"))
    for conversation, _, session, ended, length in talks:
        media = session["mediaType"]
        speech = speech_of(session["sessionId"], media, length, TOPICS)
        if speech is None:
            continue
        first = conversation["conversationId"] not in analysed
        analysed.add(conversation["conversationId"])
        if not start <= ended < end:
            continue
        told = {"oSentimentScore": speech.sentiment, "oCustomerSentiment": speech.customer_sentiment}
        if media == "voice":
            agent, customer, both, silence, other = speech.times.values()
            told |= {"tAgentSpeech": agent, "tCustomerSpeech": customer, "tOverTalkSpeech": both}
            told |= {"tSilence": silence, "tOtherAudio": other, "tTotalSpeechAndSilence": length}
            told["oOverTalkSpeechInstances"] = speech.overtalk_instances
            assert agent + customer + both + silence + other == length
        for metric, value in told.items():
            values[media, metric].append(value)
        if first:
            values[media, "nSpeechTextAnalyzedConversations"].append(1)
        values[media, "nTopicCommunications"] += [1] * len(speech.topics)
    metrics = aggregate_family("transcripts").metrics
    answer = laid(counting.aggregate("transcripts", WHOLE, groupBy=["mediaType"], metrics=list(metrics)))
    told_stats = {(dict(group)["mediaType"], metric): stats for (group, _, metric), stats in answer.items()}
    assert {key: stats["count"] for key, stats in told_stats.items()} == {
        key: len(held) for key, held in values.items()
    }
    assert {key: stats["sum"] for key, stats in told_stats.items() if "sum" in stats} == {
        key: sum(held) for key, held in values.items() if not key[1].startswith("n")
    }
    assert {metric for _, metric in told_stats} == set(metrics)
    assert {media for media, _ in told_stats} >= {"voice", "message", "email", "chat"}


def test_a_topic_is_counted_where_its_phrases_are_said(counting: Asker, talks: list[Talk]) -> None:
    months = ("2025-12-01", "2026-01-01", "2026-02-01", "2026-03-01", "2026-03-07")
    every = [f"{first}T00:00:00Z/{last}T00:00:00Z" for first, last in pairwise(months)]
    asked = {"groupBy": ["conversationId", "topicId"], "metrics": ["nTopicCommunications"]}
    counted = {
        (dict(group)["conversationId"], dict(group)["topicId"])
        for interval in every
        for group, _, _ in laid(counting.aggregate("transcripts", interval, **asked))
    }
    billing = next(topic.id for topic in TOPICS if topic.name == "Billing")
    phrases = ["mistake on my invoice", "The amount was taken twice!"]
    by_words = found(counting, {"type": "EXACT_PHRASE", "values": phrases})
    assert len(by_words) > 10
    assert set(by_words) == {conversation for conversation, topic in counted if topic == billing}


def test_words_are_found_one_by_one_in_a_row_or_in_any_order(counting: Asker, talks: list[Talk]) -> None:
    transcripts = said(talks)

    def holding(pattern: str) -> set[str]:
        return {id_ for id_, words in transcripts.items() if any(re.search(pattern, each.lower()) for each in words)}

    for query, pattern in (
        ({"type": "EXACT", "value": "Invoice"}, r"\binvoice\b"),
        ({"type": "EXACT", "value": "inv"}, r"\binv\b"),
        ({"type": "EXACT", "value": "my invoice"}, r"nothing is said so"),
        ({"type": "EXACT_PHRASE", "value": "Where is my order?"}, r"where is my order"),
        ({"type": "EXACT_PHRASE", "value": "order my"}, r"\border my\b"),
        ({"type": "PHRASE", "value": "contract my CANCEL"}, r"cancel my contract"),
        ({"type": "EXACT", "values": ["parcel", "password"], "fields": ["transcript"]}, r"\b(parcel|password)\b"),
    ):
        told = found(counting, query)
        assert len(told) == len(set(told))
        assert set(told) == holding(pattern)
    assert holding(r"\binvoice\b")
    assert not holding(r"\binv\b")


def test_criteria_are_combined_and_nested(counting: Asker, talks: list[Talk]) -> None:
    def ids(*query: dict[str, Any]) -> set[str]:
        return set(found(counting, *query))

    order, invoice = {"type": "EXACT", "value": "order"}, {"type": "EXACT", "value": "invoice"}
    voice = {"type": "EXACT", "fields": ["mediaType"], "value": "voice"}
    one, two, three, every = ids(order), ids(invoice), ids(voice), ids()
    assert every == set(said(talks))
    assert one and two and three
    assert ids(order, invoice) == one & two
    assert ids(order, voice) == one & three
    assert ids({**order, "operator": "OR"}, {**invoice, "operator": "OR"}) == one | two
    assert ids(voice, {**order, "operator": "NOT"}) == three - one
    either = {"group": [{**order, "operator": "OR"}, {**invoice, "operator": "OR"}]}
    assert ids(voice, either) == three & (one | two)
    assert ids({**either, "operator": "NOT"}) == every - (one | two)


def test_a_date_range_narrows_by_start_or_end(counting: Asker, talks: list[Talk]) -> None:
    transcripts = said(talks)
    span = {"type": "DATE_RANGE", "startValue": "2026-03-03T00:00:00Z", "endValue": "2026-03-04T00:00:00Z"}
    for fields in ("conversationStart", "conversationEnd"):
        expected = {
            conversation["conversationId"]
            for conversation, *_ in talks
            if conversation["conversationId"] in transcripts and conversation.get(fields, "").startswith("2026-03-03")
        }
        assert expected
        assert set(found(counting, {**span, "fields": [fields]})) == expected
    assert set(found(counting, span)) == set(found(counting, {**span, "fields": ["conversationStart"]}))


def test_records_are_the_conversations_without_their_attributes(counting: Asker, counted_org: SimulatedOrg) -> None:
    truth = {record["conversationId"]: record for record in counted_org.truth_conversations()}
    told = search(counting, {"type": "EXACT", "value": "order"}).json()["conversations"]
    assert len(told) == 25
    for record in told:
        expected = truth[record["conversationId"]]
        for participant in expected["participants"]:
            participant.pop("attributes", None)
        assert record == expected


def test_results_are_sorted_as_asked(counting: Asker, talks: list[Talk]) -> None:
    def told(**body: Any) -> list[dict[str, Any]]:
        answer = search(counting, {"type": "EXACT", "value": "order"}, pageSize=100, **body)
        conversations: list[dict[str, Any]] = answer.json()["conversations"]
        return conversations

    starts = [parse(record["conversationStart"]) for record in told()]
    assert starts == sorted(starts)
    down = [parse(record["conversationStart"]) for record in told(sortBy="conversationStart", sortOrder="DESC")]
    assert down == sorted(down, reverse=True)
    ids = [record["conversationId"] for record in told(sort=[{"sortBy": "conversationId", "sortOrder": "ASC"}])]
    assert ids == sorted(ids)
    transcripts = said(talks)
    scores = [
        sum(bool(re.search(r"\border\b", words.lower())) for words in transcripts[record["conversationId"]])
        for record in told(sortOrder="SCORE")
    ]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1] > 0


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"types": None}, "constraint.validation", "types may not be null"),
        ({"types": []}, "constraint.validation", "types may not be empty"),
        ({"pageSize": 101}, "invalid.query.param.value", "It must be 1 to 100"),
        ({"pageNumber": 0}, "invalid.query.param.value", "It must be at least 1"),
        ({"sortBy": "mood"}, "invalid.value", "Value [mood] is not valid"),
        ({"query": [{"type": "NEAR"}]}, "invalid.value", "EXACT, EXACT_PHRASE, PHRASE, DATE_RANGE"),
        ({"query": [{"type": "EXACT"}]}, "bad.request", "must have a type and a value"),
        ({"query": [{"value": "order"}]}, "bad.request", "must have a type and a value"),
        ({"query": [{"type": "EXACT", "value": "x", "fields": ["mood"]}]}, "invalid.value", "Value [mood]"),
        ({"query": [{"type": "DATE_RANGE", "startValue": "x"}]}, "bad.request", "startValue and endValue"),
        ({"query": [{"group": [{"type": "EXACT"}]}]}, "bad.request", "must have a type and a value"),
    ],
)
def test_a_search_that_asks_nothing_sensible_is_refused(
    counting: Asker, body: dict[str, Any], code: str, words: str
) -> None:
    refused = search(counting, **body)
    assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert words in refused.json()["message"]


def test_an_org_without_the_withdrawn_operations_does_not_search(start_org: StartOrg) -> None:
    with asking(start_org(conversations_per_day=1, withdrawn=False)) as asker:
        assert search(asker).status_code == 404
