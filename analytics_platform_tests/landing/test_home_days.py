"""Home days: which of them a raw day makes stale, and what their tables hold after any history of landings."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, USER_DETAILS
from analytics_platform.lake import Lake
from analytics_platform.landing.errors import RawMissing, RawReplaced
from analytics_platform.landing.home_days import claimed, home_days, home_days_of_run, stale_home_days
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.raw_rows import raw_rows
from analytics_platform.landing.typed import stage_home_day
from analytics_platform_tests.landing.raw_days import conversation, user, write_raw_day
from analytics_platform_tests.landing.scratch import scratch

D0 = date(2026, 3, 2)
D1, D2, D3 = (D0 + timedelta(days=number) for number in (1, 2, 3))
RAW = CONVERSATION_DETAILS.raw.name


@pytest.fixture
def lake(folder: Path) -> Lake:
    return Lake.open(folder)


def _build(lake: Lake, stream: Any = CONVERSATION_DETAILS) -> list[date]:
    stale = stale_home_days(stream, lake)
    for home in stale:
        staged = stage_home_day(stream, lake, home)
        staged.publish_set_aside(lake)
        for table in stream.tables:
            staged.tables[table.name].publish()
    return [home.day for home in stale]


def _held(lake: Lake, day: date) -> dict[str, str]:
    rows = lake.read("conversations", day).to_pylist()
    held = {row["conversation_id"]: row["external_tag"] for row in rows}
    assert len(held) == len(rows)
    for row in lake.read("participants", day).to_pylist():
        assert row["participant_name"] == held[row["conversation_id"]]
    return held


def test_a_raw_day_makes_stale_exactly_the_home_days_it_holds_and_its_own(lake: Lake) -> None:
    write_raw_day(lake, D1, [conversation("a", D0), conversation("b", D1)])
    assert _build(lake) == [D0, D1] and _build(lake) == []
    write_raw_day(lake, D3, [conversation("c", D1)], asked=1)
    assert _build(lake) == [D1, D3] and _build(lake) == []
    write_raw_day(lake, D3, [], asked=2)
    assert _build(lake) == [D1] and _held(lake, D1) == {"b": ""} and _held(lake, D3) == {}


def test_a_home_day_of_which_nothing_is_left_is_emptied(lake: Lake) -> None:
    write_raw_day(lake, D1, [conversation("a", D0, "old")])
    _build(lake)
    write_raw_day(lake, D1, [conversation("b", D1)], asked=1)
    assert sorted(_build(lake)) == [D0, D1] and _build(lake) == []
    assert _held(lake, D0) == {} and len(lake.read("participants", D0)) == 0


def test_home_days_among_some_are_only_those(lake: Lake) -> None:
    write_raw_day(lake, D1, [conversation("a", D0), conversation("b", D1)])
    assert [home.day for home in stale_home_days(CONVERSATION_DETAILS, lake, [D1, D3])] == [D1, D3]


def test_landing_the_same_again_makes_nothing_stale(lake: Lake) -> None:
    write_raw_day(lake, D1, [conversation("a", D0), conversation("b", D1)])
    _build(lake)
    write_raw_day(lake, D1, [conversation("a", D0), conversation("b", D1)], asked=5)
    assert _build(lake) == []


def test_building_again_gives_equal_files(lake: Lake) -> None:
    write_raw_day(lake, D0, [conversation("a", D0, "old"), conversation("b", D0)])
    write_raw_day(lake, D1, [conversation("a", D0, "new")], asked=1)
    home = home_days(CONVERSATION_DETAILS, lake)[D0]
    first, second = (stage_home_day(CONVERSATION_DETAILS, lake, home) for _ in range(2))
    assert {name: part.manifest for name, part in first.tables.items()} == {
        name: part.manifest for name, part in second.tables.items()
    }


def test_the_tables_tell_what_they_were_made_from(lake: Lake) -> None:
    write_raw_day(lake, D0, [conversation("a", D0)])
    write_raw_day(lake, D1, [conversation("a", D0)], asked=1)
    _build(lake)
    for table in CONVERSATION_DETAILS.tables:
        manifest = lake.manifest(table.name, D0)
        assert manifest is not None and set(manifest.facts["taken_in"]) == {"2026-03-02", "2026-03-03"}
        assert manifest.facts["job_ids"] == ["job-2026-03-02-0", "job-2026-03-03-1"]
    assert lake.read("conversations", D0)["activity_day"].to_pylist() == [D1]


def test_a_run_makes_its_days_and_with_the_first_day_those_before_it(lake: Lake) -> None:
    write_raw_day(lake, D1, [conversation("a", D0), conversation("b", D1)])
    write_raw_day(lake, D2, [])
    assert [home.day for home in home_days_of_run(CONVERSATION_DETAILS, lake, [D1, D2], D1)] == [D0, D1, D2]
    assert [home.day for home in home_days_of_run(CONVERSATION_DETAILS, lake, [D2], D1)] == [D2]
    with pytest.raises(RawMissing, match="2026-03-05"):
        home_days_of_run(CONVERSATION_DETAILS, lake, [D3], D1)


def test_home_days_are_held_one_run_after_another(folder: Path) -> None:
    ledger = Ledger(folder)
    for _ in range(2):
        with claimed(CONVERSATION_DETAILS, ledger, [D1, D0, D1]), claimed(USER_DETAILS, ledger, [D0]):
            pass


def test_row_groups_without_rows_of_the_home_day_are_not_read(lake: Lake) -> None:
    records = [conversation(f"c{number}", D0 if number == 3 else D1) for number in range(3, 13)]
    write_raw_day(lake, D1, records, rows_a_group=2)
    part = home_days(CONVERSATION_DETAILS, lake)[D0].contributions[0]
    assert [len(rows) for rows in raw_rows(lake, part, D0)] == [1]
    own = home_days(CONVERSATION_DETAILS, lake)[D1].contributions[0]
    assert sum(len(rows) for rows in raw_rows(lake, own, D1)) == 9
    assert list(raw_rows(lake, own, D2)) == []


def test_users_without_any_status_cost_no_row_group(lake: Lake) -> None:
    idle, busy = user("idle"), user("busy", (datetime(2026, 3, 2, 8, tzinfo=UTC), None, "IDLE"))
    write_raw_day(lake, D1, [idle, idle, busy, idle], stream=USER_DETAILS, rows_a_group=2)
    part = home_days(USER_DETAILS, lake)[D0].contributions[0]
    assert [rows["user_id"].to_pylist() for rows in raw_rows(lake, part, D0)][-1] == ["busy"]


def test_raw_landed_anew_while_tables_are_made_is_noticed_and_leaves_nothing_staged(lake: Lake, folder: Path) -> None:
    write_raw_day(lake, D0, [conversation("a", D0, "old")])
    home = home_days(CONVERSATION_DETAILS, lake)[D0]
    write_raw_day(lake, D0, [conversation("a", D0, "new")], asked=1)
    with pytest.raises(RawReplaced, match="2026-03-02"):
        stage_home_day(CONVERSATION_DETAILS, lake, home)
    assert [path for path in folder.rglob("*.parquet") if path.name != "data.parquet"] == []


@st.composite
def _deliveries(draw: st.DrawFn) -> list[tuple[date, int, list[dict[str, Any]]]]:
    """For each activity day in which order it was asked for, and the conversations of D0 and others it delivered."""
    days = draw(st.lists(st.sampled_from([D0, D1, D2]), unique=True, min_size=1))
    names = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=5)
    return [
        (
            day,
            draw(st.integers(0, 2)),
            [
                conversation(name, D1 if name == "d" else D0, f"{day} {place}", draw(st.integers(0, 2)))
                for place, name in enumerate(draw(names))
            ],
        )
        for day in days
    ]


def _newest(deliveries: list[tuple[date, int, list[dict[str, Any]]]], home: date) -> Iterator[tuple[str, str]]:
    for _, _, records in sorted(deliveries, key=lambda delivery: (delivery[1], delivery[0])):
        for record in records:
            if record["conversationStart"].startswith(home.isoformat()):
                yield record["conversationId"], record["externalTag"]


@settings(max_examples=8)
@given(_deliveries(), st.randoms(use_true_random=False))
def test_of_each_conversation_the_version_asked_for_last_holds_whatever_the_order_of_landing(
    deliveries: list[tuple[date, int, list[dict[str, Any]]]], dice: Any
) -> None:
    with scratch() as folder:
        lake = Lake.open(folder)
        for day, asked, records in dice.sample(deliveries, len(deliveries)):
            write_raw_day(lake, day, records, asked)
            if dice.random() < 0.3:
                _build(lake)
        _build(lake)
        for home in (D0, D1):
            if home in lake.days("conversations"):
                assert _held(lake, home) == dict(_newest(deliveries, home))


def _minutes(minute: int) -> datetime:
    return datetime(2026, 3, 2, 23, tzinfo=UTC) + timedelta(minutes=minute)


def test_a_status_over_midnight_lies_on_the_day_it_starts_in_its_newest_version(lake: Lake) -> None:
    write_raw_day(lake, D0, [user("u", (_minutes(0), None, "IDLE"))], 1, USER_DETAILS)
    later = user("u", (_minutes(0), _minutes(90), "IDLE"), (_minutes(90), None, "ON_QUEUE"))
    write_raw_day(lake, D1, [later], 2, USER_DETAILS)
    assert _build(lake, USER_DETAILS) == [D0, D1]
    (first,) = lake.read("user_routing_status", D0).to_pylist()
    (second,) = lake.read("user_routing_status", D1).to_pylist()
    assert (first["end_time"], first["activity_day"]) == (_minutes(90), D1)
    assert (second["start_time"], second["end_time"]) == (_minutes(90), None)
