"""The client of GMS: ids of a range, services one by one or all at once, and the request for files."""

import hashlib
import logging
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from tempfile import TemporaryFile
from threading import Event
from types import TracebackType
from typing import BinaryIO, Self
from urllib.parse import quote, urlencode

from analytics_platform.catalogue.operations import Operation
from analytics_platform.catalogue.services import SERVICE_FILES, SERVICE_READ, SERVICE_STREAM
from analytics_platform.gms.access import Access
from analytics_platform.gms.answers import (
    Created,
    IdList,
    ServiceRecord,
    decoded,
    listed_ids,
    require_service,
    services_in,
)
from analytics_platform.gms.refusals import refusal
from analytics_platform.gms.selection import Selection
from analytics_platform.gms.side_by_side import side_by_side
from analytics_platform.source.errors import (
    NotFound,
    NotJson,
    QueryRefused,
    SourceError,
    SubmitUncertain,
    TransientError,
)
from analytics_platform.source.exchange import Received, exchange
from analytics_platform.source.http_client import Timeouts, http_client
from analytics_platform.source.retries import Retries
from analytics_platform.source.wire import Payload, rewrite

_log = logging.getLogger(__name__)
_WHOLE = {each.name: "true" if each.known_values else "*" for each in SERVICE_READ.parameters}
"""Every flag of a service's read; without them GMS leaves out its states, tasks and extensions."""
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_LONGEST_CONTENT = 3600.0
_AT_ONCE = frozenset({502, 503})
"""Answers that GMS did not work long for; after 504 it may still be at work."""


class Gms:
    """A connection to one GMS. Thread-safe; close it, or use it as a context manager.

    Never more than `concurrency` requests at once. A GET is repeated after a transient error, a POST never. Raises the
    errors of `source.errors`.
    """

    def __init__(
        self,
        url: str,
        *,
        files_url: str = "",
        access: Access | None = None,
        concurrency: int = 4,
        content_seconds: float = 120.0,
        file_format_parameter: str = "",
        timeouts: Timeouts | None = None,
        retries: Retries | None = None,
    ) -> None:
        self.url = url
        self.files_url = files_url or url
        """The node that is asked for files: they lie on the disk of the one that answers."""
        self.concurrency = concurrency
        self._access = access or Access()
        self._content_seconds = content_seconds
        self._file_format_parameter = file_format_parameter
        self._timeouts = timeouts or Timeouts(pool=None)
        self._retries = retries or Retries()
        self._http = http_client(
            self._timeouts,
            connections=concurrency,
            headers={"Accept": "application/json", **self._access.headers},
        )

    def now(self) -> datetime:
        """GMS's clock, UTC, in whole seconds; ours where it does not tell."""
        return self.ids(Selection(_LONG_AGO, _LONG_AGO + timedelta(milliseconds=1))).asked_at

    def ids(self, selection: Selection) -> IdList:
        """The ids of the services a selection has.

        QueryRefused for one with a state: the vendor's pages do not agree whether a list of ids heeds it, so read the
        services and look at `ServiceRecord.active`, or ask for `content`.
        """
        query = selection.lasting.parameters()
        received = self._ask(SERVICE_STREAM, query=query)
        body = b"[]" if received.status == 204 else received.payload.inflate()
        told = listed_ids(body)
        return IdList(
            ids=tuple(dict.fromkeys(told)),
            request=_request(SERVICE_STREAM, query),
            asked_at=_instant(received),
            count=len(told),
            sha256=hashlib.sha256(body).hexdigest(),
        )

    def service(self, service_id: str) -> ServiceRecord | None:
        """A service with all its states, tasks and extensions; None where GMS does not know it (any more)."""
        return self._service(service_id, Event())

    def services(self, ids: Iterable[str]) -> Generator[tuple[str, ServiceRecord | None]]:
        """Each id with its service, in the order of the ids; `concurrency` are read at once, a few ahead.

        None for one that GMS does not know (any more). The first error stops the rest.
        """
        return side_by_side(ids, self._service, self.concurrency)

    def content(self, selection: Selection) -> Iterator[ServiceRecord]:
        """The services a selection has, whole and in one answer, which is there to its end before the first is given.

        For few services: GMS takes long over many, and is not asked again when it takes too long or breaks off.
        Raises CutShort where the answer is not whole, NoAnswer where it took too long.
        """
        with TemporaryFile() as kept:
            received = self._ask(
                SERVICE_STREAM,
                query=selection.parameters() | {"export_content": "true"},
                into=kept,
                patience=self._content_seconds,
                again=lambda fault: fault.untaken or fault.status in _AT_ONCE,
            )
            if received.status != 204:
                kept.flush()
                yield from services_in(kept, _instant(received))

    def request_files(self, selection: Selection, file_format: str = "") -> Created:
        """Ask once for files with the services of a selection; each request makes a new set of files.

        `file_format`, csv or json, is asked for where GMS_FILE_FORMAT_PARAMETER names the parameter to ask with.
        Raises SubmitUncertain where GMS may have acted on a request without saying what it created: never ask again
        before looking for a new set of files.
        """
        query = selection.parameters()
        if file_format:
            if not self._file_format_parameter:
                raise QueryRefused(
                    "The vendor's pages do not name the parameter for the format of files: set "
                    "GMS_FILE_FORMAT_PARAMETER to the one your GMS takes, or leave the format out."
                )
            query |= {self._file_format_parameter: file_format}
        try:
            received = self._ask(SERVICE_FILES, query=query, url=self.files_url, again=lambda fault: False)
            files = _created(decoded(received.payload.inflate(), SERVICE_FILES))
        except (TransientError, NotJson) as fault:
            if fault.untaken:
                raise
            raise _uncertain(str(fault), fault.status) from fault
        if not files:
            raise _uncertain("Its answer names no file.", received.status)
        _log.info("GMS writes services to %s.", ", ".join(files))
        return Created(files, _request(SERVICE_FILES, query), _instant(received))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Gms({self.url!r})"

    def _service(self, service_id: str, stop: Event) -> ServiceRecord | None:
        try:
            received = self._ask(
                SERVICE_READ,
                path={"serviceId": service_id},
                query=_WHOLE,
                again=lambda fault: not stop.is_set(),
            )
        except NotFound as fault:
            if fault.code is None and fault.message is None:
                # Not an answer of GMS's: with a wrong URL every service would seem to be gone.
                raise
            return None
        record = received.payload.inflate()
        require_service(record)
        return ServiceRecord(service_id, record, _instant(received))

    def _ask(
        self,
        operation: Operation,
        *,
        query: Mapping[str, str],
        path: Mapping[str, str] | None = None,
        url: str = "",
        into: BinaryIO | None = None,
        patience: float | None = None,
        again: Callable[[SourceError], bool] = lambda fault: True,
    ) -> Received:
        """An answer that is no refusal; `again` tells after which transient errors it is asked for once more."""
        filled = operation.path.format_map({name: quote(part, safe="") for name, part in (path or {}).items()})
        limits = self._http.timeout.as_dict() | ({} if patience is None else {"read": patience})

        def attempt() -> Received:
            request = self._http.build_request(
                operation.method, (url or self.url) + filled, params=query, extensions={"timeout": limits}
            )
            began = time.perf_counter()
            received = exchange(
                self._http,
                request,
                operation,
                longest=self._timeouts.whole if patience is None else _LONGEST_CONTENT,
                into=into,
            )
            _log.debug(
                "%s %s: %d in %.0f ms",
                operation.method,
                filled,
                received.status,
                1000 * (time.perf_counter() - began),
            )
            if received.status >= 300:
                raise refusal(received, operation, hide=self._access.hide)
            if into is None:
                # Here, where one that broke off is asked for again.
                received.text()
            elif received.payload.encoding != "identity":
                into.seek(0)
                rewrite(into, Payload(into.read(), received.payload.encoding, received.payload.origin).inflate())
            return received

        return self._retries.run(attempt, again=again)


def _request(operation: Operation, query: Mapping[str, str]) -> str:
    return f"{operation.method} {operation.path}?{urlencode(query, safe=':')}"


def _instant(received: Received) -> datetime:
    """When GMS answered, by its own clock; by ours where it does not tell."""
    try:
        told = parsedate_to_datetime(received.headers["date"])
    except (KeyError, ValueError):
        return datetime.now(UTC).replace(microsecond=0)
    return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)


def _created(answer: object) -> tuple[str, ...]:
    """The names of files in an answer: a list of them, or one alone; nothing where there are none."""
    created = answer.get("created") if isinstance(answer, dict) else None
    names = [created] if isinstance(created, str) else created
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        return ()
    return tuple(names)


def _uncertain(what: str, status: int | None) -> SubmitUncertain:
    return SubmitUncertain(
        "Nobody knows whether GMS writes the files it was asked for: look for new ones in its folder before it is "
        f"asked again. {what}",
        operation=SERVICE_FILES,
        status=status,
    )
