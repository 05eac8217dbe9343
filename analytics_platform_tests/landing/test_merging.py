"""Home days made from their stored tables: equal to what raw makes of them, whatever happened, and for less."""

import json
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_platform.catalogue.services import SERVICES
from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, TypedStream
from analytics_platform.catalogue.tables import Table
from analytics_platform.lake import Lake
from analytics_platform.lake.protection import Protection
from analytics_platform.landing.home_days import HomeDay, home_days, stale_home_days
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.merging import Rule
from analytics_platform.landing.moved_homes import note_moves
from analytics_platform.landing.rebuilding import rebuildable
from analytics_platform.landing.removal import remove_records
from analytics_platform.landing.service_days import ServiceDay
from analytics_platform.landing.typed import stage_home_day
from analytics_platform.tables.masking import Action, Masking
from analytics_platform.tables.service_records import ServiceRead
from analytics_platform_tests.landing.raw_days import FIRST_ASKED, conversation, write_raw_day
from analytics_platform_tests.landing.scratch import scratch

D0 = date(2026, 3, 2)
D1, D2, D3 = (D0 + timedelta(days=number) for number in (1, 2, 3))
DAYS = [D0, D1, D2]
CONVERSATIONS = CONVERSATION_DETAILS
PLANTED = "planted"
ALWAYS = Rule(least_copied=1)


@pytest.fixture
def lake(folder: Path) -> Lake:
    return Lake.open(folder)


def _build(lake: Lake, stream: TypedStream = CONVERSATIONS, merging: Rule = ALWAYS) -> list[date]:
    stale = stale_home_days(stream, lake)
    for home in stale:
        stage_home_day(stream, lake, home, merging).publish(lake)
    return [home.day for home in stale]


def _rows(table: pa.Table) -> list[str]:
    return sorted(json.dumps(row, default=str, sort_keys=True) for row in table.to_pylist())


def _require_as_from_raw(lake: Lake, stream: TypedStream, days: Iterable[date]) -> None:
    """Every table of some home days, and what its manifest tells, is what raw makes of it."""
    known = home_days(stream, lake)
    for day in days:
        staged = stage_home_day(stream, lake, known.get(day, HomeDay(day, ())), merging=None)
        with ExitStack() as done:
            parts = [*staged.tables.values(), *([staged.set_aside] if staged.set_aside else [])]
            assert (staged.set_aside is not None) == (day in lake.days(stream.typed_quarantine.name))
            for part in parts:
                done.callback(part.discard)
                with lake.open_staged(part) as file:
                    assert _rows(lake.read(part.table, day)) == _rows(file.read()), part.table
                told = lake.manifest(part.table, day)
                assert told is not None and told.facts == part.manifest.facts
                assert (told.rows, told.min_instant, told.max_instant) == (
                    part.manifest.rows,
                    part.manifest.min_instant,
                    part.manifest.max_instant,
                )


def _plant(lake: Lake, day: date, without: Sequence[str] = ()) -> None:
    """Have the stored head say what raw never said: where it still does afterwards, it was copied."""
    table = CONVERSATIONS.head.name
    told, rows = lake.manifest(table, day), lake.read(table, day)
    assert told is not None
    place = rows.column_names.index("external_tag")
    rows = rows.set_column(place, rows.schema.field(place), pa.array([PLANTED] * len(rows))).drop_columns(without)
    with lake.stage(table, day, rows.schema) as writer:
        writer.write(rows)
        writer.seal(told.facts).publish()


def _tags(lake: Lake, day: date = D0) -> dict[str, str]:
    rows = lake.read("conversations", day).to_pylist()
    return {row["conversation_id"]: row["external_tag"] for row in rows}


def _five(**tags: str) -> list[dict[str, Any]]:
    return [conversation(name, D0, tags.get(name, "first")) for name in "abcde"]


def test_of_a_home_day_only_the_conversations_that_came_or_changed_are_made_anew(lake: Lake) -> None:
    write_raw_day(lake, D0, _five())
    _build(lake)
    _plant(lake, D0)
    write_raw_day(lake, D1, [conversation("a", D0, "second"), conversation("f", D0, "new")], asked=1)
    assert _build(lake) == [D0, D1]
    assert _tags(lake) == {"a": "second", "f": "new", **dict.fromkeys("bcde", PLANTED)}
    people = lake.read("participants", D0).to_pylist()
    assert sorted((row["conversation_id"], row["participant_name"]) for row in people) == [
        ("a", "second"),
        *((name, "first") for name in "bcde"),
        ("f", "new"),
    ]


def test_a_version_that_is_not_the_newest_any_more_comes_back_when_a_newer_one_is_gone(lake: Lake) -> None:
    write_raw_day(lake, D0, _five())
    beside = conversation("f", D0, "new")
    write_raw_day(lake, D1, [conversation("a", D0, "second"), beside], asked=1)
    _build(lake)
    _plant(lake, D0)
    write_raw_day(lake, D1, [beside], asked=2)
    _build(lake)
    assert _tags(lake) == {"a": "first", "f": "new", **dict.fromkeys("bcde", PLANTED)}


@pytest.mark.parametrize(
    "reading", ["read again", "most of it changed", "small", "another policy", "an older release", "rebuilt"]
)
def test_all_is_made_from_raw_where_that_is_wanted_or_costs_no_more(lake: Lake, folder: Path, reading: str) -> None:
    write_raw_day(lake, D0, _five())
    _build(lake)
    _plant(lake, D0)
    if reading == "read again":
        write_raw_day(lake, D0, _five(a="other"), asked=1)
    elif reading == "most of it changed":
        write_raw_day(lake, D1, _five(e="other")[1:], asked=1)
    elif reading == "another policy":
        masking = Masking({"participants": {"participant_name": Action.DROP}})
        lake = Lake.open(folder, protection=Protection(masking))
    else:
        write_raw_day(lake, D1, [conversation("a", D0, "second")], asked=1)
        if reading == "an older release":
            _plant(lake, D0, without=["originating_direction"])
        if reading == "rebuilt":
            (rebuilt,) = rebuildable(lake, Ledger(folder / "ledger"), 15)
            list(rebuilt.rebuilt(D0, D0))
    _build(lake, merging=Rule(least_copied=5) if reading == "small" else ALWAYS)
    assert PLANTED not in _tags(lake).values()
    _require_as_from_raw(lake, CONVERSATIONS, [D0])


def test_a_home_day_that_is_current_is_made_from_raw_when_somebody_asks_for_it(lake: Lake) -> None:
    write_raw_day(lake, D0, _five())
    write_raw_day(lake, D1, [conversation("a", D0)], asked=1)
    _build(lake)
    _plant(lake, D0)
    stage_home_day(CONVERSATIONS, lake, home_days(CONVERSATIONS, lake)[D0], ALWAYS).publish(lake)
    assert PLANTED not in _tags(lake).values()


def test_tables_of_which_a_kill_left_some_of_an_older_version_are_made_from_raw(lake: Lake) -> None:
    write_raw_day(lake, D0, _five())
    _build(lake)
    write_raw_day(lake, D1, [conversation("a", D0, "second")], asked=1)
    staged = stage_home_day(CONVERSATIONS, lake, home_days(CONVERSATIONS, lake)[D0], ALWAYS)
    staged.tables["conversations"].publish()
    for part in staged.tables.values():
        part.discard()
    _plant(lake, D0)
    write_raw_day(lake, D2, [conversation("b", D0, "third")], asked=2)
    _build(lake)
    assert _tags(lake) == {"a": "second", "b": "third", **dict.fromkeys("cde", "first")}
    _require_as_from_raw(lake, CONVERSATIONS, [D0])


def test_a_stored_table_that_is_damaged_is_made_from_raw(lake: Lake, folder: Path) -> None:
    write_raw_day(lake, D0, _five())
    _build(lake)
    _plant(lake, D0)
    stored = Path(lake.place.path("participants", D0))
    content = bytearray(stored.read_bytes())
    content[4:60] = bytes(56)
    stored.write_bytes(content)
    write_raw_day(lake, D1, [conversation("a", D0, "second")], asked=1)
    _build(lake)
    assert _tags(lake) == {"a": "second", **dict.fromkeys("bcde", "first")}
    _require_as_from_raw(lake, CONVERSATIONS, [D0])


def test_what_was_hashed_is_copied_as_it_is(folder: Path) -> None:
    masking = Masking({"participants": {"participant_name": Action.HASH}}, key=b"k" * 32)
    lake = Lake.open(folder, protection=Protection(masking))
    write_raw_day(lake, D0, _five())
    _build(lake)
    _plant(lake, D0)
    write_raw_day(lake, D1, [conversation("a", D0, "second")], asked=1)
    _build(lake)
    assert list(_tags(lake).values()).count(PLANTED) == 4
    assert all(row["participant_name"].startswith("hmac:") for row in lake.read("participants", D0).to_pylist())


NAMES = "abcdef"
Step = tuple[str, Any]


@st.composite
def _records(draw: st.DrawFn, day: date) -> list[dict[str, Any]]:
    """What a job of a day delivers: each conversation whole or with values that no table holds, some more than once,
    some moved to the home day after their own."""
    told = []
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=5)):
        home = DAYS[NAMES.index(name) // 4 + draw(st.sampled_from([0, 0, 0, 1]))]
        record = conversation(name, home, draw(st.sampled_from(["x", "y", "z"])), draw(st.integers(0, 2)))
        if draw(st.booleans()) and draw(st.booleans()):
            record |= draw(st.sampled_from([{"conferenceStart": 7}, {"participants": 7}]))
        told.append(record)
    return told


@st.composite
def _histories(draw: st.DrawFn) -> list[Step]:
    steps: list[Step] = []
    for asked in range(draw(st.integers(2, 7))):
        day = draw(st.sampled_from(DAYS))
        newer = (asked * 10 + 5, draw(_records(day))) if draw(st.integers(0, 4)) == 0 else None
        steps.append(("land", (day, asked * 10, draw(_records(day)), newer)))
        if draw(st.integers(0, 5)) == 0:
            steps.append(("remove", draw(st.sampled_from(NAMES))))
        if draw(st.booleans()):
            steps.append(("build", None))
    return [*steps, ("build", None)]


@settings(max_examples=4)
@given(_histories(), st.randoms(use_true_random=False))
def test_after_any_history_the_tables_are_those_that_raw_makes(history: list[Step], dice: Any) -> None:
    with scratch() as folder:
        lake, ledger = Lake.open(folder / "lake"), Ledger(folder / "state")
        # Enough that never changes for the rest to be little of it.
        write_raw_day(lake, D3, [conversation(f"still{number}", home) for home in DAYS for number in range(9)])
        for kind, what in history:
            if kind == "land":
                day, asked, records, newer = what
                write_raw_day(lake, day, records, asked + dice.choice([0, 0, 35]), newer_part=newer)
                note_moves(CONVERSATIONS, lake, day)
            elif kind == "remove":
                remove_records(CONVERSATIONS, lake, ledger, [what])
            else:
                _require_as_from_raw(lake, CONVERSATIONS, _build(lake))
        assert _build(lake) == []


def _service(name: str, home: date, content: str, spoiled: bool = False) -> dict[str, Any]:
    told: dict[str, Any] = {"service_id": name, "started": {"timestamp": f"{home}T10:00:00.000Z"}, "note": content}
    return told | ({"completed": {"timestamp": "soon"}} if spoiled else {})


def _land_services(lake: Lake, raw: Table, day: date, asked: int, records: Sequence[dict[str, Any]]) -> None:
    quarantine = SERVICES.quarantine
    as_of = FIRST_ASKED + timedelta(hours=asked)
    beside = "service_ids"
    with (
        lake.stage(beside, day, pa.schema([("service_id", pa.string())])) as ids,
        ServiceDay(lake, day, as_of, raw=raw, quarantine=quarantine) as taken,
    ):
        taken.keep([ServiceRead(record["service_id"], json.dumps(record).encode()) for record in records])
        midnight = datetime.combine(day, time(), UTC)
        taken.seal(ids, watermark=midnight, settled_after=timedelta(days=3), facts={}).publish()


@st.composite
def _services(draw: st.DrawFn) -> list[dict[str, Any]]:
    names = draw(st.lists(st.sampled_from(NAMES), max_size=4, unique=True))
    return [
        _service(name, draw(st.sampled_from([D0, D0, D1])), draw(st.sampled_from("xyz")), draw(st.integers(0, 4)) == 0)
        for name in names
    ]


@settings(max_examples=6)
@given(
    st.lists(
        st.tuples(st.sampled_from(SERVICES.raws), st.sampled_from(DAYS), _services(), st.booleans()),
        min_size=2,
        max_size=6,
    )
)
def test_after_any_history_services_are_those_that_raw_makes(
    landings: list[tuple[Table, date, list[dict[str, Any]], bool]],
) -> None:
    with scratch() as folder:
        lake = Lake.open(folder)
        still = [_service(f"still{number}", home, "") for home in (D0, D1) for number in range(9)]
        _land_services(lake, SERVICES.raw, D3, 0, still)
        for asked, (raw, day, records, build) in enumerate(landings, 1):
            _land_services(lake, raw, day, asked - asked % 2, records)
            if build:
                _require_as_from_raw(lake, SERVICES, _build(lake, SERVICES))
        _require_as_from_raw(lake, SERVICES, _build(lake, SERVICES))
