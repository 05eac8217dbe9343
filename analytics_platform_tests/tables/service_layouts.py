"""Services as reading them by id gives them, drawn at random, and the same written to files in one of many layouts."""

import csv
import io
import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from analytics_platform.catalogue.service_files import KINDS, ServiceFileName
from analytics_platform.catalogue.services import END_FIELDS, START_FIELDS
from analytics_platform.tables.service_files import ServiceFile

Told = dict[str, Any]
STAMP = "export20260303_160508_183"
LISTS = ("active_states", "completed_states", "active_tasks", "completed_tasks")

_WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\ufeff", exclude_categories=["Cs"]), max_size=9)
_INSTANTS = st.integers(1_600_000_000_000, 1_800_000_000_000).map(
    lambda at: datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
)
_NUMBERS = st.integers(0, 2**31)
_TYPES = st.sampled_from([3, "17", 'waiting; "for"\nagent', "é|\t,"])
_EXTENSIONS = st.dictionaries(
    st.sampled_from(["Contract", "visited pages", "Größe", "note; of, all\n", "x.y"]),
    st.recursive(
        st.none() | st.booleans() | _NUMBERS | st.floats(allow_nan=False, allow_infinity=False) | _WORDS,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_WORDS, inner, max_size=2),
        max_leaves=4,
    ),
    max_size=3,
)


def _fields(fields: dict[str, str]) -> st.SearchStrategy[Told]:
    def values(name: str, kind: str) -> st.SearchStrategy[Any]:
        if kind == "int64":
            return _NUMBERS
        return _INSTANTS if kind == "instant" else _TYPES if name.endswith("_type") else _WORDS.filter(bool)

    return st.fixed_dictionaries({}, optional={name: values(name, kind) for name, kind in fields.items()})


@st.composite
def _life(draw: st.DrawFn) -> Told:
    told: Told = {"started": {"timestamp": draw(_INSTANTS), **draw(_fields(START_FIELDS)), **draw(_EXTENSIONS)}}
    if draw(st.booleans()):
        told["completed"] = {"timestamp": draw(_INSTANTS), **draw(_fields(END_FIELDS))}
    return told


@st.composite
def _parts(draw: st.DrawFn, kind: str) -> list[Told]:
    found = []
    for number in range(1, draw(st.integers(0, 3)) + 1):
        part: Told = {f"{kind}_id": number}
        part |= draw(st.fixed_dictionaries({}, optional={f"{kind}_type": _TYPES, "est_duration": _NUMBERS}))
        if kind == "task" and draw(st.booleans()):
            part["state_id"] = 1
        found.append(part | draw(_life()) | draw(_EXTENSIONS))
    return found


@st.composite
def services(draw: st.DrawFn) -> list[Told]:
    """Some services, each as reading it by its id with all flags tells it."""
    found: list[Told] = []
    for number in range(draw(st.integers(0, 4))):
        told: Told = {"service_id": f"{number}-{draw(st.uuids())}"}
        own = {"service_type": _TYPES, "customer_id": _WORDS.filter(bool), "est_duration": _NUMBERS}
        told |= draw(st.fixed_dictionaries({}, optional=own))
        told |= draw(_life()) | draw(_EXTENSIONS) | {name: [] for name in LISTS}
        for kind in ("state", "task"):
            for part in draw(_parts(kind)):
                told[f"{'completed' if 'completed' in part else 'active'}_{kind}s"].append(part)
        found.append(told)
    return found


@dataclass(frozen=True)
class Layout:
    """How files are written."""

    form: str = "csv"
    delimiter: str = ","
    quoting: int = csv.QUOTE_MINIMAL
    line_end: str = "\r\n"
    encoding: str = "utf-8"
    shuffled: int | None = None
    """Seed of the columns' order; None leaves it."""
    upper: bool = False
    """Headings of the vendor's fields in capitals."""
    one_column: bool = False
    """A service's own extensions as one JSON object."""
    three: bool = False
    """JSON in three files."""


LAYOUTS = st.builds(
    Layout,
    form=st.sampled_from(["csv", "json"]),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    shuffled=st.none() | st.integers(0, 9),
    upper=st.booleans(),
    one_column=st.booleans(),
    three=st.booleans(),
)


def written(told: list[Told], layout: Layout = Layout()) -> list[ServiceFile]:
    """The files of an export of services."""
    rows = {
        "services": [{name: value for name, value in each.items() if name not in LISTS} for each in told],
        "states": [{"service_id": each["service_id"], **s} for each in told for name in LISTS[:2] for s in each[name]],
        "tasks": [{"service_id": each["service_id"], **t} for each in told for name in LISTS[2:] for t in each[name]],
    }
    if layout.form == "json":
        kinds = {"services": told} if not layout.three else rows
        return [_file(kind, "json", json.dumps(kinds[kind]).encode()) for kind in kinds]
    return [_file(kind, "csv", _csv(kind, rows[kind], layout)) for kind in KINDS]


def _file(kind: str, form: str, content: bytes) -> ServiceFile:
    name = ServiceFileName.of(f"{STAMP}_{kind}.{form}")
    assert name is not None
    return ServiceFile(name, content)


def _csv(kind: str, rows: list[Told], layout: Layout) -> bytes:
    flat = [_flat(row, layout.one_column and kind == "services") for row in rows]
    columns = ["service_id", *sorted({name for row in flat for name in row} - {"service_id"})]
    if layout.shuffled is not None:
        random.Random(layout.shuffled).shuffle(columns)
    headings = [name.upper() if layout.upper and name in _OWN else name for name in columns]
    cells = [headings, *([row.get(name, "") for name in columns] for row in flat)]
    return "".join(_line(each, layout) for each in cells).encode(layout.encoding)


def _line(cells: list[str], layout: Layout) -> str:
    """One row; the writer quotes a carriage return in a value only where lines end with one too (until Python 3.13)."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=layout.delimiter, quoting=layout.quoting, lineterminator="\r\n").writerow(cells)
    return text.getvalue().removesuffix("\r\n") + layout.line_end


_PLAIN = {"service_id", "service_type", "customer_id", "est_duration", "state_id", "state_type", "task_id", "task_type"}
_OWN = _PLAIN | {"started_timestamp", "completed_timestamp", "started_media_type", "completed_disposition"}


def _flat(row: Told, one_column: bool) -> dict[str, str]:
    cells: dict[str, str] = {}
    extensions: Told = {}
    for name, value in row.items():
        if name in _PLAIN:
            cells[name] = str(value)
        elif name in ("started", "completed"):
            known = START_FIELDS | END_FIELDS | {"timestamp": "instant"}
            cells |= {f"{name}_{key}": str(it) if key in known else json.dumps(it) for key, it in value.items()}
        else:
            extensions[name] = value
    if one_column:
        return cells | ({"extensions": json.dumps(extensions)} if extensions else {})
    return cells | {name: json.dumps(value) for name, value in extensions.items()}
