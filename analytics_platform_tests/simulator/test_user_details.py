"""Agents' statuses: unbroken rows, told whole, open at the watermark."""

import json
from itertools import pairwise

import msgspec
import pytest

from analytics_platform.simulator.api.user_details import user_detail
from analytics_platform.simulator.world.agents import LONGEST_ABSENCE, Status, Timeline
from analytics_platform.simulator.world.instants import DAY, FOREVER, HOUR, day_start, iso
from analytics_platform_tests.simulator.telling import START, small_world

FIRST = day_start(START)


def rows(timeline: Timeline) -> tuple[tuple[Status, ...], ...]:
    return (timeline.presences, timeline.routing) if timeline.routing else (timeline.presences,)


def test_rows_are_unbroken_and_the_last_status_stays() -> None:
    for timeline in small_world().timelines:
        for row in rows(timeline):
            assert all(one.end == two.start for one, two in pairwise(row))
            assert all(status.end is None or status.start <= status.end for status in row)
            assert row[-1].end is None
            assert row[0].start < FIRST


def test_odd_statuses_occur() -> None:
    timelines = small_world().timelines
    statuses = [status for timeline in timelines for row in rows(timeline) for status in row if status.end is not None]
    assert any(status.end == status.start for status in statuses)
    assert max((status.end or 0) - status.start for status in statuses) > LONGEST_ABSENCE
    assert sum((status.end or 0) // DAY > status.start // DAY for status in statuses) > 50
    assert any(not timeline.routing for timeline in timelines)


@pytest.mark.parametrize("at", [FIRST + 30 * HOUR, FIRST + DAY, FOREVER])
def test_a_record_holds_the_statuses_that_touch_the_interval(at: int) -> None:
    world = small_world()
    presences = world.organisation.presences
    for timeline in world.timelines:
        record = user_detail(timeline, FIRST + DAY, FIRST + 2 * DAY, at, presences)
        expected = [
            (iso(status.start), None if status.end is None or status.end >= at else iso(status.end), status.name)
            for status in timeline.presences
            if status.start < min(at, FIRST + 2 * DAY) and (status.end is None or status.end >= min(at, FIRST + DAY))
        ]
        assert record is not None
        told = json.loads(msgspec.json.encode(record))
        found = [(row["startTime"], row.get("endTime"), row["systemPresence"]) for row in told["primaryPresence"]]
        assert found == expected
        for row in told["primaryPresence"]:
            assert presences[row["systemPresence"]] == row["organizationPresenceId"]


def test_nobody_is_told_of_before_there_was_anything() -> None:
    world = small_world()
    timeline = world.timelines[0]
    assert user_detail(timeline, 0, DAY, FOREVER, world.organisation.presences) is None


def test_consecutive_days_tell_every_status() -> None:
    world = small_world()
    for timeline in world.timelines:
        starts = {
            row["startTime"]
            for day in range(-60, 5)
            if (
                record := user_detail(
                    timeline, FIRST + day * DAY, FIRST + (day + 1) * DAY, FOREVER, world.organisation.presences
                )
            )
            for row in json.loads(msgspec.json.encode(record)).get("routingStatus", [])
        }
        assert starts == {iso(status.start) for status in timeline.routing}


def test_conversations_are_taken_by_agents_at_work() -> None:
    world = small_world()
    rows_by_user = {timeline.user_id: timeline.presences for timeline in world.timelines}
    at_work = taken = 0
    for outline in world.outlines_started(FIRST, FIRST + DAY):
        if outline.kind != "inbound_call":
            continue
        for participant in world.conversation(outline).participants:
            if participant.facts["purpose"] == "agent":
                row = rows_by_user[participant.facts["userId"]]
                status = next(one for one in row if one.start <= outline.start and outline.start < (one.end or FOREVER))
                taken += 1
                at_work += status.name != "OFFLINE"
    assert taken > 100
    assert at_work > 0.9 * taken
