"""Presences and routing statuses: flat rows of user records, and of each status the newest version."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_platform.catalogue.tables import status_tables, table
from analytics_platform.tables.records import read_records
from analytics_platform.tables.schemas import INSTANT, record_schema, table_schema
from analytics_platform.tables.statuses import MODEL, newest_statuses, status_rows
from analytics_platform_tests.tables.generated_records import users
from analytics_platform_tests.tables.slow_flattener import slow_statuses

DAY = date(2024, 2, 29)
AS_OF = datetime(2024, 3, 1, 6, tzinfo=UTC)
ROUTING = table("user_routing_status")


@settings(max_examples=50)
@given(users(max_size=5), st.integers(0, 2))
def test_rows_are_those_of_a_slow_and_obvious_flattener(records: list[dict[str, Any]], start: int) -> None:
    texts = pa.array([json.dumps(record) for record in records], pa.string())
    nested = read_records(texts, record_schema(MODEL)).table.slice(start)
    days, instants = pa.repeat(pa.scalar(DAY), len(nested)), pa.repeat(pa.scalar(AS_OF, INSTANT), len(nested))
    made = status_rows(nested, days, instants)
    slow = slow_statuses(records[start:])
    for one in status_tables():
        assert made[one.name].schema.equals(table_schema(one))
        provenance = {"activity_day": DAY, "as_of": AS_OF}
        assert made[one.name].to_pylist() == [{**row, **provenance} for row in slow[one.name]]


def _at(minute: int | None) -> datetime | None:
    return None if minute is None else datetime(2024, 2, 29, 8, tzinfo=UTC) + timedelta(minutes=minute)


def _version(user: str, start: int, end: int | None, value: str | None, asked: int, day: int = 0) -> dict[str, Any]:
    return {
        "user_id": user,
        "start_time": _at(start),
        "end_time": _at(end),
        "routing_status": value,
        "activity_day": DAY + timedelta(days=day),
        "as_of": AS_OF + timedelta(hours=asked),
    }


def _newest(versions: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
    made = newest_statuses(pa.Table.from_pylist(list(versions), table_schema(ROUTING)), ROUTING)
    assert made.schema.equals(table_schema(ROUTING))
    names = ("user_id", "start_time", "end_time", "routing_status")
    return [tuple(row[name] for name in names) for row in made.to_pylist()]


def _row(user: str, start: int, end: int | None, value: str | None) -> tuple[Any, ...]:
    return (user, _at(start), _at(end), value)


def test_no_versions_are_no_statuses() -> None:
    for one in status_tables():
        assert newest_statuses(table_schema(one).empty_table(), one).equals(table_schema(one).empty_table())


def test_a_status_that_was_open_is_closed_by_its_later_version() -> None:
    versions = [_version("u", 0, 30, "IDLE", asked=2), _version("u", 0, None, "IDLE", asked=1)]
    assert _newest(versions) == _newest(versions[::-1]) == [_row("u", 0, 30, "IDLE")]


def test_a_status_may_open_again_and_change_its_value() -> None:
    versions = [_version("u", 0, 30, "IDLE", asked=1), _version("u", 0, None, "OFF_QUEUE", asked=2)]
    assert _newest(versions) == [_row("u", 0, None, "OFF_QUEUE")]


def test_statuses_of_no_length_stand_beside_the_one_that_lasts() -> None:
    versions = [
        _version("u", 0, 0, "IDLE", asked=1),
        _version("u", 0, 0, "OFF_QUEUE", asked=1),
        _version("u", 0, 10, "IDLE", asked=1),
    ]
    expected = [_row("u", 0, 0, "IDLE"), _row("u", 0, 0, "OFF_QUEUE"), _row("u", 0, 10, "IDLE")]
    assert _newest(versions) == _newest(versions[::-1]) == expected


def test_a_status_of_no_length_delivered_twice_is_one() -> None:
    versions = [_version("u", 0, 0, "IDLE", asked=1), _version("u", 0, 0, "IDLE", asked=2, day=1)]
    assert _newest(versions) == [_row("u", 0, 0, "IDLE")]


def test_an_open_status_gives_way_when_it_turns_out_to_have_had_no_length() -> None:
    versions = [
        _version("u", 0, None, "IDLE", asked=1),
        _version("u", 0, 0, "IDLE", asked=2),
        _version("u", 0, 20, "INTERACTING", asked=2),
    ]
    assert _newest(versions) == [_row("u", 0, 0, "IDLE"), _row("u", 0, 20, "INTERACTING")]


def test_of_two_deliveries_asked_for_at_once_the_later_activity_day_holds() -> None:
    versions = [_version("u", 0, 20, "IDLE", asked=1, day=1), _version("u", 0, None, "IDLE", asked=1, day=0)]
    assert _newest(versions) == _newest(versions[::-1]) == [_row("u", 0, 20, "IDLE")]


def test_users_do_not_share_statuses_and_values_may_be_absent() -> None:
    versions = [_version("b", 0, 5, None, asked=1), _version("a", 0, 5, "IDLE", asked=1)]
    assert _newest(versions) == [_row("a", 0, 5, "IDLE"), _row("b", 0, 5, None)]


_VERSIONS = st.builds(
    _version,
    st.sampled_from(["u", "v"]),
    st.integers(0, 2),
    st.sampled_from([None, 0, 1, 2, 3]),
    st.sampled_from(["IDLE", "OFF_QUEUE", None]),
    asked=st.integers(0, 2),
    day=st.integers(0, 2),
)


def _one_a_delivery(versions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One delivery tells a status once: no two versions of it were asked for at once for the same day."""
    told = {}
    for version in versions:
        lasting = version["start_time"] != version["end_time"]
        value = None if lasting else version["routing_status"]
        identity = (version["user_id"], version["start_time"], lasting, value)
        told[*identity, version["as_of"], version["activity_day"]] = version
    return list(told.values())


@settings(max_examples=50)
@given(st.lists(_VERSIONS, max_size=10).map(_one_a_delivery), st.randoms(use_true_random=False))
def test_the_newest_versions_do_not_depend_on_the_order_of_versions(versions: list[dict[str, Any]], dice: Any) -> None:
    shuffled = dice.sample(versions, len(versions))
    assert _newest(shuffled) == _newest(versions)


@settings(max_examples=50)
@given(st.lists(_VERSIONS, max_size=10).map(_one_a_delivery))
def test_no_user_has_two_lasting_statuses_from_one_start_and_none_is_lost(versions: list[dict[str, Any]]) -> None:
    made = _newest(versions)
    lasting = [row[:2] for row in made if row[1] != row[2]]
    assert len(lasting) == len(set(lasting))
    assert {row[:2] for row in made} == {(v["user_id"], v["start_time"]) for v in versions}


@pytest.mark.parametrize("one", status_tables(), ids=lambda one: one.name)
def test_the_newest_of_the_newest_is_the_same(one: Any) -> None:
    rows = [{"user_id": "u", "start_time": _at(0), "activity_day": DAY, "as_of": AS_OF}] * 2
    once = newest_statuses(pa.Table.from_pylist(rows, table_schema(one)), one)
    assert len(once) == 1 and newest_statuses(once, one).equals(once)
