"""The flattening of conversations against one that anybody can read."""

import json
import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_platform.catalogue.tables import conversation_tables
from analytics_platform.tables.conversations import MODEL, conversation_rows
from analytics_platform.tables.records import read_records
from analytics_platform.tables.schemas import INSTANT, record_schema, table_schema
from analytics_platform_tests.tables.generated_records import conversations
from analytics_platform_tests.tables.slow_flattener import slow_tables

DAY = date(2024, 2, 29)
AS_OF = datetime(2024, 3, 1, 6, tzinfo=UTC)


def _nested(records: Sequence[dict[str, Any]]) -> pa.Table:
    read = read_records(pa.array([json.dumps(record) for record in records], pa.string()), record_schema(MODEL))
    assert read.unreadable == ()
    return read.table


def _flat(nested: pa.Table) -> dict[str, list[dict[str, Any]]]:
    length = len(nested)
    days, instants = pa.repeat(pa.scalar(DAY), length), pa.repeat(pa.scalar(AS_OF, INSTANT), length)
    made = conversation_rows(nested, days, instants)
    for table in conversation_tables():
        made[table.name].validate(full=True)
        assert made[table.name].schema.equals(table_schema(table))
    return {name: rows.to_pylist() for name, rows in made.items()}


def _expected(records: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    slow = slow_tables(records)
    for row in slow["conversations"]:
        row.update(activity_day=DAY, as_of=AS_OF)
    return {table.name: slow[table.name] for table in conversation_tables()}


@settings(max_examples=50)
@given(conversations())
def test_tables_are_those_of_a_slow_and_obvious_flattener(records: list[dict[str, Any]]) -> None:
    assert _flat(_nested(records)) == _expected(records)


@settings(max_examples=50)
@given(conversations(max_size=6), st.integers(0, 6), st.integers(0, 6))
def test_a_slice_of_a_batch_becomes_the_rows_of_its_records_alone(
    records: list[dict[str, Any]], start: int, length: int
) -> None:
    assert _flat(_nested(records).slice(start, length)) == _expected(records[start : start + length])


@settings(max_examples=50)
@given(conversations(max_size=3), conversations(max_size=3))
def test_chunks_of_a_batch_are_one_batch(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> None:
    assert _flat(pa.concat_tables([_nested(first), _nested(second).slice(1)])) == _expected(first + second[1:])


def test_no_records_are_empty_tables() -> None:
    assert set(map(len, _flat(_nested([])).values())) == {0}
    assert set(map(len, _flat(record_schema(MODEL).empty_table()).values())) == {0}


def test_lists_that_are_null_but_hide_values_have_no_rows() -> None:
    whole = _nested([{"conversationId": "a", "participants": [{"participantId": "p"}]}])
    participants = whole["participants"].combine_chunks()
    hidden = pa.ListArray.from_arrays(participants.offsets, participants.values, mask=pa.array([True]))
    place = whole.schema.get_field_index("participants")
    made = _flat(whole.set_column(place, whole.schema.field(place), pa.chunked_array([hidden])))
    assert len(made["conversations"]) == 1 and made["participants"] == []


def test_whole_numbers_pass_thirty_two_bits() -> None:
    metric = {"name": "tConnected", "value": 5_173_038_302}
    session = {"sessionId": "s", "metrics": [metric], "eligibleAgentCounts": [2**40]}
    made = _flat(_nested([{"conversationId": "a", "participants": [{"sessions": [session]}]}]))
    assert made["session_metrics"][0]["value"] == 5_173_038_302
    assert made["sessions"][0]["eligible_agent_counts"] == [2**40]


@pytest.mark.parametrize(
    ("queues", "of_metric"),
    [((), None), ((None,), None), (("q1", None), "q1"), (("q1", "q2", None), "q2"), ((None, "q3"), "q3")],
)
def test_a_metric_is_told_the_queue_of_the_last_segment_that_names_one(
    queues: tuple[str | None, ...], of_metric: str | None
) -> None:
    session = {"segments": [{"queueId": queue} for queue in queues], "metrics": [{"name": "tTalk", "value": 1}]}
    neighbour = {"segments": [{"queueId": "another"}]}
    made = _flat(_nested([{"conversationId": "a", "participants": [{"sessions": [neighbour, session, neighbour]}]}]))
    assert [row["queue_id"] for row in made["session_metrics"]] == [of_metric]


def test_every_child_has_its_parent_and_no_key_comes_twice() -> None:
    record = {
        "conversationId": "a",
        "participants": [
            {
                "sessions": [{"segments": [{}, {}], "flow": {"outcomes": [{}]}}, {"metrics": [{}]}],
                "attributes": {"k": "v"},
            },
            {"sessions": [{"segments": [{"properties": [{}], "scoredAgents": [{}, {}]}]}]},
        ],
    }
    made = _flat(_nested([record, {**record, "conversationId": "b"}]))
    for table in conversation_tables():
        keys = [tuple(row[name] for name in table.key) for row in made[table.name]]
        assert len(keys) == len(set(keys))
        if table.parent is not None:
            above = {tuple(row[name] for name in table.parent.key) for row in made[table.parent.name]}
            assert {key[: len(table.parent.key)] for key in keys} <= above


def test_a_number_too_great_for_a_float_is_infinite_and_not_an_error() -> None:
    read = read_records(pa.array(['{"mediaStatsMinConversationMos":1e400}']), record_schema(MODEL))
    assert math.isinf(read.table["mediaStatsMinConversationMos"][0].as_py())
