"""The same options make the same world, whatever is asked of it and in whichever order."""

import subprocess
import sys
from datetime import timedelta

from analytics_platform.simulator.world.instants import DAY, FOREVER, day_start
from analytics_platform.simulator.world.outline import SHORT
from analytics_platform_tests.simulator.telling import START, small_world, told

_DIGEST = """
import hashlib
from analytics_platform_tests.simulator.telling import small_world, told
print(hashlib.sha256(repr(list(told(small_world(conversations_per_day=40)))).encode()).hexdigest())
"""


def test_two_processes_make_the_same_world() -> None:
    digests = {
        subprocess.run([sys.executable, "-c", _DIGEST], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(digests) == 1
    assert len(digests.pop().strip()) == 64


def test_the_order_of_asking_does_not_matter() -> None:
    one, two = small_world(conversations_per_day=30), small_world(conversations_per_day=30)
    forwards = [one.conversation(outline) for outline in one.outlines_started(-FOREVER, FOREVER)]
    backwards = [two.conversation(outline) for outline in reversed(list(two.outlines_started(-FOREVER, FOREVER)))]
    assert forwards == backwards[::-1]
    assert one.conversation(next(one.outlines_started(-FOREVER, FOREVER))) == forwards[0]


def test_another_seed_is_another_world() -> None:
    one = {record["conversationId"] for record in told(small_world(conversations_per_day=30))}
    two = {record["conversationId"] for record in told(small_world(conversations_per_day=30, seed=8))}
    assert not one & two


def test_a_longer_world_begins_like_a_shorter_one() -> None:
    shorter, longer = small_world(conversations_per_day=30), small_world(conversations_per_day=30, days=9)
    first, end = day_start(START), day_start(START + timedelta(days=3))
    assert list(shorter.outlines_started(first, end)) == list(longer.outlines_started(first, end))
    ends = {row.user_id: row for row in longer.timelines}
    for row in shorter.timelines:
        assert ends[row.user_id].presences[: len(row.presences) - 1] == row.presences[:-1]


def test_outlines_bound_their_conversations() -> None:
    world = small_world()
    for outline in world.outlines_started(-FOREVER, FOREVER):
        conversation = world.conversation(outline)
        assert conversation.start == outline.start
        assert conversation.spells[0][0] == outline.start
        assert conversation.spells[-1][1] <= outline.until
        assert outline.until - outline.start <= max(SHORT, 60 * DAY)


def test_nobody_alive_is_missed() -> None:
    world = small_world(conversations_per_day=200)
    everyone = [world.conversation(outline) for outline in world.outlines_started(-FOREVER, FOREVER)]
    for day in range(-3, 12):
        start = day_start(START) + day * DAY
        found = {outline.id for outline in world.outlines_alive(start, start + DAY)}
        alive = {told.id for told in everyone if told.start < start + DAY and told.spells[-1][1] >= start}
        assert alive <= found


def test_some_began_before_the_first_day() -> None:
    world = small_world()
    older = list(world.outlines_started(-FOREVER, day_start(START)))
    assert len(older) > 5
    assert all(outline.until >= day_start(START) for outline in older)
