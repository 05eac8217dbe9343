"""Worlds for tests, and how they are told: as the vendor's JSON, without a server between."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from analytics_platform.simulator.api.conversation_details import conversation_detail
from analytics_platform.simulator.world.instants import FOREVER
from analytics_platform.simulator.world.world import World, WorldOptions

START = date(2026, 3, 2)


def small_world(**options: Any) -> World:
    """A world of three days from START on, 500 conversations a day, unless told otherwise."""
    given: dict[str, Any] = {"seed": 7, "start_day": START, "days": 3, "conversations_per_day": 500, "agents": 40}
    return World(WorldOptions(**(given | options)))


def told(world: World, at: int = FOREVER) -> Iterator[dict[str, Any]]:
    """Every conversation as JSON, as known before an instant, by start; those not started then are left out."""
    for outline in world.outlines_started(-FOREVER, FOREVER):
        record = conversation_detail(world.conversation(outline), at)
        if record is not None:
            yield json.loads(msgspec.json.encode(record))


def sessions_of(conversation: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every session with its participant."""
    for participant in conversation.get("participants", []):
        for session in participant["sessions"]:
            yield participant, session
