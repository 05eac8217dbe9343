"""An answer of an aggregate query becomes a row a bucket, group, metric and qualifier; nothing is lost unnoticed."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.catalogue.aggregates import AGGREGATES, STATISTICS, AggregateFamily, aggregate_family
from analytics_platform.catalogue.tables import snake_case
from analytics_platform.tables.aggregates import aggregate_rows
from analytics_platform.tables.answers import Tidy, UnreadableAnswer
from analytics_platform.tables.drift import Drift, Kind
from analytics_platform.tables.schemas import table_schema

SAMPLE = Path(__file__).parents[3] / "shared/samples/conversation_aggregates_query_2025.json"
CONVERSATIONS, USERS = aggregate_family("conversations"), aggregate_family("users")
FRACTIONS = {column.source for column in STATISTICS if column.type == "float64"}
BUCKET = "2026-03-02T00:00:00.000Z/2026-03-02T00:30:00.000Z"


def tidy_of(answer: object, family: AggregateFamily = CONVERSATIONS, group_by: tuple[str, ...] | None = None) -> Tidy:
    return aggregate_rows(family, family.group_by if group_by is None else group_by, json.dumps(answer).encode())


def one(**metric: Any) -> dict[str, Any]:
    """An answer with one metric in one bucket of one group."""
    data = [{"interval": BUCKET, "metrics": [{"metric": "nOffered", "stats": {"count": 1}} | metric]}]
    return {"results": [{"group": {"queueId": "q"}, "data": data}]}


def slowly(family: AggregateFamily, group_by: tuple[str, ...], answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The same rows by loops, each without what is absent."""
    systems = {
        presence: system
        for system, presences in answer.get("systemToOrganizationMappings", {}).items()
        for presence in presences
    }
    found = []
    for result in answer.get("results", []):
        for data in result["data"]:
            start, end = (datetime.fromisoformat(part) for part in data["interval"].split("/"))
            named = {snake_case(name): result["group"].get(name) for name in group_by}
            for told in data.get("metrics", []) + data.get("views", []):
                row = {"interval_start": start, "interval_end": end, **named, "metric": told.get("metric")}
                row |= {"qualifier": told.get("qualifier"), "view": told.get("name")}
                row |= {name: float(value) if name in FRACTIONS else value for name, value in told["stats"].items()}
                row |= {"system_presence": systems.get(told.get("qualifier"))} if family.has_presences else {}
                found.append({snake_case(name): value for name, value in row.items() if value is not None})
    return found


def present(tidy: Tidy) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if value is not None} for row in tidy.rows.to_pylist()]


def in_any_order(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True, default=datetime.isoformat) for row in rows)


NAMES = st.sampled_from(["a", "b", "ä\N{FIRE}", ""])
STATS = st.fixed_dictionaries(
    {},
    optional={
        str(column.source): st.integers(0, 2**62) if column.type == "int64" else st.integers(0, 2**40).map(float)
        for column in STATISTICS
    },
)
BUCKETS = st.integers(0, 47).map(
    lambda number: "/".join(
        f"{datetime(2026, 3, 2, tzinfo=UTC) + timedelta(minutes=30 * each):%Y-%m-%dT%H:%M:%S.000Z}"
        for each in (number, number + 1)
    )
)


@st.composite
def answers(draw: st.DrawFn, family: AggregateFamily) -> dict[str, Any]:
    metric = st.fixed_dictionaries(
        {"metric": st.sampled_from(family.metrics), "stats": STATS}, optional={"qualifier": NAMES}
    )
    view = st.fixed_dictionaries({"name": NAMES, "stats": STATS})
    data = st.fixed_dictionaries(
        {"interval": BUCKETS, "metrics": st.lists(metric, max_size=3)}, optional={"views": st.lists(view, max_size=2)}
    )
    group = st.dictionaries(st.sampled_from(family.group_by), NAMES)
    result = st.fixed_dictionaries({"group": group, "data": st.lists(data, max_size=3)})
    mappings = {"systemToOrganizationMappings": {"AWAY": ["a", "ä\N{FIRE}"], "BUSY": ["b"]}}
    return (mappings if family.has_presences else {}) | {"results": draw(st.lists(result, max_size=4))}


@given(family=st.sampled_from(AGGREGATES), data=st.data())
def test_every_value_of_an_answer_is_in_a_row_of_its_own_metric(family: AggregateFamily, data: st.DataObject) -> None:
    answer = data.draw(answers(family))
    tidy = tidy_of(answer, family)
    assert tidy.rows.schema == table_schema(family.table(family.group_by))
    assert in_any_order(present(tidy)) == in_any_order(slowly(family, family.group_by, answer))
    assert not tidy.differences and not tidy.unreadable


def test_rows_stand_in_the_order_of_their_key_whatever_the_answers_order() -> None:
    later = BUCKET.replace("T00:30", "T01:00").replace("T00:00", "T00:30")
    data = [
        {"interval": interval, "metrics": [{"metric": metric, "stats": {"count": 1}} for metric in metrics]}
        for interval, metrics in ((later, ["nOffered", "nConnected"]), (BUCKET, ["nOffered"]))
    ]
    results = [{"group": {"queueId": queue}, "data": data} for queue in ("b", "a")]
    tidy = tidy_of({"results": results}, group_by=("queueId",))
    key = ["interval_start", "queue_id", "metric"]
    rows = [tuple(row[name] for name in key) for row in tidy.rows.to_pylist()]
    assert rows == sorted(rows) and len(set(rows)) == 6
    assert tidy.rows.equals(tidy_of({"results": results[::-1]}, group_by=("queueId",)).rows)


def test_the_end_of_a_bucket_is_kept_as_the_vendor_tells_it() -> None:
    answer = one()
    answer["results"][0]["data"][0]["interval"] = "2026-03-02T00:00:00.000Z/2026-03-02T23:59:59.999Z"
    (row,) = tidy_of(answer).rows.to_pylist()
    assert row["interval_end"] == datetime(2026, 3, 2, 23, 59, 59, 999_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", [None, "", "x", "x/y", "2026-03-02", "2026-13-02T00:00:00Z/2026-03-02T00:30:00Z", f"{BUCKET}/x"]
)
def test_a_bucket_without_an_interval_keeps_its_values_and_is_noticed(text: str | None) -> None:
    answer = one()
    answer["results"][0]["data"][0]["interval"] = text
    tidy = tidy_of(answer)
    assert present(tidy) == [{"queue_id": "q", "metric": "nOffered", "count": 1}]
    assert tidy.differences[Drift("data.interval", Kind.WRONG_TYPE, "text")] == 1


@pytest.mark.parametrize(
    ("metric", "path", "kind"),
    [
        ({"stats": {"count": 1.5}}, "data.metrics.stats.count", Kind.NOT_WHOLE),
        ({"stats": {"count": 1, "p50": 3}}, "data.metrics.stats.p50", Kind.UNKNOWN_FIELD),
        ({"unit": "ms"}, "data.metrics.unit", Kind.UNKNOWN_FIELD),
    ],
)
def test_what_the_table_cannot_hold_is_noticed_in_each_group(metric: dict[str, Any], path: str, kind: Kind) -> None:
    odd, plain = one(**metric)["results"][0], one()["results"][0]
    tidy = tidy_of({"results": [plain] * 70 + [odd] + [plain] * 9})
    assert {(each.path, each.kind): count for each, count in tidy.differences.items()} == {(path, kind): 1}
    assert tidy.rows.num_rows == 80


def test_a_dimension_that_was_not_asked_for_is_noticed() -> None:
    tidy = tidy_of(one(), group_by=("mediaType",))
    assert tidy.differences == {Drift("group.queueId", Kind.UNKNOWN_FIELD, "text"): 1}
    assert tidy.rows["media_type"].to_pylist() == [None]


def test_a_group_no_row_can_be_made_of_is_set_aside_with_the_reason() -> None:
    unreadable, plain = one(metric=7)["results"][0], one()["results"][0]
    tidy = tidy_of({"results": [plain, unreadable, plain]})
    assert tidy.rows.num_rows == 2
    ((row, reason),) = [(each.row, each.reason) for each in tidy.unreadable]
    assert (row, reason) == (1, "data[0].metrics[0].metric: whole number where text is expected")


def test_a_statistic_that_is_none_is_null_beside_the_others() -> None:
    tidy = tidy_of(one(stats={"count": "many", "sum": 3.0}))
    (row,) = tidy.rows.to_pylist()
    assert (row["count"], row["sum"], tidy.unreadable) == (None, 3.0, ())
    assert tidy.differences == {Drift("data.metrics.stats.count", Kind.WRONG_TYPE, "text"): 1}


@pytest.mark.parametrize("text", [b"", b"[]", b"<html>", b'{"results": 1}', b'{"results": [', b"\xff"])
def test_an_answer_that_is_none_is_refused_in_a_sentence(text: bytes) -> None:
    with pytest.raises(UnreadableAnswer, match=r"^An answer cannot be made into rows: "):
        aggregate_rows(CONVERSATIONS, (), text)


@pytest.mark.parametrize("answer", [{}, {"results": None}, {"results": []}, {"results": [{"group": {}, "data": []}]}])
def test_an_answer_without_data_has_no_rows(answer: dict[str, Any]) -> None:
    tidy = tidy_of(answer)
    assert tidy.rows.num_rows == 0 and not tidy.differences


def test_the_presence_of_an_organization_is_resolved_by_the_answers_own_mapping() -> None:
    metrics = [
        {"metric": "tOrganizationPresence", "qualifier": "id-1", "stats": {"sum": 5.0}},
        {"metric": "tSystemPresence", "qualifier": "AWAY", "stats": {"sum": 5.0}},
    ]
    answer = {
        "systemToOrganizationMappings": {"AWAY": ["id-0", "id-1"], "BUSY": ["id-2"]},
        "results": [{"group": {"userId": "u"}, "data": [{"interval": BUCKET, "metrics": metrics}]}],
    }
    rows = tidy_of(answer, USERS).rows.to_pylist()
    assert [(row["qualifier"], row["system_presence"]) for row in rows] == [("id-1", "AWAY"), ("AWAY", None)]


@pytest.mark.skipif(not SAMPLE.exists(), reason=f"the real answer is not part of the project: no {SAMPLE.name}")
def test_a_real_answer_holds_nothing_unknown_and_loses_nothing() -> None:
    body = SAMPLE.read_bytes()
    tidy = aggregate_rows(CONVERSATIONS, ("mediaType", "queueId"), body)
    assert not tidy.differences and not tidy.unreadable
    expected = slowly(CONVERSATIONS, ("mediaType", "queueId"), json.loads(body))
    assert expected and in_any_order(present(tidy)) == in_any_order(expected)
