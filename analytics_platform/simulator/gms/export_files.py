"""What stands in the files of an export: one a type of data as CSV, or JSON of whole services or of each type.

How a CSV is laid out no source tells. Here: a column for each field of the vendor's model, the two events' under
`started_` and `completed_`; then one for each extension that occurs, its cells JSON. An absent value is an empty cell.
"""

import gzip
import zipfile
from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any

import msgspec

from analytics_platform.catalogue.services import END_FIELDS, START_FIELDS
from analytics_platform.simulator.api.exporting.files import csv_file
from analytics_platform.simulator.assumptions import Assumptions

Told = dict[str, Any]
KINDS = ("services", "states", "tasks")
_OWN = {
    "services": ("service_id", "service_type", "customer_id", "contact_key", "est_duration"),
    "states": ("service_id", "state_id", "state_type", "previous_state_id", "est_duration"),
    "tasks": ("service_id", "task_id", "task_type", "state_id", "est_duration"),
}
_EVENTS = {"started": ("timestamp", *START_FIELDS), "completed": ("timestamp", *END_FIELDS)}
_LISTS = ("active_states", "completed_states", "active_tasks", "completed_tasks")


def export_files(services: list[Told], form: str, assumed: Assumptions) -> dict[str, bytes]:
    """The content of each file by its type of data, of services as a reading by id tells all of them."""
    if form == "json" and assumed.gms_json_files == "one":
        return {"services": msgspec.json.encode(services)}
    rows = {
        "services": [{name: value for name, value in told.items() if name not in _LISTS} for told in services],
        "states": [_without_tasks(state) for told in services for state in _states(told)],
        "tasks": [task for told in services for task in _tasks(told)],
    }
    if form == "json":
        return {kind: msgspec.json.encode(rows[kind]) for kind in KINDS}
    return {kind: _csv(kind, rows[kind], assumed) for kind in KINDS}


def packed(content: bytes, name: str, how: str) -> bytes:
    """The content as it is, as gzip (gz), or as the one member of a zip named `name`."""
    if how == "gz":
        return gzip.compress(content, 1, mtime=0)
    if how != "zip":
        return content
    told = BytesIO()
    with zipfile.ZipFile(told, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), content)
    return told.getvalue()


def _states(told: Told) -> Iterable[Told]:
    return ({"service_id": told["service_id"], **state} for name in _LISTS[:2] for state in told[name])


def _tasks(told: Told) -> Iterable[Told]:
    own = {"service_id": told["service_id"]}
    for state in _states(told):
        yield from ({**own, "state_id": state["state_id"], **task} for task in state.get("tasks", ()))
    yield from ({**own, **task} for name in _LISTS[2:] for task in told[name])


def _without_tasks(state: Told) -> Told:
    return {name: value for name, value in state.items() if name != "tasks"}


def _csv(kind: str, rows: list[Told], assumed: Assumptions) -> bytes:
    fields = [*_OWN[kind], *(f"{event}_{name}" for event, names in _EVENTS.items() for name in names)]
    flat = [_flat(row, frozenset(_OWN[kind])) for row in rows]
    columns = [*fields, *sorted({name for row in flat for name in row} - {*fields})]
    lines = [columns, *([row.get(name, "") for name in columns] for row in flat)]
    told = csv_file(lines, assumed.gms_csv_separator, bom=False, quote_all=False)
    return told.decode().encode(assumed.gms_csv_encoding, errors="replace")


def _flat(row: Mapping[str, Any], own: frozenset[str]) -> dict[str, str]:
    """A row's cells by column."""
    cells: dict[str, str] = {}
    for name, value in row.items():
        if name in _EVENTS:
            cells |= {f"{name}_{key}": _cell(told, key in _EVENTS[name]) for key, told in value.items()}
        else:
            cells[name] = _cell(value, name in own)
    return cells


def _cell(value: Any, own: bool) -> str:
    return str(value) if own else msgspec.json.encode(value).decode()
