"""What is seen at an instant: nothing of what happened at it or later, and everything that happened before."""

import json
from typing import Any

import msgspec
import pytest

from analytics_platform.simulator.api.conversation_details import conversation_detail
from analytics_platform.simulator.world.conversation import Conversation
from analytics_platform.simulator.world.instants import FOREVER, HOUR, day_start, iso, parse
from analytics_platform_tests.simulator.telling import START, sessions_of, small_world, told

NOON = day_start(START) + 36 * HOUR
PLANNED = {"callbackScheduledTime", "inactivityTimeout"}
"""Instants that lie ahead when they are told."""


def seen(conversation: Conversation, at: int) -> dict[str, Any] | None:
    record = conversation_detail(conversation, at)
    return None if record is None else json.loads(msgspec.json.encode(record))


def instants_in(value: Any, key: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [found for name, item in value.items() if name != "attributes" for found in instants_in(item, name)]
    if isinstance(value, list):
        return [found for item in value for found in instants_in(item, key)]
    is_instant = isinstance(value, str) and len(value) in (20, 24) and value.endswith("Z") and value[10] == "T"
    return [(key, value)] if is_instant else []


@pytest.mark.parametrize("at", [NOON, day_start(START), day_start(START) + 24 * HOUR, NOON + 7 * HOUR + 1])
def test_nothing_of_the_instant_or_later_is_seen(at: int) -> None:
    for conversation in told(small_world(conversations_per_day=200), at):
        for key, text in instants_in(conversation):
            assert key in PLANNED or parse(text) < at, (key, text)


def test_a_conversation_that_goes_on_is_open() -> None:
    world = small_world()
    opened = 0
    for outline in world.outlines_started(-FOREVER, FOREVER):
        conversation = world.conversation(outline)
        now, then = seen(conversation, NOON), seen(conversation, FOREVER)
        assert then is not None
        if now is None:
            assert parse(then["conversationStart"]) >= NOON
        elif len(conversation.spells) == 1:
            ended = parse(then["conversationEnd"]) < NOON
            assert ("conversationEnd" in now) == ended
            open_segments = [
                segment
                for _, session in sessions_of(now)
                for segment in session["segments"]
                if "segmentEnd" not in segment
            ]
            assert bool(open_segments) != ended
            assert all("wrapUpCode" not in segment and "disconnectType" not in segment for segment in open_segments)
            opened += not ended
    assert opened > 20


def test_a_later_look_only_adds() -> None:
    """What is known stays known: participants, sessions, segments and metrics are a beginning of the later ones."""
    world = small_world(conversations_per_day=100)
    for outline in world.outlines_started(-FOREVER, NOON):
        conversation = world.conversation(outline)
        now, then = seen(conversation, NOON), seen(conversation, FOREVER)
        assert now is not None
        assert then is not None
        later = {session["sessionId"]: session for _, session in sessions_of(then)}
        for _, session in sessions_of(now):
            after = later[session["sessionId"]]
            assert session.get("metrics", []) == after.get("metrics", [])[: len(session.get("metrics", []))]
            starts = [segment["segmentStart"] for segment in session["segments"]]
            assert starts == [segment["segmentStart"] for segment in after["segments"]][: len(starts)]


def test_some_threads_close_open_again_and_grow() -> None:
    world = small_world()
    reopened = [
        conversation
        for outline in world.outlines_started(-FOREVER, FOREVER)
        if len((conversation := world.conversation(outline)).spells) > 1
    ]
    assert len(reopened) > 10
    for conversation in reopened:
        (_, first_end), (second_start, _) = conversation.spells[:2]
        closed, open_again = seen(conversation, first_end + 1), seen(conversation, second_start + 1)
        over = seen(conversation, FOREVER)
        assert closed is not None
        assert open_again is not None
        assert over is not None
        assert closed["conversationEnd"] == iso(first_end)
        assert "conversationEnd" not in open_again
        assert len(closed["participants"]) < len(over["participants"])
        assert over["conversationEnd"] == iso(conversation.spells[-1][1])


def test_settled_means_that_nothing_changes_any_more() -> None:
    world = small_world(conversations_per_day=300)
    for outline in world.outlines_started(-FOREVER, FOREVER):
        conversation = world.conversation(outline)
        assert seen(conversation, conversation.settled) == seen(conversation, FOREVER)


def test_judgements_come_late_unless_told_otherwise() -> None:
    def judged_after_end(late_changes: bool) -> int:
        return sum(
            parse(judgement["eventTime"]) > parse(conversation["conversationEnd"])
            for conversation in told(small_world(late_changes=late_changes))
            for name in ("evaluations", "surveys", "resolutions")
            for judgement in conversation.get(name, [])
        )

    assert judged_after_end(True) > 50
    assert judged_after_end(False) == 0
