"""What differs between two landings of one day: which records were added, changed or removed, and in which fields."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
import pyarrow as pa

from analytics_platform.tables.surrogates import readable
from analytics_platform.tables.undecodable import UNDECODABLE

ADDED, CHANGED, REMOVED = "added", "changed", "removed"
KINDS = (ADDED, CHANGED, REMOVED)
MOST_FIELDS = 50


@dataclass(frozen=True)
class Difference:
    """A record that only one of two landings holds, or that they hold otherwise; `fields` are paths."""

    id: str
    kind: str
    fields: tuple[str, ...] = ()
    home_day: date | None = None


def differences(before: pa.Table, after: pa.Table) -> Iterator[Difference]:
    """What became of each record from `before` to `after`, in the order of ids; equal ones are passed over.

    Both tables hold the id in the first column and the record as JSON in `record`, and may hold `home_day`. Of several
    rows with one id the last counts. Records that differ in spelling alone, such as the order of fields, are equal.
    """
    old, new = _last_rows(before), _last_rows(after)
    for key in sorted(old.keys() | new.keys()):
        if key not in new:
            yield Difference(key, REMOVED)
        elif key not in old:
            yield Difference(key, ADDED, (), _home_day(after, new[key]))
        else:
            fields = changed_fields(_record(before, old[key]), _record(after, new[key]))
            if fields is None or fields:
                yield Difference(key, CHANGED, fields or (), _home_day(after, new[key]))


def changed_fields(before: str, after: str) -> tuple[str, ...] | None:
    """The paths of what differs between two JSON objects, sorted, at most MOST_FIELDS; None where one is no JSON.

    A path names fields, `participants.sessions.ani`, without the places in lists: elements are compared by their
    place, as the typed tables know them by it. A list of another length is told by its own path, beside what differs
    among the elements both have. A field that only one has is told by its path, without what lies below.
    """
    if before == after:
        return ()
    try:
        old, new = _decoded(before), _decoded(after)
    except UNDECODABLE:
        return None
    found: set[str] = set()
    _differing(old, new, "", found)
    return tuple(sorted(found)[:MOST_FIELDS])


_ABSENT = object()


def _differing(before: Any, after: Any, path: str, found: set[str]) -> None:
    """Add to `found` the paths of what differs at a path and below it."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in before.keys() | after.keys():
            one, other = before.get(name, _ABSENT), after.get(name, _ABSENT)
            if type(one) is str and one == other:
                continue  # most values are texts that stayed: no path is made for them
            _differing(one, other, f"{path}.{name}" if path else name, found)
    elif isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            found.add(path)
        for one, other in zip(before, after, strict=False):
            _differing(one, other, path, found)
    elif isinstance(before, bool) is not isinstance(after, bool) or before != after:  # True == 1 in Python, not in JSON
        found.add(path)


def _decoded(record: str) -> Any:
    try:
        return msgspec.json.decode(record)
    except msgspec.DecodeError:
        return msgspec.json.decode(readable(record.encode()))


def _last_rows(rows: pa.Table) -> dict[str, int]:
    return {key: row for row, key in enumerate(rows[rows.column_names[0]].to_pylist())}


def _record(rows: pa.Table, row: int) -> str:
    return rows["record"][row].as_py() or ""


def _home_day(rows: pa.Table, row: int) -> date | None:
    home_day: date | None = rows["home_day"][row].as_py() if "home_day" in rows.column_names else None
    return home_day
