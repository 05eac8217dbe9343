"""What differs between two landings of a day, record by record and path by path."""

import json
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.tables.restatements import (
    ADDED,
    CHANGED,
    MOST_FIELDS,
    REMOVED,
    Difference,
    changed_fields,
    differences,
)

_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.floats(-1, 1).map(lambda x: round(x, 1))
    | st.text("aé", max_size=2)
)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
_RECORDS = st.dictionaries(st.sampled_from("abc"), _TREES, max_size=3)
_DAYS = st.dictionaries(st.text("xyz", min_size=1, max_size=2), _RECORDS, max_size=6)


def _canonical(value: Any) -> Any:
    """A value that equals another exactly where JSON says the same: `true` is not 1, and 1 is 1.0."""
    if isinstance(value, dict):
        return {name: _canonical(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_canonical(each) for each in value]
    return ("bool", value) if isinstance(value, bool) else value


def _rows(records: list[tuple[str, dict[str, Any]]]) -> pa.Table:
    ids, told = [key for key, _ in records], [json.dumps(record) for _, record in records]
    homes = pa.array([date(2026, 3, 1)] * len(records), pa.date32())
    return pa.table({"id": pa.array(ids, pa.string()), "record": pa.array(told, pa.string()), "home_day": homes})


@given(_DAYS, _DAYS, st.randoms(use_true_random=False), st.booleans())
def test_the_difference_of_two_days_is_that_of_two_dictionaries(
    before: dict[str, Any], after: dict[str, Any], order: Any, repeated: bool
) -> None:
    old, new = list(before.items()), list(after.items())
    order.shuffle(old)
    order.shuffle(new)
    if repeated:  # an older version came first
        new = [(key, {"a": "older"}) for key in after] + new
    found = {each.id: each for each in differences(_rows(old), _rows(new))}
    changed = {key for key in before.keys() & after.keys() if _canonical(before[key]) != _canonical(after[key])}
    assert {key for key, each in found.items() if each.kind == ADDED} == after.keys() - before.keys()
    assert {key for key, each in found.items() if each.kind == REMOVED} == before.keys() - after.keys()
    assert {key for key, each in found.items() if each.kind == CHANGED} == changed
    assert all(found[key].fields for key in changed) and list(found) == sorted(found)


@given(_RECORDS, _RECORDS)
def test_paths_are_the_same_in_both_directions_and_none_where_records_say_the_same(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    one, other = json.dumps(before), json.dumps(after, indent=1)
    fields = changed_fields(one, other)
    assert fields == changed_fields(other, one)
    assert (fields == ()) == (_canonical(before) == _canonical(after))


@pytest.mark.parametrize(
    ("before", "after", "fields"),
    [
        ('{"a":1,"b":2}', '{"b":2,"a":1.0}', ()),
        ('{"a":[{"b":1},{"b":2}]}', '{"a":[{"b":1},{"b":3}]}', ("a.b",)),
        ('{"a":[{"b":1}]}', '{"a":[{"b":1},{"b":2,"c":3}]}', ("a",)),
        ('{"a":[{"b":1}]}', '{"a":[{"b":2},{"b":2}]}', ("a", "a.b")),
        ('{"a":[1,2]}', '{"a":[2,1]}', ("a",)),
        ("{}", '{"evaluations":[{"x":1}]}', ("evaluations",)),
        ('{"a":null}', "{}", ("a",)),
        ('{"a":true}', '{"a":1}', ("a",)),
        ('{"a":{"b":1}}', '{"a":[1]}', ("a",)),
        ('{"a":"\\ud83d","b":1}', '{"a":"\\ud83d","b":2}', ("b",)),
    ],
)
def test_a_path_names_fields_and_no_places(before: str, after: str, fields: tuple[str, ...]) -> None:
    assert changed_fields(before, after) == fields


def test_a_record_has_at_most_fifty_paths() -> None:
    before = json.dumps({f"f{number:03d}": 0 for number in range(80)})
    after = json.dumps({f"f{number:03d}": 1 for number in range(80)})
    assert changed_fields(before, after) == tuple(f"f{number:03d}" for number in range(MOST_FIELDS))


def test_of_a_removed_record_only_the_id_is_told_and_what_is_no_json_counts_as_changed() -> None:
    before, after = _rows([("x", {"a": 1}), ("y", {"a": 1})]), _rows([("y", {"a": 1})])
    broken = after.set_column(1, "record", pa.array(["{"]))
    assert list(differences(before, after)) == [Difference("x", REMOVED)]
    assert list(differences(before, broken))[1] == Difference("y", CHANGED, (), date(2026, 3, 1))
