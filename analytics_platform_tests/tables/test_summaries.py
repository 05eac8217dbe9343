"""A record in one line."""

import json

from analytics_platform.tables.summaries import summary

SESSION = {"mediaType": "voice", "segments": [{"queueId": "q-1"}, {"queueId": "q-1"}, {"queueId": "q-2"}]}
CONVERSATION = {
    "conversationId": "c-1",
    "conversationStart": "2026-03-02T23:59:00.500Z",
    "conversationEnd": "2026-03-03T00:01:00.400Z",
    "originatingDirection": "inbound",
    "participants": [
        {"purpose": "customer", "participantName": "Jane Doe", "sessions": [{"ani": "tel:+123", **SESSION}]},
        {"purpose": "agent", "userId": "u-1", "sessions": [SESSION]},
        {"purpose": "agent", "userId": "u-1", "sessions": [{"mediaType": "chat"}]},
    ],
}


def test_a_conversation_is_told_without_anything_personal() -> None:
    told = summary(json.dumps(CONVERSATION).encode())
    assert told == {
        "conversation": "c-1",
        "start": "2026-03-02T23:59:00.500Z",
        "end": "2026-03-03T00:01:00.400Z",
        "seconds": 120,
        "direction": "inbound",
        "media": "voice, chat",
        "queues": "q-1, q-2",
        "agents": 1,
        "sessions": 3,
    }


def test_an_open_conversation_has_no_length() -> None:
    told = summary(b'{"conversationId": "c-1", "conversationStart": "2026-03-02T23:59:00Z"}')
    assert (told["end"], told["seconds"], told["agents"]) == (None, None, 0)


def test_a_user_is_told_by_the_span_of_the_statuses() -> None:
    told = summary(
        b'{"userId": "u-1", "primaryPresence": [{"startTime": "2026-03-02T08:00:00Z"}], "routingStatus": '
        b'[{"startTime": "2026-03-02T07:00:00Z", "endTime": "2026-03-02T09:00:00Z"}]}'
    )
    assert told == {
        "user": "u-1",
        "from": "2026-03-02T07:00:00Z",
        "to": "2026-03-02T09:00:00Z",
        "presences": 1,
        "routing statuses": 1,
        "open": 1,
    }


def test_what_is_neither_is_told_and_not_shown() -> None:
    for strange in (
        b"[]",
        b"no json",
        b'{"conversationId": "c", "participants": [3]}',
        b'{"words": "private"}',
        b"\xff",
    ):
        assert summary(strange) == {"record": "not readable"}
