"""Whatever interval and watermark: a job selects what a look at every conversation and every status would select."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_platform.simulator.api.interval import Interval
from analytics_platform.simulator.api.telling import Teller
from analytics_platform.simulator.assumptions import Assumptions
from analytics_platform.simulator.world.change_book import ChangeBook
from analytics_platform.simulator.world.changes import ChangeAsked
from analytics_platform.simulator.world.conversation import Conversation
from analytics_platform.simulator.world.instants import DAY, FOREVER, HOUR, day_start
from analytics_platform_tests.simulator.telling import START, small_world

FIRST = day_start(START)
WORLD = small_world(conversations_per_day=40)
BOOK = ChangeBook(WORLD)
BOOK.make(
    [
        ChangeAsked(kind="erase", day="2026-03-02", share=0.1, at="2026-03-03T00:00:00Z"),
        ChangeAsked(kind="move_start", day="2026-03-03", share=0.2, at="2026-03-05T00:00:00Z"),
        ChangeAsked(kind="reopen", day="2026-03-02", share=0.2, at="2026-03-06T00:00:00Z"),
        ChangeAsked(kind="end", day="2026-03-04", share=0.9, at="2026-03-05T00:00:00Z"),
    ],
    FIRST,
)
EDITION = BOOK.edition(FOREVER, masked=False)
TELLER = Teller(Assumptions())
EVERYONE: list[Conversation] = [WORLD.conversation(outline) for outline in EDITION.outlines_started(-FOREVER, FOREVER)]

hours = st.integers(min_value=-70 * 24, max_value=70 * 24).map(lambda hour: FIRST + hour * HOUR)
lengths = st.integers(min_value=1, max_value=31 * 24).map(lambda hour: hour * HOUR)


@settings(max_examples=60)
@given(start=hours, length=lengths, at=hours)
def test_conversations_alive(start: int, length: int, at: int) -> None:
    selected = [outline.id for outline in TELLER.conversations_alive(EDITION, Interval(start, start + length), at, {})]
    expected = [
        told.id
        for told in EVERYONE
        if told.start < min(at, start + length) and ((end := told.end_seen(at)) is None or end >= start)
    ]
    assert selected == expected


@settings(max_examples=60)
@given(start=hours, length=lengths, at=hours)
def test_users_active(start: int, length: int, at: int) -> None:
    selected = [row.user_id for row in TELLER.users_active(EDITION, Interval(start, start + length), at, {})]
    expected = [
        row.user_id
        for row in WORLD.timelines
        if any(
            status.start < min(at, start + length) and (status.end is None or status.end >= min(at, start))
            for status in (*row.presences, *row.routing)
        )
    ]
    assert selected == expected


def boundary() -> tuple[Conversation, int]:
    """A conversation and the instant its end falls on."""
    told = next(told for told in EVERYONE if told.start >= FIRST and len(told.spells) == 1)
    return told, told.spells[-1][1]


@pytest.mark.parametrize(("touching", "found"), [(True, True), (False, False)])
def test_what_ends_at_the_first_instant_is_an_assumption(touching: bool, found: bool) -> None:
    told, end = boundary()
    teller = Teller(Assumptions(touching_end_counts=touching))
    selected = {outline.id for outline in teller.conversations_alive(EDITION, Interval(end, end + DAY), FOREVER, {})}
    assert (told.id in selected) == found


def test_what_starts_at_the_last_instant_belongs_to_the_next_interval() -> None:
    told, _ = boundary()

    def selected(start: int, end: int) -> set[Any]:
        return {outline.id for outline in TELLER.conversations_alive(EDITION, Interval(start, end), FOREVER, {})}

    assert told.id not in selected(told.start - DAY, told.start)
    assert told.id in selected(told.start, told.start + 1)


def test_records_kept_as_bytes_are_the_same_as_records_told_anew() -> None:
    teller = Teller(Assumptions())
    outlines = list(EDITION.outlines_started(-FOREVER, FIRST + DAY))
    for at in (FIRST + DAY, FIRST + 100 * DAY, FIRST + DAY, FOREVER):
        for outline in outlines:
            if outline.start < at:
                anew = Teller(Assumptions()).conversation_json(EDITION, outline, at)
                assert teller.conversation_json(EDITION, outline, at) == anew
