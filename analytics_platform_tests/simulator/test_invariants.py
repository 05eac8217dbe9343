"""What holds in real conversation details holds in simulated ones, and what is odd in real ones is odd in some of them.

The real figures come from one real page of job results and payloads of 2021, 2024 and 2025.
"""

import json
from itertools import pairwise
from typing import Any

import pytest

from analytics_platform.catalogue.models import model
from analytics_platform.simulator.world.instants import parse
from analytics_platform_tests.simulator.telling import sessions_of, small_world, told

Conversation = dict[str, Any]
HANDLED = ("tTalkComplete", "tHeldComplete", "tAcw", "tDialing", "tContacting")


@pytest.fixture(scope="module")
def conversations() -> list[Conversation]:
    """All conversations of a world, as known when all is over."""
    return list(told(small_world()))


def segments_of(conversation: Conversation) -> list[dict[str, Any]]:
    return [segment for _, session in sessions_of(conversation) for segment in session["segments"]]


def sums(session: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for metric in session.get("metrics", []):
        found[metric["name"]] = found.get(metric["name"], 0) + metric["value"]
    return found


def lengths(session: dict[str, Any], kind: str) -> list[int]:
    return [
        parse(segment["segmentEnd"]) - parse(segment["segmentStart"])
        for segment in session["segments"]
        if segment["segmentType"] == kind
    ]


def test_keys_stand_in_the_vendor_s_order(conversations: list[Conversation]) -> None:
    def check(record: dict[str, Any], name: str) -> None:
        fields = model(name).fields
        assert list(record) == [field for field in fields if field in record]
        for key, value in record.items():
            if fields[key].is_model:
                for item in value if isinstance(value, list) else [value]:
                    check(item, fields[key].type)

    for conversation in conversations:
        check(conversation, "AnalyticsConversation")


def test_nothing_is_null_and_no_list_is_empty(conversations: list[Conversation]) -> None:
    def check(value: Any) -> None:
        assert value is not None
        assert value != []
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            check(item)

    for conversation in conversations:
        check(conversation)


def test_conversations_end_with_their_last_segment(conversations: list[Conversation]) -> None:
    for conversation in conversations:
        assert conversation["conversationEnd"] == max(
            (segment["segmentEnd"] for segment in segments_of(conversation)), key=parse
        )


def test_the_first_segment_begins_at_the_conversation_s_start_save_in_a_few(conversations: list[Conversation]) -> None:
    offsets = [
        min(parse(segment["segmentStart"]) for segment in segments_of(conversation))
        - parse(conversation["conversationStart"])
        for conversation in conversations
    ]
    exact = sum(offset == 0 for offset in offsets)
    assert min(offsets) == -13
    assert 0 < max(offsets) < 1000
    assert exact > 0.85 * len(offsets)


def test_participants_and_metrics_stand_by_time(conversations: list[Conversation]) -> None:
    for conversation in conversations:
        firsts = [
            min(parse(session["segments"][0]["segmentStart"]) for session in participant["sessions"])
            for participant in conversation["participants"]
        ]
        assert firsts == sorted(firsts)
        for _, session in sessions_of(conversation):
            emitted = [parse(metric["emitDate"]) for metric in session.get("metrics", [])]
            assert emitted == sorted(emitted)


def test_segments_of_a_session_are_contiguous_save_after_an_alert_nobody_answered(
    conversations: list[Conversation],
) -> None:
    holes: list[int] = []
    for conversation in conversations:
        for _, session in sessions_of(conversation):
            for one, two in pairwise(session["segments"]):
                gap = parse(two["segmentStart"]) - parse(one["segmentEnd"])
                if gap:
                    assert (one["segmentType"], two["segmentType"]) == ("alert", "wrapup")
                    holes.append(gap)
            for segment in session["segments"]:
                assert parse(segment["segmentStart"]) <= parse(segment["segmentEnd"])
    assert set(holes) == {249}


def test_timers_are_the_segments_they_measure(conversations: list[Conversation]) -> None:
    for conversation in conversations:
        for participant, session in sessions_of(conversation):
            found = sums(session)
            if participant["purpose"] not in ("agent", "user") or "tHandle" not in found:
                continue
            assert found.get("tTalk", 0) == found.get("tTalkComplete", 0) == sum(lengths(session, "interact"))
            assert found.get("tHeld", 0) == found.get("tHeldComplete", 0) == sum(lengths(session, "hold"))
            assert found.get("tAcw", 0) == sum(lengths(session, "wrapup"))
            assert found.get("tAlert", 0) == sum(lengths(session, "alert"))
            assert found["tHandle"] == sum(found.get(name, 0) for name in HANDLED)


def test_the_agent_s_answer_is_the_queue_s_wait(conversations: list[Conversation]) -> None:
    checked = 0
    for conversation in conversations:
        waits = {
            metric["value"]
            for participant, session in sessions_of(conversation)
            if participant["purpose"] == "acd"
            for metric in session["metrics"]
            if metric["name"] == "tAcd"
        }
        for participant, session in sessions_of(conversation):
            answered = sums(session).get("tAnswered")
            if participant["purpose"] == "agent" and answered is not None and session["mediaType"] == "voice":
                assert answered in waits
                checked += 1
    assert checked > 500


def test_the_wait_is_the_interact_segment_not_the_delay(conversations: list[Conversation]) -> None:
    for conversation in conversations:
        for participant, session in sessions_of(conversation):
            if participant["purpose"] == "acd":
                assert sums(session)["tAcd"] == sum(lengths(session, "interact"))


def test_a_flow_is_a_little_shorter_than_its_menu(conversations: list[Conversation]) -> None:
    for conversation in conversations:
        for participant, session in sessions_of(conversation):
            found = sums(session)
            if participant["purpose"] == "ivr":
                assert found["tIvr"] == sum(lengths(session, "ivr"))
                assert 167 <= found["tIvr"] - found["tFlow"] <= 257


def test_a_customer_is_connected_for_the_talk(conversations: list[Conversation]) -> None:
    for conversation in conversations:
        for participant, session in sessions_of(conversation):
            if participant["purpose"] == "customer" and "tConnected" in sums(session):
                assert sums(session)["tConnected"] == sum(lengths(session, "interact"))


def test_wrap_up_codes_are_ids_or_the_vendor_s_words_on_wrap_ups_only(conversations: list[Conversation]) -> None:
    codes: set[str] = set()
    without = 0
    for conversation in conversations:
        for segment in segments_of(conversation):
            if segment["segmentType"] == "wrapup":
                without += "wrapUpCode" not in segment
                codes.add(segment.get("wrapUpCode", ""))
            else:
                assert "wrapUpCode" not in segment
    words = {code for code in codes if code.startswith("ININ-")}
    assert words == {"ININ-WRAP-UP-TIMEOUT", "ININ-OUTBOUND-PREVIEW-SKIPPED"}
    assert all(len(code) == 36 for code in codes - words - {""})
    assert without > 0


def test_some_values_pass_32_bits(conversations: list[Conversation]) -> None:
    values = [
        metric["value"]
        for conversation in conversations
        for _, session in sessions_of(conversation)
        for metric in session.get("metrics", [])
    ]
    assert all(value >= 0 for value in values)
    assert sum(value > 2**32 for value in values) > 10


def test_some_media_statistics_come_after_the_end(conversations: list[Conversation]) -> None:
    late = [
        parse(statistic["eventTime"]) - parse(conversation["conversationEnd"])
        for conversation in conversations
        for _, session in sessions_of(conversation)
        for statistic in session.get("mediaEndpointStats", [])
    ]
    assert 0 < max(late) <= 43
    assert sum(offset > 0 for offset in late) < 0.05 * len(late)


def test_names_and_attributes_are_as_odd_as_real_ones(conversations: list[Conversation]) -> None:
    attributes: dict[str, str] = {}
    queue_names, remotes = set(), set()
    for conversation in conversations:
        for participant, session in sessions_of(conversation):
            attributes |= participant.get("attributes", {})
            remotes.add(session.get("ani", "")[:4])
            if participant["purpose"] == "acd" and "participantName" in participant:
                queue_names.add(len(participant["participantName"]) == 36)
    assert {"ANI ", "ivr.Skills", "7day"} <= set(attributes)
    assert any("\n" in value for value in attributes.values())
    assert any("|" in value for value in attributes.values())
    assert max(len(value) for value in attributes.values()) == 1024
    assert queue_names == {True, False}
    assert {"tel:", "sip:"} < remotes


def test_conversations_last_seconds_to_weeks_and_cross_midnight(conversations: list[Conversation]) -> None:
    lasted = [parse(told["conversationEnd"]) - parse(told["conversationStart"]) for told in conversations]
    crossing = sum(told["conversationEnd"][:10] > told["conversationStart"][:10] for told in conversations)
    assert min(lasted) < 30_000
    assert max(lasted) > 50 * 86_400_000
    assert crossing > 20


def test_a_conversation_is_some_kilobytes_of_json(conversations: list[Conversation]) -> None:
    size = sum(len(json.dumps(conversation)) for conversation in conversations) / len(conversations)
    assert 5_000 < size < 10_500


def test_ids_are_unique(conversations: list[Conversation]) -> None:
    ids = [conversation["conversationId"] for conversation in conversations]
    sessions = [session["sessionId"] for conversation in conversations for _, session in sessions_of(conversation)]
    assert len(set(ids)) == len(ids)
    assert len(set(sessions)) == len(sessions)
