"""Services to tables: the service, its states, its tasks, and everything else it carries as an extension."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.catalogue.services import SERVICES
from analytics_platform.tables.schemas import INSTANT, table_schema
from analytics_platform.tables.services import instant, service_rows

DAY, AS_OF, GONE = date(2026, 3, 3), datetime(2026, 3, 4, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC)
Json = dict[str, Any]
Rows = dict[str, list[dict[str, Any]]]


def made_of(*records: Json | str | None, gone_at: datetime | None = None) -> tuple[Rows, list[tuple[int, str]]]:
    """The rows of records, and which of them were unreadable and why."""
    texts = [each if each is None or isinstance(each, str) else json.dumps(each) for each in records]
    raw = pa.table({"record": pa.array(texts, pa.string()), "gone_at": pa.array([gone_at] * len(texts), INSTANT)})
    days = pa.array([DAY] * len(texts), pa.date32())
    made, unreadable = service_rows(raw, days, pa.array([AS_OF] * len(texts), INSTANT))
    for table in SERVICES.tables:
        assert made[table.name].schema.equals(table_schema(table))
    return {name: rows.to_pylist() for name, rows in made.items()}, [(each.row, each.reason) for each in unreadable]


def one(record: Json, table: str = "services") -> list[dict[str, Any]]:
    rows, unreadable = made_of(record)
    assert not unreadable
    return rows[table]


def service(**more: Any) -> Json:
    return {"service_id": "383-f9a6", "started": {"timestamp": "2026-03-02T08:00:00.123Z"}, **more}


def at(*clock: int) -> datetime:
    return datetime(2026, 3, 2, *clock, tzinfo=UTC)


def test_a_service_alone_is_one_row_and_open() -> None:
    rows, _ = made_of(service(service_type=7, customer_id="c", est_duration=60))
    assert [len(rows[table.name]) for table in SERVICES.tables] == [1, 0, 0, 0]
    (row,) = rows["services"]
    told = {name: value for name, value in row.items() if value is not None}
    assert told == {
        "service_id": "383-f9a6",
        "service_type": "7",
        "customer_id": "c",
        "started_at": at(8, 0, 0, 123000),
        "active": True,
        "est_duration": 60,
        "activity_day": DAY,
        "as_of": AS_OF,
    }


def test_an_end_closes_it_and_both_events_tell_their_fields() -> None:
    started = {"timestamp": "2026-03-02T08:00:00Z", "media_type": "voice", "ttl": 5, "expiration_time": "2031-01-01"}
    completed = {"timestamp": "2026-03-02T09:00:00Z", "disposition": 3, "disposition_desc": "done"}
    (row,) = one(service(started=started, completed=completed))
    assert (row["active"], row["completed_at"]) == (False, at(9))
    assert (row["started_media_type"], row["started_ttl"]) == ("voice", 5)
    assert row["started_expiration_time"] == datetime(2031, 1, 1, tzinfo=UTC)
    assert (row["completed_disposition"], row["completed_disposition_desc"]) == ("3", "done")


def test_what_its_start_event_alone_tells_of_it_is_its_own() -> None:
    started = {"timestamp": "2026-03-02T08:00:00Z", "contact_key": "k", "service_type": 9, "est_duration": 4}
    (row,) = one(service(started=started))
    assert (row["contact_key"], row["service_type"], row["est_duration"]) == ("k", "9", 4)
    (row,) = one(service(started=started, contact_key="own"))
    assert row["contact_key"] == "own"
    assert one(service(started=started), "service_extensions") == []


def test_states_and_tasks_of_every_list_are_rows_under_their_service_by_their_ids() -> None:
    event = {"timestamp": "2026-03-02T08:00:00Z"}
    record = service(
        active_states=[{"state_id": 3, "started": event, "tasks": [{"task_id": 2, "started": event}]}],
        completed_states=[{"state_id": 1, "state_type": 4, "started": event, "completed": event}],
        active_tasks=[{"task_id": 9, "state_id": 1, "started": event}],
        completed_tasks=[{"task_id": 1, "task_type": "call", "started": event, "completed": event}],
    )
    rows, _ = made_of(record)
    assert [(row["state_index"], row["state_id"], row["active"]) for row in rows["service_states"]] == [
        (0, 1, False),
        (1, 3, True),
    ]
    assert [(row["task_index"], row["task_id"], row["state_id"]) for row in rows["service_tasks"]] == [
        (0, 1, None),
        (1, 2, 3),
        (2, 9, 1),
    ]
    assert {row["service_id"] for name in ("service_states", "service_tasks") for row in rows[name]} == {"383-f9a6"}


def test_parts_without_an_id_stand_last_in_the_order_they_came() -> None:
    states = [{"state_type": "b"}, {"state_type": "a"}, {"state_id": 5, "state_type": "c"}]
    rows = one(service(active_states=states), "service_states")
    assert [(row["state_index"], row["state_type"]) for row in rows] == [(0, "c"), (1, "b"), (2, "a")]


def test_whatever_is_no_field_of_the_vendors_is_an_extension_of_what_carries_it() -> None:
    event = {"timestamp": "2026-03-02T08:00:00Z", "größe": 1}
    record = service(
        started=event | {"session_id": "s"},
        notes=[{"text": "ä"}],
        **{"with space": None},
        active_states=[{"state_id": 3, "x": {"a": 1}, "started": event, "tasks": [{"task_id": 4, "deep": True}]}],
        completed_tasks=[{"task_id": 5, "completed": event}],
    )
    rows = one(record, "service_extensions")
    assert [(row["owner"], row["name"], row["value"]) for row in rows] == [
        ("service", "notes", '[{"text": "ä"}]'),
        ("service", "with space", "null"),
        ("started", "größe", "1"),
        ("state 3", "x", '{"a": 1}'),
        ("state 3.started", "größe", "1"),
        ("task 4", "deep", "true"),
        ("task 5.completed", "größe", "1"),
    ]
    assert [row["extension_index"] for row in rows] == list(range(len(rows)))


def test_an_instant_is_utc_whatever_its_offset_and_cut_to_milliseconds() -> None:
    (row,) = one(service(completed={"timestamp": "2026-03-02T10:00:00.1239+02:00"}))
    assert row["completed_at"] == at(8, 0, 0, 123000)
    assert instant("2026-03-02T08:00:00") == at(8)


def test_one_that_is_gone_tells_since_when() -> None:
    rows, _ = made_of(service(), gone_at=GONE)
    assert rows["services"][0]["gone_at"] == GONE


def test_a_row_without_a_record_makes_nothing() -> None:
    rows, unreadable = made_of(None, service(), None)
    assert [len(each) for each in rows.values()] == [1, 0, 0, 0]
    assert unreadable == []


def test_half_a_character_is_read_as_one_that_cannot_be_told() -> None:
    rows, _ = made_of('{"service_id": "1", "started": {"timestamp": "2026-03-02T08:00:00Z"}, "note": "a\\ud83d"}')
    assert rows["service_extensions"][0]["value"] == '"a\N{REPLACEMENT CHARACTER}"'


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"started": {"timestamp": "2026-03-02T08:00:00Z"}}, "service_id is missing"),
        ([1], "a service is no object"),
        (service(started="2026-03-02"), "started is no object"),
        (service(completed={"timestamp": 1772438400000}), "1772438400000 is no instant"),
        (service(completed={"timestamp": "soon"}), "Invalid isoformat string: 'soon'"),
        (service(est_duration=1.5), "1.5 is not a whole number"),
        (service(est_duration=True), "true is not a whole number"),
        (service(est_duration=1 << 63), f"{1 << 63} has more than 64 bits"),
        (service(active_states={"state_id": 1}), "active_states is no list"),
        (service(active_states=[7]), "one of active_states is no object"),
        (service(completed_tasks=[{"task_id": []}]), "[] is not a whole number"),
    ],
)
def test_a_value_no_table_holds_sets_the_whole_service_aside_with_the_reason(record: Any, reason: str) -> None:
    rows, unreadable = made_of(service(), json.dumps(record), service())
    assert unreadable == [(1, reason)]
    assert len(rows["services"]) == 2
    assert not rows["service_states"]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 70), 1 << 70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["2026-03-02T08:00:00Z", "0001-01-01T00:00:00+02:00"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=3)
            | st.sampled_from(
                ["service_id", "started", "completed", "timestamp", "active_states", "state_id", "tasks", "ttl"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.lists(JSON | st.builds(lambda more: service() | more, st.dictionaries(st.text(max_size=9), JSON)), max_size=5)
)
def test_any_json_is_one_row_of_services_or_set_aside(records: list[Any]) -> None:
    rows, unreadable = made_of(*(json.dumps(record) for record in records))
    assert len(rows["services"]) + len(unreadable) == len(records)
    assert [row for row, _ in unreadable] == sorted({row for row, _ in unreadable})
    assert all(reason for _, reason in unreadable)


INSTANTS = st.integers(0, 1 << 42).map(lambda number: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=number))
OFFSETS = st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(-timedelta(hours=9, minutes=30))])
NAMES = st.text(min_size=1, max_size=8).map(lambda name: f"x {name}")


@st.composite
def events(draw: st.DrawFn) -> tuple[Json, datetime, Json]:
    """An event, its instant, and its extensions."""
    moment, extensions = draw(INSTANTS), draw(st.dictionaries(NAMES, JSON_VALUES, max_size=2))
    return {"timestamp": moment.astimezone(draw(OFFSETS)).isoformat(), **extensions}, moment, extensions


JSON_VALUES = (
    st.none() | st.booleans() | st.integers(-(1 << 60), 1 << 60) | st.text(max_size=5) | st.lists(st.text(max_size=3))
)


@given(st.data())
def test_every_part_and_every_extension_is_found_again(data: st.DataObject) -> None:
    start, started_at, in_start = data.draw(events())
    own = data.draw(st.dictionaries(NAMES, JSON_VALUES, max_size=3))
    record = service(started=start, **own)
    told = {("service", name): value for name, value in own.items()}
    told |= {("started", name): value for name, value in in_start.items()}
    lives = {}
    for number in data.draw(st.lists(st.integers(1, 99), unique=True, max_size=4)):
        event, moment, in_event = data.draw(events())
        end = data.draw(st.none() | events())
        state = {"state_id": number, "started": event} | ({} if end is None else {"completed": end[0]})
        record.setdefault("active_states" if end is None else "completed_states", []).append(state)
        lives[number] = (moment, end and end[1])
        told |= {(f"state {number}.started", name): value for name, value in in_event.items()}
        told |= {(f"state {number}.completed", name): value for name, value in (end[2] if end else {}).items()}
    rows, unreadable = made_of(msgspec.json.encode(record).decode())
    assert not unreadable
    assert rows["services"][0]["started_at"] == started_at
    assert {row["state_id"]: (row["started_at"], row["completed_at"]) for row in rows["service_states"]} == lives
    found = {(row["owner"], row["name"]): json.loads(row["value"]) for row in rows["service_extensions"]}
    assert found == told
