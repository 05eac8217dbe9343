"""Exported files of Context Services, put together to one record a service, as reading it by its id would give it.

CSV is read by the standard library's csv, strictly: pyarrow takes a quote that never closes for a value, and polars
fills a row that is too short with nulls. How the vendor lays out its files is not documented. Assumed: a heading row;
any usual separator; columns in any order, found by name; the id of the service in each file; events flattened as
`started_…` and `completed_…`; an empty cell says nothing. What has another name is an extension, JSON where it reads as
JSON, else text. A row, or array, must end for the file to count as whole.
"""

import csv
import gzip
import io
import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec

from analytics_platform.catalogue.service_files import ServiceFileName
from analytics_platform.catalogue.services import END_FIELDS, START_FIELDS
from analytics_platform.tables.service_records import ServiceRead
from analytics_platform.tables.undecodable import UNDECODABLE

_DELIMITERS = (",", ";", "\t", "|")
_ID = "service_id"
_EVENTS = {"started": START_FIELDS, "completed": END_FIELDS}
_WHOLE_NUMBERS = frozenset({"est_duration", "state_id", "previous_state_id", "task_id"}) | {
    name for fields in _EVENTS.values() for name, kind in fields.items() if kind == "int64"
}
_TEXTS = frozenset({_ID, "service_type", "customer_id", "contact_key", "state_type", "task_type", "timestamp"}) | {
    name for fields in _EVENTS.values() for name, kind in fields.items() if kind != "int64"
}
_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_EVENT_COLUMN = re.compile(r"(started|completed)[._](.+)", re.DOTALL | re.IGNORECASE)
_Object = dict[str, Any]
_Row = tuple[str, _Object, bytes | None]
"""The service's id, the object, and its text where that is one."""


class ServiceFilesUnreadable(ValueError):
    """Files no services can be made of; the text is a sentence's end that says which file, where and why."""


class ServiceFilesNotWhole(ServiceFilesUnreadable):
    """Files that end before their time, or tell of a service that is not among them: more may be on its way."""


@dataclass(frozen=True)
class ServiceFile:
    """One exported file as it came."""

    name: ServiceFileName
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class ReadFiles:
    """What the files of one export hold: each service once, in the file's order, and the rows or objects of each file.

    `repeated` counts the services that stood there again: the later one holds, unless only the earlier has an end.
    """

    services: list[ServiceRead]
    rows: dict[str, int]
    repeated: int


def read_service_files(files: Sequence[ServiceFile]) -> ReadFiles:
    """The services of the files of one export, whose kinds differ. All of them are in memory.

    Raises ServiceFilesNotWhole, also where a state or task has no service among them, and ServiceFilesUnreadable.
    """
    by_kind = {file.name.kind: list(_objects(file)) for file in files}
    within = {kind: _by_service(by_kind.get(kind, ())) for kind in ("states", "tasks")}
    found: dict[str, tuple[bytes, bool]] = {}
    for service_id, service, text in by_kind["services"]:
        record = text
        for kind, parts in within.items():
            for name, told in _by_end(kind, parts.get(service_id, ())).items():
                # A service that came with its states within it is not given them again.
                if not _holds(service, name):
                    service[name], record = told, None
        ended = _holds(service, "completed")
        if ended or not found.get(service_id, (b"", False))[1]:
            found[service_id] = msgspec.json.encode(service) if record is None else record, ended
    for kind, parts in within.items():
        if strangers := parts.keys() - found:
            raise ServiceFilesNotWhole(
                f"a row of {kind} tells of service {min(strangers)}, which is not among the rest"
            )
    rows = {file.name.name: len(by_kind[file.name.kind]) for file in files}
    services = [ServiceRead(service_id, record) for service_id, (record, _) in found.items()]
    return ReadFiles(services, rows, len(by_kind["services"]) - len(services))


def _objects(file: ServiceFile) -> Iterator[_Row]:
    return (_csv if file.name.format == "csv" else _json)(file.name.name, _unpacked(file))


def _by_service(rows: Iterable[_Row]) -> dict[str, list[_Object]]:
    """States or tasks as they stand within their service: without its id."""
    found: dict[str, list[_Object]] = {}
    for service_id, each, _ in rows:
        del each[_ID]
        found.setdefault(service_id, []).append(each)
    return found


def _by_end(kind: str, found: Sequence[_Object]) -> dict[str, list[_Object]]:
    """States or tasks in the two lists a service has of them; neither where there are none."""
    lists: dict[str, list[_Object]] = {}
    for each in found:
        ended = "completed" if _holds(each, "completed") else "active"
        lists.setdefault(f"{ended}_{kind}", []).append(each)
    return lists


def _holds(told: _Object, name: str) -> bool:
    """Whether there is something of this name, and not an empty list or object."""
    value = told.get(name)
    return bool(msgspec.json.decode(value) if isinstance(value, msgspec.Raw) else value)


def _unpacked(file: ServiceFile) -> bytes:
    """The file's bytes, out of gzip or zip where its first bytes say so."""
    name, content = file.name.name, file.content
    try:
        if content.startswith(b"\x1f\x8b"):
            return gzip.decompress(content)
        if content.startswith(b"PK") or file.name.packing == ".zip":
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                members = [each for each in archive.infolist() if not each.is_dir()]
                if len(members) == 1:
                    return archive.read(members[0])
                raise ServiceFilesUnreadable(f"{name} is an archive of {len(members)} files, not of one")
    except (EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile):
        raise ServiceFilesNotWhole(f"{name} is a compressed file that breaks off") from None
    except (NotImplementedError, RuntimeError):
        raise ServiceFilesUnreadable(f"{name} is compressed in a way that cannot be undone here") from None
    return content


def _json(name: str, content: bytes) -> Iterator[_Row]:
    try:
        objects = _ARRAY.decode(content.removeprefix(b"\xef\xbb\xbf"))
    except msgspec.ValidationError:
        raise ServiceFilesUnreadable(f"{name} is not a JSON array") from None
    except UNDECODABLE as fault:
        kind = ServiceFilesNotWhole if "truncated" in str(fault) else ServiceFilesUnreadable
        raise kind(f"{name} is no whole JSON: {fault}") from None
    for number, raw in enumerate(objects, start=1):
        text = bytes(raw)
        try:
            told = _OBJECT.decode(text)
            service_id = msgspec.json.decode(told.get(_ID, msgspec.Raw(b"null")))
        except msgspec.ValidationError:
            raise ServiceFilesUnreadable(f"the {number}. entry of {name} is no object") from None
        except UNDECODABLE as fault:
            raise ServiceFilesUnreadable(f"the {number}. entry of {name} is no JSON: {fault}") from None
        if service_id is None or service_id == "":
            raise ServiceFilesUnreadable(f"the {number}. entry of {name} has no {_ID}")
        yield service_id if isinstance(service_id, str) else bytes(told[_ID]).decode(), dict(told), text


def _csv(name: str, content: bytes) -> Iterator[_Row]:
    text = _text(name, content)
    headings, delimiter = _headings(name, text)
    places = [_place(heading) for heading in headings]
    for number, row in enumerate(_rows(name, text, delimiter), start=1):
        if number == 1:
            continue
        if len(row) != len(headings):
            raise ServiceFilesUnreadable(f"row {number} of {name} has {len(row)} values under {len(headings)} headings")
        told: _Object = {}
        for place, value in zip(places, row, strict=True):
            if value:
                place(told, value)
        if not told.get(_ID):
            raise ServiceFilesUnreadable(f"row {number} of {name} has no {_ID}")
        yield told[_ID], told, None


def _text(name: str, content: bytes) -> str:
    """The text of a CSV file; UTF-8, or UTF-16 where it begins with that mark."""
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as fault:
        if fault.end >= len(content):
            raise ServiceFilesNotWhole(f"{name} breaks off within a letter") from None
        raise ServiceFilesUnreadable(f"byte {fault.start + 1} of {name} is no {fault.encoding} text") from None
    if not text.endswith(("\n", "\r")):
        raise ServiceFilesNotWhole(f"the last row of {name} does not end")
    return text


def _headings(name: str, text: str) -> tuple[list[str], str]:
    """The headings and what separates them: that by which most are found, the service's id among them."""
    found = []
    for delimiter in _DELIMITERS:
        with suppress(ServiceFilesUnreadable):  # what closes a quoted heading may not do so with another delimiter
            headings = [_spelled(each) for each in next(_rows(name, text, delimiter), [])]
            if _ID in headings:
                found.append((len(headings), headings, delimiter))
    if not found:
        raise ServiceFilesUnreadable(f"{name} has no column {_ID}")
    _, headings, delimiter = max(found, key=lambda each: each[0])
    if twice := [each for each in headings if headings.count(each) > 1]:
        raise ServiceFilesUnreadable(f"{name} has the column {twice[0]!r} twice")
    return headings, delimiter


def _spelled(heading: str) -> str:
    """A heading as its field's name where it is one, whatever its case; else as it stands."""
    plain = heading.strip().lower()
    event = _EVENT_COLUMN.fullmatch(plain)
    known = _WHOLE_NUMBERS | _TEXTS | _EVENTS.keys()
    return plain if (plain if event is None else event[2]) in known else heading


def _rows(name: str, text: str, delimiter: str) -> Iterator[list[str]]:
    # The library's limit, 128 KiB a value, is one for the whole process; an extension can be longer.
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        yield from filter(None, csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as fault:
        if "unexpected end" in str(fault):
            raise ServiceFilesNotWhole(f"the last value of {name} does not end") from None
        raise ServiceFilesUnreadable(f"{name} is no CSV: {fault}") from None


def _place(heading: str) -> Callable[[_Object, str], None]:
    """How a column's value goes into an object."""
    own = _EVENT_COLUMN.fullmatch(heading)
    if own is not None or heading in _EVENTS:
        event, name = (heading, "timestamp") if own is None else own.groups()
        return lambda told, value: told.setdefault(event.lower(), {}).__setitem__(name, _value(name, value))
    if heading == "extensions":
        return _spread
    return lambda told, value: told.__setitem__(heading, _value(heading, value))


def _spread(told: _Object, value: str) -> None:
    """All extensions in one column: a JSON object of them."""
    try:
        told.update({name: each for name, each in _OBJECT.decode(value).items() if name not in told})
    except msgspec.DecodeError:
        told["extensions"] = value


def _value(name: str, value: str) -> object:
    """A cell as a record would have it; JSON keeps the text it came as."""
    if name in _TEXTS:
        return value
    try:
        number_or_text = msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value
    return value if name in _WHOLE_NUMBERS and not isinstance(number_or_text, int) else msgspec.Raw(value.encode())
