"""Conversations whose start moves over midnight stand once, in their newest version, whatever landed in which order."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, USER_DETAILS
from analytics_platform.lake import Lake, LakeError
from analytics_platform.landing.home_days import home_days, stale_home_days
from analytics_platform.landing.moved_homes import note_moves
from analytics_platform.landing.typed import stage_home_day
from analytics_platform_tests.landing.raw_days import conversation, write_raw_day
from analytics_platform_tests.landing.scratch import scratch
from analytics_platform_tests.landing.workplace import DAYS, Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

D0 = date(2026, 3, 2)
D1, D2, D3 = (D0 + timedelta(days=number) for number in (1, 2, 3))
MOVES = "conversation_details_moves"


@pytest.fixture
def lake(folder: Path) -> Lake:
    return Lake.open(folder)


def _land(lake: Lake, day: date, records: list[dict[str, Any]], asked: int) -> None:
    write_raw_day(lake, day, records, asked)
    note_moves(CONVERSATION_DETAILS, lake, day)


def _build(lake: Lake) -> list[date]:
    stale = stale_home_days(CONVERSATION_DETAILS, lake)
    for home in stale:
        staged = stage_home_day(CONVERSATION_DETAILS, lake, home)
        staged.publish_set_aside(lake)
        for table in CONVERSATION_DETAILS.tables:
            staged.tables[table.name].publish()
    return [home.day for home in stale]


def _held(lake: Lake) -> dict[str, tuple[date, str]]:
    """Where each conversation stands and which version it is; once, with its participants beside it."""
    held: dict[str, tuple[date, str]] = {}
    for day in lake.days("conversations"):
        here = {row["conversation_id"]: row["external_tag"] for row in lake.read("conversations", day).to_pylist()}
        people = lake.read("participants", day).to_pylist()
        assert {row["conversation_id"]: row["participant_name"] for row in people} == here
        assert held.keys().isdisjoint(here)
        held |= {name: (day, version) for name, version in here.items()}
    return held


def test_a_conversation_that_moved_stands_in_its_new_home_alone(lake: Lake) -> None:
    _land(lake, D0, [conversation("a", D0, "old"), conversation("b", D0)], asked=0)
    _land(lake, D1, [conversation("a", D0, "old"), conversation("c", D1)], asked=1)
    assert _build(lake) == [D0, D1] and lake.days(MOVES) == []

    _land(lake, D1, [conversation("a", D1, "new"), conversation("c", D1)], asked=2)
    assert lake.read(MOVES, D1).to_pylist() == [
        {"home_day": D1, "other_day": D0, "other_home_day": D0, "conversations": 1}
    ]
    assert _build(lake) == [D0, D1] and _build(lake) == []
    assert _held(lake) == {"a": (D1, "new"), "b": (D0, ""), "c": (D1, "")}


def test_one_that_moved_back_a_day_leaves_the_later_home(lake: Lake) -> None:
    _land(lake, D1, [conversation("a", D1, "old")], asked=0)
    _build(lake)
    _land(lake, D0, [conversation("a", D0, "new")], asked=1)
    _build(lake)
    assert _held(lake) == {"a": (D0, "new")}


def test_read_again_everywhere_nothing_looks_at_another_home_any_more(lake: Lake) -> None:
    _land(lake, D0, [conversation("a", D0, "old")], asked=0)
    _land(lake, D1, [conversation("a", D1, "new")], asked=1)
    _build(lake)
    _land(lake, D0, [], asked=2)
    _land(lake, D1, [conversation("a", D1, "new")], asked=3)
    assert lake.days(MOVES) == []
    assert all(not home.sharing for home in home_days(CONVERSATION_DETAILS, lake).values())
    _build(lake)
    assert _held(lake) == {"a": (D1, "new")}


def test_a_version_asked_for_earlier_that_lands_later_does_not_bring_the_old_home_back(lake: Lake) -> None:
    _land(lake, D1, [conversation("a", D1, "new")], asked=5)
    _land(lake, D0, [conversation("a", D0, "old")], asked=1)
    _build(lake)
    assert _held(lake) == {"a": (D1, "new")}


def test_two_days_published_before_either_is_compared_both_tell_of_the_move(lake: Lake) -> None:
    write_raw_day(lake, D0, [conversation("a", D0, "old")], asked=0)
    write_raw_day(lake, D1, [conversation("a", D1, "new")], asked=1)
    note_moves(CONVERSATION_DETAILS, lake, D0)
    note_moves(CONVERSATION_DETAILS, lake, D1)
    _build(lake)
    assert _held(lake) == {"a": (D1, "new")} and lake.days(MOVES) == [D0, D1]


def test_delivered_twice_by_one_job_under_two_homes_it_stands_once(lake: Lake) -> None:
    _land(lake, D1, [conversation("a", D0, "one"), conversation("a", D1, "two")], asked=0)
    _build(lake)
    assert _held(lake) == {"a": (D1, "two")}


def test_users_have_no_home_to_move_from(lake: Lake) -> None:
    write_raw_day(lake, D0, [], stream=USER_DETAILS)
    note_moves(USER_DETAILS, lake, D0)
    assert lake.tables() == ["user_details"]


@st.composite
def _histories(draw: st.DrawFn) -> list[tuple[str, Any]]:
    """Moves of two conversations between two home days each, and landings of days asked for and published later."""
    step = st.one_of(
        st.tuples(st.just("move"), st.sampled_from(["a", "b"])),
        st.tuples(st.just("ask"), st.sampled_from([D0, D1, D2, D3])),
        st.tuples(st.just("publish"), st.integers(0, 2)),
        st.tuples(st.just("build"), st.none()),
    )
    return draw(st.lists(step, max_size=25))


@settings(max_examples=40, deadline=None)
@given(_histories())
def test_after_any_history_each_conversation_stands_where_its_newest_version_is(history: list[tuple[str, Any]]) -> None:
    # Each: its two homes, in turn, and the last day it is alive on.
    homes, last = {"a": [D0, D1], "b": [D1, D2]}, {"a": D1, "b": D3}
    asked: list[tuple[date, int, list[dict[str, Any]]]] = []
    published: dict[date, tuple[int, list[dict[str, Any]]]] = {}
    with scratch() as folder:
        lake = Lake.open(folder)
        for now, (kind, what) in enumerate([*history, *[("publish", 0)] * len(history), ("build", None)]):
            if kind == "move":
                homes[what].reverse()
            elif kind == "ask" and what not in [day for day, *_ in asked]:
                alive = [name for name in homes if homes[name][0] <= what <= last[name]]
                asked.append((what, now, [conversation(name, homes[name][0], str(now)) for name in alive]))
            elif kind == "publish" and what < len(asked):
                day, at, records = asked.pop(what)
                _land(lake, day, records, at)
                published[day] = at, records
            elif kind == "build":
                _build(lake)
        assert _build(lake) == []
        newest: dict[str, tuple[date, str]] = {}
        for _, (_, records) in sorted(published.items(), key=lambda each: (each[1][0], each[0])):
            for record in records:
                start = datetime.fromisoformat(record["conversationStart"])
                newest[record["conversationId"]] = start.date(), record["externalTag"]
        assert _held(lake) == newest


@pytest.mark.parametrize("again", [DAYS[1], DAYS[2]], ids=["next", "last"])
def test_one_day_read_again_moves_what_the_org_moved(quick_org: SimulatedOrg, place: Workplace, again: date) -> None:
    for day in DAYS:
        place.land(day)
    place.build()
    told = quick_org.truth_conversations(DAYS[0], DAYS[0])
    moved = {one["conversationId"] for one in told if "conversationEnd" not in one}
    before = place.tables()[f"conversations/{DAYS[0]}"]
    try:
        assert {*quick_org.change("move_start", conversations=sorted(moved), by_ms=86_400_000)} == moved != set()
        quick_org.set_now("2026-03-08T00:00:00Z")
        place.land(again, request="again")
        assert place.build() and place.build() == []
    finally:
        quick_org.take_back_changes()
    tables = place.tables()
    held = [(one, name) for name in tables if name.startswith("conversations/") for one in _ids(tables[name])]
    assert sorted(held) == sorted({(one, name) for one, name in held})
    assert {name for one, name in held if one in moved} == {f"conversations/{DAYS[1]}"}
    assert {one for one, name in held if name.endswith(str(DAYS[0]))} == {*_ids(before)} - moved


def test_killed_before_a_day_was_compared_it_is_landed_again(
    quick_org: SimulatedOrg, place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise LakeError("killed")

    with monkeypatch.context() as patch, pytest.raises(LakeError):
        patch.setattr("analytics_platform.landing.details.note_moves", die)
        place.land(DAYS[0])
    (entry,) = place.ledger.entries()
    assert entry.state == "submitted" and place.lake.days("conversation_details") == [DAYS[0]]
    place.land(DAYS[0])
    (entry,) = place.ledger.entries()
    assert entry.state == "landed" and place.leftovers() == []


def _ids(rows: pa.Table) -> list[str]:
    return [str(each) for each in rows["conversation_id"].to_pylist()]
