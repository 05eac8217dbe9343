"""A record in one line: what a person looks for first, and nothing that a customer or an agent said or is called."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

Summary = Mapping[str, object]
_CONVERSATION_ID, _USER_ID = "conversationId", "userId"


def summary(record: bytes) -> Summary:
    """The columns of a conversation or of a user's statuses by name; instants as sent, seconds whole.

    A record of neither kind, or one that is no JSON, has its beginning alone as `record`.
    """
    try:
        told = json.loads(record)
        if isinstance(told, dict) and _CONVERSATION_ID in told:
            return _conversation(told)
        if isinstance(told, dict) and _USER_ID in told:
            return _user(told)
    except (ValueError, TypeError, AttributeError):
        pass
    return {"record": "not readable"}


def _conversation(told: Mapping[str, Any]) -> Summary:
    sessions = [each for part in told.get("participants") or () for each in part.get("sessions") or ()]
    segments = [segment for session in sessions for segment in session.get("segments") or ()]
    return {
        "conversation": told[_CONVERSATION_ID],
        "start": told.get("conversationStart"),
        "end": told.get("conversationEnd"),
        "seconds": _seconds(told.get("conversationStart"), told.get("conversationEnd")),
        "direction": told.get("originatingDirection"),
        "media": _distinct(session.get("mediaType") for session in sessions),
        "queues": _distinct(segment.get("queueId") for segment in segments),
        "agents": len({part.get("userId") for part in told.get("participants") or ()} - {None}),
        "sessions": len(sessions),
    }


def _user(told: Mapping[str, Any]) -> Summary:
    presences, routing = told.get("primaryPresence") or [], told.get("routingStatus") or []
    both = [*presences, *routing]
    return {
        "user": told[_USER_ID],
        "from": min((each["startTime"] for each in both if each.get("startTime")), default=None),
        "to": max((each["endTime"] for each in both if each.get("endTime")), default=None),
        "presences": len(presences),
        "routing statuses": len(routing),
        "open": sum(not each.get("endTime") for each in both),
    }


def _distinct(values: Iterator[object]) -> str:
    return ", ".join(dict.fromkeys(str(value) for value in values if value))


def _seconds(start: object, end: object) -> int | None:
    if not isinstance(start, str) or not isinstance(end, str):
        return None
    return round((msgspec.convert(end, datetime) - msgspec.convert(start, datetime)).total_seconds())
