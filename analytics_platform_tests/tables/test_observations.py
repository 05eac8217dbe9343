"""An answer about what is going on now becomes one row a group, metric and qualifier."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.catalogue.aggregates import STATISTICS
from analytics_platform.catalogue.observations import OBSERVATIONS, ObservationFamily, observation_family
from analytics_platform.catalogue.tables import snake_case
from analytics_platform.tables.answers import Tidy, UnreadableAnswer
from analytics_platform.tables.drift import Kind
from analytics_platform.tables.observations import observation_rows
from analytics_platform.tables.schemas import table_schema

SAMPLE = Path(__file__).parents[3] / "shared/samples/queue_observations_query_2025.json"
TICK = datetime(2026, 3, 2, 10, 5, tzinfo=UTC)
TAKEN_AT = datetime(2026, 3, 2, 10, 5, 3, 250_000, tzinfo=UTC)
QUEUES = observation_family("queues")
FAMILIES = pytest.mark.parametrize("family", OBSERVATIONS, ids=lambda family: str(family.name))


def _tidy(answer: object, family: ObservationFamily = QUEUES) -> Tidy:
    return observation_rows(family, json.dumps(answer).encode(), TICK, TAKEN_AT)


def _slowly(family: ObservationFamily, answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The same rows by a loop, each without what is absent."""
    systems = {
        presence: system
        for system, presences in answer.get("systemToOrganizationMappings", {}).items()
        for presence in presences
    }
    found = []
    for result in answer.get("results", []):
        for told in result.get("data", []):
            row: dict[str, Any] = {"tick": TICK, "taken_at": TAKEN_AT}
            row |= {snake_case(name): result["group"].get(name) for name in family.dimensions}
            row |= {"metric": told["metric"], "qualifier": told.get("qualifier"), "truncated": told.get("truncated")}
            row |= {snake_case(name): value for name, value in told.get("stats", {}).items()}
            row["system_presence"] = systems.get(told.get("qualifier", ""))
            found.append({name: value for name, value in row.items() if value is not None})
    return found


def _rows(tidy: Tidy) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if value is not None} for row in tidy.rows.to_pylist()]


_NAMES = st.sampled_from(["a", "b", "ä\N{FIRE}", ""])
_STATS = st.fixed_dictionaries(
    {},
    optional={
        str(column.source): st.integers(0, 2**53) if column.type == "int64" else st.integers(0, 2**40).map(float)
        for column in STATISTICS
    },
)
_DATA = st.fixed_dictionaries(
    {"metric": _NAMES}, optional={"qualifier": _NAMES, "stats": _STATS, "truncated": st.booleans()}
)
_RESULTS = st.fixed_dictionaries(
    {"group": st.dictionaries(st.sampled_from(["queueId", "mediaType", "userId"]), _NAMES)},
    optional={"data": st.lists(_DATA, max_size=4)},
)
_ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "results": st.lists(_RESULTS, max_size=4),
        "systemToOrganizationMappings": st.fixed_dictionaries({}, optional={"AWAY": st.just(["a"])}),
    },
)


@given(answer=_ANSWERS)
def test_rows_are_those_a_loop_over_the_answer_makes(answer: dict[str, Any]) -> None:
    tidy = _tidy(answer)
    assert tidy.rows.schema == table_schema(QUEUES.table)
    assert _rows(tidy) == _slowly(QUEUES, answer) and not tidy.unreadable and not tidy.differences


@FAMILIES
def test_every_family_has_its_own_groups_and_an_empty_answer_no_rows(family: ObservationFamily) -> None:
    group = {name: f"one {name}" for name in family.dimensions}
    answer = {"results": [{"group": group, "data": [{"metric": "o", "stats": {"count": 3}}]}]}
    (row,) = _rows(_tidy(answer, family))
    assert {name: row[snake_case(name)] for name in family.dimensions} == group and row["count"] == 3
    for empty in ({}, {"results": []}, {"results": None}):
        assert _tidy(empty, family).rows.equals(table_schema(family.table).empty_table())


def test_a_group_no_row_can_be_made_of_is_told_and_the_others_are_there() -> None:
    fine = {"group": {"queueId": "q"}, "data": [{"metric": "oWaiting", "stats": {"count": 1}}]}
    broken = {"group": {"queueId": "q"}, "data": [{"metric": 7}]}
    tidy = _tidy({"results": [fine, broken]})
    assert [row["metric"] for row in _rows(tidy)] == ["oWaiting"]
    assert [fault.row for fault in tidy.unreadable] == [1]


def test_what_the_catalogue_does_not_know_and_a_count_that_is_not_whole_are_told() -> None:
    data = [{"metric": "oWaiting", "stats": {"count": 1.5, "median": 2}}]
    found = _tidy({"results": [{"group": {"queueId": "q"}, "data": data}]}).differences
    assert {(place.path, place.kind) for place in found} == {
        ("data.stats.count", Kind.NOT_WHOLE),
        ("data.stats.median", Kind.UNKNOWN_FIELD),
    }


@pytest.mark.parametrize("answer", [b"[]", b"{", b'{"results": 5}', b'{"results": [{"group": {"queueId": "\xff"}}]}'])
def test_an_answer_of_another_shape_is_refused_in_one_sentence(answer: bytes) -> None:
    with pytest.raises(UnreadableAnswer, match=r"^An answer cannot be made into rows: .*; raw keeps it as it came\.$"):
        observation_rows(QUEUES, answer, TICK, TAKEN_AT)


@pytest.mark.skipif(not SAMPLE.exists(), reason=f"the real answer is not part of the project: no {SAMPLE.name}")
def test_a_real_answer_passes_through_whole() -> None:
    text = SAMPLE.read_bytes()
    tidy = observation_rows(QUEUES, text, TICK, TAKEN_AT)
    assert not tidy.unreadable and not tidy.differences
    rows = _rows(tidy)
    assert rows == _slowly(QUEUES, json.loads(text)) and len(rows) > 20
    assert {row["metric"] for row in rows} <= set(QUEUES.metrics)
    assert len({tuple(row.get(name) for name in QUEUES.table.key) for row in rows}) == len(rows)
