"""The acceptance test: what landed through Dagster from a server process is what the world says it should be."""

from typing import Any

import pytest

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, STREAMS, USER_DETAILS
from analytics_platform.catalogue.tables import Table, conversation_tables, status_tables
from analytics_platform_tests.defs.conftest import Landed
from analytics_platform_tests.defs.expected import (
    Key,
    Row,
    assert_same,
    expected_conversations,
    expected_statuses,
    rows_of,
)


@pytest.fixture(scope="module")
def conversations(landed: Landed) -> dict[str, dict[Key, Row]]:
    return expected_conversations(landed.org.truth_conversations(landed.days[0], landed.days[-1]))


@pytest.fixture(scope="module")
def statuses(landed: Landed) -> dict[str, dict[Key, Row]]:
    return expected_statuses(landed.org.truth_statuses(landed.days[0], landed.days[-1]))


def test_every_conversation_is_there_once_under_its_home_day(landed: Landed) -> None:
    for day in landed.days:
        ids = landed.workplace.lake.read("conversations", day)["conversation_id"].to_pylist()
        assert sorted(ids) == sorted(landed.org.truth_conversation_ids(day, day))
        assert len(ids) == 2000


@pytest.mark.parametrize("table", conversation_tables(), ids=lambda table: table.name)
def test_a_conversation_table_equals_the_truth(
    landed: Landed, conversations: dict[str, dict[Key, Row]], table: Table
) -> None:
    assert_same(rows_of(landed.workplace.lake, table, landed.days), conversations[table.name], table.name)


@pytest.mark.parametrize("table", status_tables(), ids=lambda table: table.name)
def test_a_status_table_equals_the_truth(landed: Landed, statuses: dict[str, dict[Key, Row]], table: Table) -> None:
    assert_same(rows_of(landed.workplace.lake, table, landed.days), statuses[table.name], table.name)


def test_conversations_that_began_before_the_first_day_are_kept_under_their_home_day(landed: Landed) -> None:
    lake = landed.workplace.lake
    earlier = [day for day in lake.days("conversations") if day < landed.days[0]]
    told: dict[str, Any] = {}
    for day in landed.days:
        raw = lake.read(CONVERSATION_DETAILS.raw.name, day)
        told |= {row["conversation_id"]: row for row in raw.to_pylist() if row["home_day"] < landed.days[0]}
    kept = [row for day in earlier for row in lake.read("conversations", day).to_pylist()]
    assert told, "the world has threads that began before the first day"
    assert sorted(row["conversation_id"] for row in kept) == sorted(told)


def test_the_tables_with_something_in_them_are_all_that_the_world_tells_of(
    conversations: dict[str, dict[Key, Row]], statuses: dict[str, dict[Key, Row]]
) -> None:
    told = {name for name, rows in {**conversations, **statuses}.items() if rows}
    assert {"conversations", "participants", "sessions", "segments", "session_metrics", "flows"} <= told
    assert {"participant_attributes", "user_primary_presence", "user_routing_status"} <= told


def test_nothing_was_set_aside(landed: Landed) -> None:
    lake = landed.workplace.lake
    for stream in STREAMS:
        assert not lake.days(stream.quarantine.name)
        assert not lake.days(stream.typed_quarantine.name)


def test_raw_holds_each_record_as_the_vendor_would_send_it_now(landed: Landed) -> None:
    import json

    lake = landed.workplace.lake
    told = {record["conversationId"]: record for record in landed.org.truth_conversations()}
    for day in landed.days:
        for row in lake.read(CONVERSATION_DETAILS.raw.name, day).to_pylist():
            if row["home_day"] in landed.days:
                assert json.loads(row["record"]) == told[row["conversation_id"]]
    assert lake.days(USER_DETAILS.raw.name) == landed.days
