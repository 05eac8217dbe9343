"""One request and its answer over httpx: the body as on the wire, and every way httpx can fail as one of our errors."""

import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

import httpx
import msgspec

from analytics_platform.catalogue.operations import Operation
from analytics_platform.source.errors import (
    CutShort,
    NoAnswer,
    SourceError,
    UnexpectedAnswer,
    Unreachable,
    Untrusted,
)
from analytics_platform.source.wire import Origin, Payload

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


@dataclass(frozen=True)
class Received:
    """An answer read to its end. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    payload: Payload = field(repr=False)

    @property
    def correlation_id(self) -> str | None:
        return self.headers.get("inin-correlation-id")

    def text(self) -> bytes:
        """The inflated body, known to be whole. Raises CutShort when it is not, NotJson as `Payload.inflate` does."""
        text = self.payload.inflate()
        framed = "content-length" in self.headers or "transfer-encoding" in self.headers
        if framed or self.payload.encoding == "gzip" or not _breaks_off(text):
            return text
        origin = self.payload.origin
        raise CutShort(
            f"The body of {origin} breaks off after {len(text)} bytes: ask again.",
            operation=origin.operation,
            status=origin.status,
            correlation_id=origin.correlation_id,
        )


def exchange(
    http: httpx.Client, request: httpx.Request, operation: Operation, *, longest: float, into: BinaryIO | None = None
) -> Received:
    """Send `request` and read the whole answer, without decoding the body and without following redirects.

    An answer that still trickles in after `longest` seconds is given up; httpx limits the silence between pieces only.
    The body of a good answer is written to `into`, where given, piece by piece and as on the wire, in the place of
    what was there; the payload is empty then.

    Raises Unreachable, Untrusted, NoAnswer, CutShort or UnexpectedAnswer; never an httpx error, nor one chained to
    it, since an httpx error holds the request with its Authorization header.
    """
    response: httpx.Response | None = None
    ends = time.monotonic() + longest
    try:
        response = http.send(request, stream=True, follow_redirects=False)
        try:
            pieces = _until(ends, response)
            if into is None or response.status_code >= 300:
                wire = b"".join(pieces)
            else:
                wire = b""
                into.seek(0)
                into.truncate()
                into.writelines(pieces)
        finally:
            response.close()
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as fault:
        problem = _typed(fault, request, operation, response)
    else:
        return _received(response, wire, operation)
    # Outside the except block, so that nothing is chained.
    raise problem


def _until(ends: float, response: httpx.Response) -> Iterator[bytes]:
    for piece in response.iter_raw():
        yield piece
        if time.monotonic() > ends:
            raise httpx.ReadTimeout("The whole answer took too long.")


def _received(response: httpx.Response, wire: bytes, operation: Operation) -> Received:
    headers = dict(response.headers.items())
    encoding = headers.get("content-encoding", "").strip().lower() or "identity"
    origin = Origin(
        operation,
        response.status_code,
        headers.get("content-type", ""),
        headers.get("inin-correlation-id"),
    )
    return Received(response.status_code, headers, Payload(wire, "gzip" if encoding == "x-gzip" else encoding, origin))


def _typed(
    fault: Exception, request: httpx.Request, operation: Operation, response: httpx.Response | None
) -> SourceError:
    called = f"{operation.method} {operation.path}"
    host = request.url.host
    if isinstance(fault, _NOT_SENT):
        if _is_certificate(fault):
            return Untrusted(
                f"The TLS certificate of {host} does not check out, so {called} was not sent: when a proxy of yours "
                "re-signs traffic, point SSL_CERT_FILE at its root certificate.",
                operation=operation,
            )
        reason = str(fault) or type(fault).__name__
        return Unreachable(
            f"No connection to {host} for {called} ({reason}): check the network, the region or URL, and any proxy.",
            operation=operation,
        )
    # Only the kind of error is told from here on: the text of a protocol error can quote a header.
    kind = type(fault).__name__
    if response is not None:
        return CutShort(
            f"The answer of {host} to {called} broke off ({kind}): ask again.",
            operation=operation,
            status=response.status_code,
            correlation_id=response.headers.get("inin-correlation-id"),
        )
    if isinstance(fault, httpx.LocalProtocolError | httpx.UnsupportedProtocol | httpx.InvalidURL):
        return UnexpectedAnswer(
            f"{called} could not be put into an HTTP request for {host} ({kind}): "
            "check the user or client id, the secret and the URLs for stray characters.",
            operation=operation,
        )
    return NoAnswer(
        f"{host} was sent {called} and did not answer ({kind}): it may or may not have acted on it.",
        operation=operation,
    )


def _breaks_off(text: bytes) -> bool:
    """Whether JSON ended before its time; nothing else tells where the connection's end is the body's."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except msgspec.DecodeError as fault:
        return bool(text) and "truncated" in str(fault)
    except RecursionError:
        pass  # whoever takes the answer apart sees it
    return False


def _is_certificate(fault: BaseException) -> bool:
    link: BaseException | None = fault
    while link is not None:
        if isinstance(link, ssl.SSLCertVerificationError):
            return True
        link = link.__cause__ or link.__context__
    return False
