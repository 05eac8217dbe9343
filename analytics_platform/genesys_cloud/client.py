"""The client: calls from many threads, each attempt under token and budget, repeated where that is safe."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Self
from urllib.parse import quote

import msgspec

from analytics_platform.catalogue.operations import Operation
from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.files import REDIRECTS, followed, onward, parts_of, unseen
from analytics_platform.genesys_cloud.hosts import Hosts
from analytics_platform.genesys_cloud.refusals import refusal
from analytics_platform.genesys_cloud.token import TOKEN, Bearer, Secret, TokenSource
from analytics_platform.source.errors import BudgetUnusable, SourceError
from analytics_platform.source.exchange import Received, exchange
from analytics_platform.source.http_client import Timeouts, http_client
from analytics_platform.source.retries import Retries
from analytics_platform.source.wire import Payload, not_json, rewrite

if TYPE_CHECKING:
    import httpx

_log = logging.getLogger(__name__)
_NOT_JSON = object()
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})


@dataclass(frozen=True)
class Answer:
    """A decoded answer: `value` is the JSON value, None for an empty body; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    value: Any = field(repr=False)

    @property
    def correlation_id(self) -> str | None:
        return self.headers.get("inin-correlation-id")


class GenesysCloud:
    """A connection to one org as one OAuth client. Thread-safe; close it, or use it as a context manager.

    The budget is the caller's and stays open. TLS is always verified; HTTP/1.1; bodies travel as gzip.
    """

    def __init__(
        self,
        hosts: Hosts,
        client_id: str,
        client_secret: Secret,
        budget: RequestBudget,
        *,
        timeouts: Timeouts | None = None,
        retries: Retries | None = None,
        user_agent: str = "",
        connections: int = 32,
    ) -> None:
        limits = timeouts or Timeouts()
        self.hosts = hosts
        self._budget = budget
        self._retries = retries or Retries()
        self._longest = limits.whole
        self._http = http_client(limits, encrypted=hosts.encrypted, connections=connections, user_agent=user_agent)
        self._tokens = TokenSource(self._http, hosts.login_url, client_id, client_secret, before_sending=budget.acquire)

    def call(
        self,
        operation: Operation,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None,
        body: object | None = None,
        repeatable: bool | None = None,
    ) -> Answer:
        """Call an operation and decode its JSON answer.

        `path` fills the `{names}` of the operation's path, `body` is sent as JSON. Repeated after a transient error if
        it is safe: GET, PUT and DELETE always, others only while the vendor surely did not act on it (no connection,
        429) or when `repeatable` says that the operation changes nothing, as queries by POST do not.
        Raises the errors of `errors`, NotJson for a body that is not JSON.
        """
        received = self._repeated(operation, path, query, body, repeatable)
        value = _decoded(received.text())
        if value is _NOT_JSON:
            raise not_json("is not JSON", received.payload.origin)
        return Answer(received.status, received.headers, value)

    def download(
        self,
        operation: Operation,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None,
        body: object | None = None,
        repeatable: bool | None = None,
    ) -> Payload:
        """Call an operation and keep its body as on the wire; an answer that breaks off is asked for again whole."""
        return self._repeated(operation, path, query, body, repeatable).payload

    def fetch(self, operation: Operation, address: str, into: BinaryIO) -> str:
        """Fetch the file at an address the vendor gave, write it to `into` from its beginning, return its content type.

        An address with the operation's path is asked of our own API host, whichever host it names: there alone goes
        the bearer. Redirects, and an address elsewhere, are followed without it; where they lead is told to nobody,
        since a signed address opens to all who know it. A fetch that broke off begins again.
        Raises the errors of `errors`, OSError where `into` takes no more.
        """
        parts = parts_of(operation, address)

        def attempt() -> str:
            with unseen():
                return self._fetched(operation, parts, address, into)

        return self._retries.run(attempt, again=lambda fault: True)

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
        return f"GenesysCloud({self.hosts.api_url!r})"

    def _repeated(
        self,
        operation: Operation,
        path: Mapping[str, str] | None,
        query: Mapping[str, str | int] | None,
        body: object | None,
        repeatable: bool | None,
    ) -> Received:
        safe = operation.method in _REPEATABLE if repeatable is None else repeatable

        def again(fault: SourceError) -> bool:
            # A failure to get a token comes before the request itself.
            return safe or fault.untaken or fault.operation is TOKEN

        content = None if body is None else msgspec.json.encode(body)
        request = partial(
            self._http.build_request,
            operation.method,
            self._url(operation, path),
            params=query or None,
            content=content,
        )
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return self._retries.run(lambda: self._attempt(request, headers, operation), again=again)

    def _fetched(self, operation: Operation, parts: Mapping[str, str] | None, address: str, into: BinaryIO) -> str:
        if parts is not None:
            url = self._url(operation, parts)
            query = address.partition("?")[2] or None
            request = partial(self._http.build_request, operation.method, url, params=query)
            received = self._attempt(request, {"Accept": "*/*"}, operation, redirected=True)
            if received.status not in REDIRECTS:
                rewrite(into, received.payload.inflate())
                return received.headers.get("content-type", "")
            address = onward(url, received.headers.get("location", ""))
        return followed(self._http, address, operation, into, longest=self._longest)

    def _url(self, operation: Operation, path: Mapping[str, str] | None) -> str:
        return self.hosts.api_url + operation.path.format_map({k: quote(v, safe="") for k, v in (path or {}).items()})

    def _attempt(
        self,
        request: "partial[httpx.Request]",
        headers: Mapping[str, str],
        operation: Operation,
        *,
        redirected: bool = False,
    ) -> Received:
        """An answer that is no refusal; a redirect is one, unless it is what was asked for."""
        received, bearer = self._send(request, headers, operation)
        if received.status == 401:
            # Refused before it was acted upon, so this is safe for any method.
            received, _ = self._send(request, headers, operation, refused=bearer)
        if redirected and received.status in REDIRECTS:
            return received
        if received.status >= 300:
            fault = refusal(received, operation, hide=self._tokens.hide)
            if received.status == 429 and fault.retry_after and "retry-after" not in received.headers:
                self._budget.pause(fault.retry_after)
            raise fault
        # Here, where one that broke off is asked for again.
        received.text()
        return received

    def _send(
        self,
        request: "partial[httpx.Request]",
        headers: Mapping[str, str],
        operation: Operation,
        refused: Bearer | None = None,
    ) -> tuple[Received, Bearer]:
        # The budget first: a token fetched before a long wait could expire in it.
        self._budget.acquire()
        bearer = self._tokens.bearer(refused=refused)
        began = time.perf_counter()
        sent = request(headers={**headers, "Authorization": bearer.header})
        received = exchange(self._http, sent, operation, longest=self._longest)
        _log.debug(
            "%s %s: %d, %d bytes in %.0f ms, correlation id %s",
            operation.method,
            sent.url.path,
            received.status,
            len(received.payload.wire),
            1000 * (time.perf_counter() - began),
            received.correlation_id,
        )
        try:
            self._budget.learn(received.headers, refused=received.status in (429, 503))
        except BudgetUnusable as fault:
            # The answer may be a job's only id; the next request says it.
            _log.warning("What the vendor says of the rate is lost: %s", fault)
        return received, bearer


def _decoded(text: bytes) -> Any:
    if not text.strip():
        return None
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return _NOT_JSON
