"""The client: calls from many threads, each attempt under token and budget, repeated where that is safe.

It may speak as several OAuth clients of one org, which share the load: each request goes out as the one that may send
soonest. What belongs to one of them, such as a job, is asked about as that one (`alone`); what belongs together, such
as the pages of a list, as whichever one is soonest at its beginning (`together`).
"""

import copy
from collections.abc import Mapping, Sequence
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
from analytics_platform.genesys_cloud.oauth_client import OAuthClient, Speaker, by_haste
from analytics_platform.genesys_cloud.token import TOKEN, Secret
from analytics_platform.genesys_cloud.usage import Usage
from analytics_platform.source.errors import BadCredentials, SourceError
from analytics_platform.source.exchange import Received
from analytics_platform.source.http_client import Timeouts, http_client
from analytics_platform.source.retries import Retries
from analytics_platform.source.wire import Payload, not_json, rewrite

if TYPE_CHECKING:
    import httpx

_NOT_JSON = object()
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})


@dataclass(frozen=True)
class Answer:
    """A decoded answer: `value` is the JSON value, None for an empty body; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    value: Any = field(repr=False)
    asked_as: str
    """The id of the OAuth client that asked."""

    @property
    def correlation_id(self) -> str | None:
        return self.headers.get("inin-correlation-id")


class GenesysCloud:
    """A connection to one org as one OAuth client or several. Thread-safe; close it, or use it as a context manager.

    Budgets are the caller's and stay open. TLS is always verified; HTTP/1.1; bodies travel as gzip.
    """

    def __init__(
        self,
        hosts: Hosts,
        client_id: str,
        client_secret: Secret,
        budget: RequestBudget,
        *,
        others: Sequence[OAuthClient] = (),
        usage: Usage | None = None,
        timeouts: Timeouts | None = None,
        retries: Retries | None = None,
        user_agent: str = "",
        connections: int = 32,
    ) -> None:
        limits = timeouts or Timeouts()
        self.hosts = hosts
        self.usage = usage or Usage()
        self._retries = retries or Retries()
        self._longest = limits.whole
        self._http = http_client(limits, connections=connections, user_agent=user_agent)
        self._speakers = [
            Speaker(each, self._http, hosts.login_url, self.usage, longest=limits.whole)
            for each in (OAuthClient(client_id, client_secret, budget), *others)
        ]
        self._preferred: Speaker | None = None

    @property
    def client_ids(self) -> tuple[str, ...]:
        """The OAuth clients it speaks as, in the order they were given."""
        return tuple(each.id for each in self._speakers)

    @property
    def asks_as(self) -> str:
        """The OAuth client as which the next request goes out."""
        return self._speaker().id

    def alone(self, client_id: str) -> "GenesysCloud":
        """The same connection as this OAuth client and no other; KeyError where it does not speak as it."""
        chosen = [each for each in self._speakers if each.id == client_id]
        if not chosen:
            raise KeyError(client_id)
        narrowed = copy.copy(self)
        narrowed._speakers, narrowed._preferred = chosen, None
        return narrowed

    def together(self, loads: Mapping[str, int] | None = None) -> "GenesysCloud":
        """The same connection as one OAuth client, and as another only if that is refused: as the one with the least of
        the loads, which is 0 where none is told, and of several as the one that may send soonest now."""
        narrowed = copy.copy(self)
        narrowed._preferred = min(by_haste(self._speakers), key=lambda each: (loads or {}).get(each.id, 0))
        return narrowed

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
        received, speaker = self._repeated(operation, path, query, body, repeatable)
        value = _decoded(received.text())
        if value is _NOT_JSON:
            raise not_json("is not JSON", received.payload.origin)
        return Answer(received.status, received.headers, value, speaker.id)

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
        return self._repeated(operation, path, query, body, repeatable)[0].payload

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

        return self._retries.run(attempt, again=lambda fault: True, on_pause=self.usage.again)

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

    def _speaker(self) -> Speaker:
        preferred = self._preferred
        return by_haste(self._speakers)[0] if preferred is None or preferred.refused else preferred

    def _repeated(
        self,
        operation: Operation,
        path: Mapping[str, str] | None,
        query: Mapping[str, str | int] | None,
        body: object | None,
        repeatable: bool | None,
    ) -> tuple[Received, Speaker]:
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
        return self._retries.run(
            lambda: self._attempt(request, headers, operation), again=again, on_pause=self.usage.again
        )

    def _fetched(self, operation: Operation, parts: Mapping[str, str] | None, address: str, into: BinaryIO) -> str:
        if parts is not None:
            url = self._url(operation, parts)
            query = address.partition("?")[2] or None
            request = partial(self._http.build_request, operation.method, url, params=query)
            received, _ = self._attempt(request, {"Accept": "*/*"}, operation, redirected=True)
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
    ) -> tuple[Received, Speaker]:
        """An answer that is no refusal, and as whom it was asked for; one that is refused leaves it to the others."""
        while True:
            speaker = self._speaker()
            try:
                return speaker.ask(request, headers, operation, redirected=redirected), speaker
            except BadCredentials as fault:
                speaker.refused = True
                if all(each.refused for each in self._speakers):
                    raise
                self.usage.refused(speaker.id, str(fault))


def _decoded(text: bytes) -> Any:
    if not text.strip():
        return None
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return _NOT_JSON
