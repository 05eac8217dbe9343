"""What GMS answers: lists of ids, services, names of files; and how each is read from a body."""

import json
import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

import msgspec

from analytics_platform.catalogue.operations import Operation
from analytics_platform.catalogue.services import SERVICE_READ, SERVICE_STREAM
from analytics_platform.source.errors import CutShort, NotJson, SourceError, UnexpectedAnswer
from analytics_platform.source.pages import split_list

_ANY = msgspec.json.Decoder()


@dataclass(frozen=True)
class IdList:
    """The ids of the services a selection has, each once and in the order they came."""

    ids: tuple[str, ...] = field(repr=False)
    request: str
    """What was asked: method, path and query."""
    asked_at: datetime
    """The instant of the query by GMS's clock, UTC, in whole seconds."""
    count: int
    """How many ids came, with those that came again."""
    sha256: str
    """Of the body as received, hexadecimal digits."""


@dataclass(frozen=True)
class ServiceRecord:
    """One service as it came; `record` is its JSON, `read_at` when, by GMS's clock, UTC."""

    service_id: str
    record: bytes = field(repr=False)
    read_at: datetime

    @property
    def active(self) -> bool:
        """Whether it had no end event when it was read."""
        return not decoded(self.record, SERVICE_READ).get("completed")


@dataclass(frozen=True)
class Created:
    """The files an export was written to, or will be: their paths on the server's own disk.

    GMS gives no other handle to an export, and no way to fetch the files.
    """

    files: tuple[str, ...]
    request: str
    asked_at: datetime


def listed_ids(body: bytes) -> list[str]:
    """The ids of a body. Raises CutShort, NotJson, or UnexpectedAnswer where anything else than ids stands in it."""
    value = decoded(body, SERVICE_STREAM)
    if not isinstance(value, list):
        raise _unexpected("where a list of ids was asked for", SERVICE_STREAM)
    for entry in value:
        if not isinstance(entry, str) or not entry:
            what = "services" if isinstance(entry, dict) else "something else"
            raise _unexpected(f"with {what} where ids were asked for", SERVICE_STREAM)
    return value


def require_service(body: bytes) -> None:
    """Raise CutShort, NotJson or UnexpectedAnswer where a body is not one JSON object."""
    if not isinstance(decoded(body, SERVICE_READ), dict):
        raise _unexpected("where a service was asked for", SERVICE_READ)


def services_in(file: BinaryIO, read_at: datetime) -> Iterator[ServiceRecord]:
    """The services of a file that holds a JSON array of them, all known to be there before the first is given.

    Memory holds where each begins, the file the rest. Raises CutShort where the array does not close, NotJson,
    UnexpectedAnswer where anything else than services stands in it. A service without a usable id has an empty one.
    """
    if not file.seek(0, 2):
        raise _cut_short(SERVICE_STREAM)
    body = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        records = split_list(body)
    except msgspec.ValidationError:
        problem: SourceError = _unexpected("where a list of services was asked for", SERVICE_STREAM)
    except msgspec.DecodeError as fault:
        problem = _broken(fault, SERVICE_STREAM)
    except (ValueError, IndexError) as fault:
        # A list with half a character in it, which the standard library splits; it does not say what is wrong.
        closes = body[-64:].rstrip().endswith(b"]")
        problem = _broken(fault, SERVICE_STREAM) if closes else _cut_short(SERVICE_STREAM)
    else:
        ids = [_service_id(bytes(record)) for record in records]
        for service_id, record in zip(ids, records, strict=True):
            yield ServiceRecord(service_id, bytes(record), read_at)
        return
    raise problem


def _service_id(record: bytes) -> str:
    service = decoded(record, SERVICE_STREAM)
    if not isinstance(service, dict):
        raise _unexpected("without the services' content, though it was asked for", SERVICE_STREAM)
    service_id = service.get("service_id")
    return service_id if isinstance(service_id, str) else ""


def decoded(body: bytes, operation: Operation) -> Any:
    """The JSON value of a body. Raises CutShort where it ends before its time, NotJson for anything else."""
    if not body.strip():
        raise _cut_short(operation)
    try:
        return _ANY.decode(body)
    except (msgspec.DecodeError, RecursionError) as fault:
        problem = _broken(fault, operation)
    try:
        # Half an escaped character, left where a text was cut through it, is refused by msgspec alone.
        return json.loads(body)
    except (ValueError, RecursionError):
        pass
    raise problem


def _broken(fault: Exception, operation: Operation) -> CutShort | NotJson:
    if "truncated" in str(fault):
        return _cut_short(operation)
    return NotJson(
        f"The body of GMS's answer to {operation.method} {operation.path} is not JSON: look for a proxy or gateway "
        "that answers in its place.",
        operation=operation,
    )


def _cut_short(operation: Operation) -> CutShort:
    return CutShort(
        f"The body of GMS's answer to {operation.method} {operation.path} breaks off before its end: ask again, for "
        "a shorter range if it happens again.",
        operation=operation,
    )


def _unexpected(what: str, operation: Operation) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        f"GMS answered {operation.method} {operation.path} {what}: check that GMS_URL is a GMS with Context Services "
        "8.5, and that nothing on the way changes the query.",
        operation=operation,
    )
