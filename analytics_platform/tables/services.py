"""Services of Context Services to their typed tables: the service, its states, its tasks, and all it carries beside.

A record is one service as `GET services/{id}` gives it, states and tasks within. Extensions have no schema and stand
among the ordinary fields, at any level: whatever is not the vendor's own field is one.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import pyarrow as pa

from analytics_platform.catalogue.services import END_FIELDS, SERVICES, START_FIELDS
from analytics_platform.tables.records import Unreadable
from analytics_platform.tables.schemas import table_schema
from analytics_platform.tables.surrogates import readable
from analytics_platform.tables.undecodable import UNDECODABLE

_SERVICE = {"service_id": "string", "service_type": "string", "customer_id": "string", "contact_key": "string"}
_STATE = {"state_id": "int64", "state_type": "string", "previous_state_id": "int64"}
_TASK = {"task_id": "int64", "task_type": "string", "state_id": "int64"}
_NESTED = {
    "states": ("active_states", "completed_states"),
    "tasks": ("active_tasks", "completed_tasks", "tasks"),
}
_EVENTS = {"started": START_FIELDS, "completed": END_FIELDS}
_LIFE = {"est_duration": "int64"}
# What a start event tells of its service once more, and the instant that is a column of its own.
_REPEATED = frozenset({"timestamp", "customer_id", "contact_key", "service_type", "state_type", "task_type"}) | {
    "est_duration",
    "service_id",
}
_LEAST = -(1 << 63)
_DECODER = msgspec.json.Decoder()
Rows = dict[str, list[dict[str, Any]]]


def named_by_the_vendor() -> frozenset[str]:
    """Every name of a field that is the vendor's own; whatever else a service carries is an extension."""
    own = (_SERVICE, _STATE, _TASK, *_NESTED.values(), _EVENTS, *_EVENTS.values(), _LIFE, _REPEATED)
    return frozenset(name for names in own for name in names)


def service_rows(
    raw: pa.Table, activity_day: pa.Array, as_of: pa.Array
) -> tuple[dict[str, pa.Table], tuple[Unreadable, ...]]:
    """The four tables of raw rows (columns `record` and `gone_at`), by name, and the rows no table can hold.

    `activity_day` (date32) and `as_of` (timestamp[ms, UTC]) tell for each row the delivery it was taken from. A row
    without a record makes none: its service is at home on another day now.
    """
    rows: Rows = {table.name: [] for table in SERVICES.tables}
    unreadable: list[Unreadable] = []
    told = zip(raw["record"].to_pylist(), raw["gone_at"].to_pylist(), activity_day, as_of, strict=True)
    for position, (record, gone_at, day, instant) in enumerate(told):
        if record is None:
            continue
        try:
            made = _service(decoded(record.encode()), gone_at)
        except (*UNDECODABLE, ValueError, OverflowError) as fault:
            unreadable.append(Unreadable(position, str(fault)))
            continue
        made["services"][0] |= {"activity_day": day.as_py(), "as_of": instant.as_py()}
        for name, found in made.items():
            rows[name] += found
    schemas = {table.name: table_schema(table) for table in SERVICES.tables}
    return {name: pa.Table.from_pylist(found, schema=schemas[name]) for name, found in rows.items()}, tuple(unreadable)


def decoded(record: bytes) -> dict[str, Any]:
    """A service as Python has it. Raises msgspec.DecodeError, ValueError where it is no object."""
    found = _DECODER.decode(readable(record))
    return _object(found, "a service")


def instant(text: object) -> datetime:
    """An instant as the vendor writes it, UTC; without an offset it is taken for what it always sends.

    Raises ValueError where it is none, OverflowError where no calendar reaches it.
    """
    if not isinstance(text, str):
        raise ValueError(f"{json.dumps(text)} is no instant")
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def text_of(value: Any) -> str:
    """What the vendor types `long or string`, as text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _service(record: dict[str, Any], gone_at: datetime | None) -> Rows:
    """The rows of one service. Raises ValueError or OverflowError where a value is not of its kind."""
    if record.get("service_id") is None:
        raise ValueError("service_id is missing")
    service_id = text_of(record["service_id"])
    own = _typed(record, _SERVICE | _LIFE) | _life(record) | {"gone_at": gone_at}
    # An anonymous service, or one whose customer came later, may tell it in its start event alone.
    started = _event(record, "started")
    for name in ("customer_id", "contact_key", "service_type", "est_duration"):
        if own.get(name) is None and started.get(name) is not None:
            own[name] = _value(started[name], (_SERVICE | _LIFE)[name])
    made: Rows = {"services": [own], "service_states": [], "service_tasks": [], "service_extensions": []}
    extensions = list(
        _extensions(record, "service", {*_SERVICE, *_LIFE, *_EVENTS, *_NESTED["states"], *_NESTED["tasks"]})
    )
    for state in _nested(record, "states"):
        made["service_states"].append(_typed(state, _STATE | _LIFE) | _life(state))
        owner = f"state {state.get('state_id')}"
        extensions += _extensions(state, owner, {*_STATE, *_LIFE, *_EVENTS, *_NESTED["tasks"]})
        for task in _nested(state, "tasks"):
            made["service_tasks"].append({"state_id": _value(state.get("state_id"), "int64")} | _task(task))
            extensions += _extensions(task, f"task {task.get('task_id')}", {*_TASK, *_LIFE, *_EVENTS})
    for task in _nested(record, "tasks"):
        made["service_tasks"].append(_task(task))
        extensions += _extensions(task, f"task {task.get('task_id')}", {*_TASK, *_LIFE, *_EVENTS})
    made["service_extensions"] = [
        {"owner": owner, "name": name, "value": json.dumps(value, ensure_ascii=False)}
        # A JSON object's keys have no order: two routes may give the same ones in different orders.
        for owner, name, value in sorted(extensions, key=lambda each: each[:2])
    ]
    for part in ("state", "task"):
        # By its id a part keeps its place when it is completed, and whether its state or the service told it.
        made[f"service_{part}s"].sort(key=lambda row: (row[f"{part}_id"] is None, row[f"{part}_id"] or 0))
        _number(made[f"service_{part}s"], f"{part}_index")
    _number(made["service_extensions"], "extension_index")
    for found in made.values():
        for row in found:
            row["service_id"] = service_id
    return made


def _number(rows: list[dict[str, Any]], index: str) -> None:
    for position, row in enumerate(rows):
        row[index] = position


def _task(task: dict[str, Any]) -> dict[str, Any]:
    told = _typed(task, _TASK | _LIFE) | _life(task)
    return {name: value for name, value in told.items() if name != "state_id" or value is not None}


def _nested(record: Mapping[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    for name in _NESTED[kind]:
        found = record.get(name)
        if found is not None and not isinstance(found, list):
            raise ValueError(f"{name} is no list")
        for each in found or ():
            yield _object(each, f"one of {name}")


def _event(record: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = record.get(name)
    return {} if found is None else _object(found, name)


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is no object")
    return value


def _typed(record: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    return {name: _value(record.get(name), kind) for name, kind in fields.items()}


def _life(record: Mapping[str, Any]) -> dict[str, Any]:
    """When it started and was completed, and the two events' own fields."""
    told: dict[str, Any] = {}
    for event, fields in _EVENTS.items():
        found = _event(record, event)
        told[f"{event}_at"] = _value(found.get("timestamp"), "instant")
        told |= {f"{event}_{name}": _value(found.get(name), kind) for name, kind in fields.items()}
    return told | {"active": not record.get("completed")}


def _extensions(record: Mapping[str, Any], owner: str, known: set[str]) -> Iterator[tuple[str, str, Any]]:
    for name, value in record.items():
        if name not in known:
            yield owner, name, value
    for event, fields in _EVENTS.items():
        for name, value in _event(record, event).items():
            if name not in fields and name not in _REPEATED:
                yield event if owner == "service" else f"{owner}.{event}", name, value


def _value(value: Any, kind: str) -> Any:
    """A value as its column's kind: what the vendor types `long or string` as text, an instant as UTC."""
    if value is None:
        return None
    if kind == "string":
        return text_of(value)
    return _whole(value) if kind == "int64" else instant(value)


def _whole(value: Any) -> int:
    """A whole number of 64 bits, also one sent as text. Raises ValueError where it is none."""
    fraction = isinstance(value, float) and not value.is_integer()
    if fraction or isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{json.dumps(value)} is not a whole number")
    number = int(value)
    if not _LEAST <= number <= -_LEAST - 1:
        raise ValueError(f"{number} has more than 64 bits")
    return number
