"""Aggregates counted plainly from the JSON of conversations, and an answer laid out for comparing with them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, NamedTuple

from analytics_platform_tests.simulator.telling import sessions_of

Key = tuple[frozenset[tuple[str, str]], str, str]
"""Group, bucket and metric (with its qualifier)."""
Laid = dict[Key, dict[str, Any]]
"""Statistics by group, bucket and metric."""


class Emitted(NamedTuple):
    """One value of a metric, with the values of some dimensions."""

    at: datetime
    metric: str
    value: int
    dimensions: dict[str, list[str]]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def emitted(conversations: Iterable[dict[str, Any]]) -> Iterator[Emitted]:
    """Every metric of every session, as the details tell it."""
    for conversation in conversations:
        for participant, session in sessions_of(conversation):
            dimensions = _dimensions(conversation, participant, session)
            for metric in session.get("metrics", []):
                yield Emitted(instant(metric["emitDate"]), metric["name"], metric["value"], dimensions)


def within(told: Iterable[Emitted], start: str, end: str) -> list[Emitted]:
    """What was emitted in `[start, end)`."""
    return [each for each in told if instant(start) <= each.at < instant(end)]


def counted(told: Iterable[Emitted], group_by: Sequence[str], bucket: Callable[[datetime], str]) -> Laid:
    """Statistics of each metric in each group and bucket; a value counts in the group of each of its dimension's."""
    values: dict[Key, list[int]] = defaultdict(list)
    for each in told:
        for combination in product(*(each.dimensions.get(name) or [""] for name in group_by)):
            group = frozenset((name, value) for name, value in zip(group_by, combination, strict=True) if value)
            values[group, bucket(each.at), each.metric].append(each.value)
    return {key: _statistics(key[2], found) for key, found in values.items()}


def laid(answer: dict[str, Any]) -> Laid:
    """An answer by group, bucket and metric; nothing may stand in it twice."""
    found: Laid = {}
    for result in answer["results"]:
        for data in result["data"]:
            for metric in data["metrics"]:
                name = " ".join(filter(None, (metric["metric"], metric.get("qualifier"))))
                key = frozenset(result["group"].items()), data["interval"], name
                assert key not in found
                found[key] = metric["stats"]
    return found


def half_hour(at: datetime) -> str:
    """The half hour of UTC that an instant lies in, as an answer tells it."""
    start = at.astimezone(UTC).replace(minute=at.minute // 30 * 30, second=0, microsecond=0)
    return f"{start:%Y-%m-%dT%H:%M:00.000Z}/{start + timedelta(minutes=30):%Y-%m-%dT%H:%M:00.000Z}"


def _statistics(metric: str, values: list[int]) -> dict[str, int]:
    if metric.startswith("n"):
        return {"count": sum(values)}
    return {"max": max(values), "min": min(values), "count": len(values), "sum": sum(values)}


def _dimensions(
    conversation: dict[str, Any], participant: dict[str, Any], session: dict[str, Any]
) -> dict[str, list[str]]:
    segments = session["segments"]
    once = {
        "conversationId": conversation["conversationId"],
        "direction": session.get("direction"),
        "mediaType": session.get("mediaType"),
        "originatingDirection": conversation.get("originatingDirection"),
        "purpose": participant["purpose"],
        "userId": participant.get("userId"),
        "usedRouting": session.get("usedRouting"),
    }
    several = {
        "divisionId": conversation.get("divisionIds", []),
        "queueId": [segment["queueId"] for segment in segments if "queueId" in segment],
        "requestedRouting": session.get("requestedRoutings", []),
        "requestedRoutingSkillId": [
            skill for segment in segments for skill in segment.get("requestedRoutingSkillIds", [])
        ],
        "wrapUpCode": [segment["wrapUpCode"] for segment in segments if "wrapUpCode" in segment],
    }
    told = {name: [value] for name, value in once.items() if value is not None}
    return told | {name: list(dict.fromkeys(values)) for name, values in several.items() if values}
