"""Files the vendor keeps at a storage host, behind a redirect to a signed address.

A signed address opens to all who know it, like a password, and it refuses an Authorization header beside it. So no
bearer follows a redirect, and no log, error or metadata ever holds where it leads, save the host.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import BinaryIO
from urllib.parse import unquote, urljoin, urlsplit

import httpx

from analytics_platform.catalogue.operations import Operation
from analytics_platform.source.errors import CutShort, ServerFault, UnexpectedAnswer
from analytics_platform.source.exchange import exchange
from analytics_platform.source.wire import Payload, rewrite

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONGEST_CHAIN = 5
_PASSING = frozenset({408, 429})
_secret: ContextVar[bool] = ContextVar("a signed address is in use", default=False)


@contextmanager
def unseen() -> Iterator[None]:
    """While open, the HTTP libraries log nothing from this thread: they write out addresses and Location headers."""
    before = _secret.set(True)
    try:
        yield
    finally:
        _secret.reset(before)


for _name in ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy"):
    logging.getLogger(_name).addFilter(lambda record: not _secret.get())


def parts_of(operation: Operation, address: str) -> Mapping[str, str] | None:
    """What fills the `{names}` of the operation's path in an address; None where its path is another."""
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(operation.path))
    try:
        found = re.fullmatch(pattern, urlsplit(address).path)
    except ValueError:
        return None
    return None if found is None else {name: unquote(part) for name, part in found.groupdict().items()}


def followed(http: httpx.Client, address: str, operation: Operation, into: BinaryIO, *, longest: float) -> str:
    """Write the file at `address` to `into`, redirects followed; return its content type. No bearer is sent.

    Raises ServerFault, CutShort, UnexpectedAnswer and what `exchange` raises.
    """
    for _ in range(_LONGEST_CHAIN):
        request = _request(http, address)
        if request is None:
            raise UnexpectedAnswer(
                f"{operation.method} {operation.path} leads to no address that can be followed: try again later, or "
                "ask the vendor.",
                operation=operation,
            )
        host = request.url.host
        received = exchange(http, request, operation, longest=longest, into=into)
        if received.status not in REDIRECTS:
            _refuse(received.status, host, operation)
            if not {"content-length", "transfer-encoding"}.intersection(received.headers):
                raise CutShort(
                    f"{host} gave the file of {operation.path} without saying how long it is, so nobody knows whether "
                    "it is whole: ask again, and look for a proxy on the way.",
                    operation=operation,
                    status=received.status,
                )
            if received.payload.encoding != "identity":
                into.seek(0)
                rewrite(into, Payload(into.read(), received.payload.encoding, received.payload.origin).inflate())
            return received.headers.get("content-type", "")
        address = onward(address, received.headers.get("location", ""))
    raise UnexpectedAnswer(
        f"The file of {operation.path} is redirected more than {_LONGEST_CHAIN} times: try again later, or ask the "
        "vendor.",
        operation=operation,
    )


def onward(address: str, location: str) -> str:
    """Where a redirect leads; nowhere where it is no address, or one that is not encrypted after one that was."""
    try:
        led = urljoin(address, location)
        return led if urlsplit(address).scheme == "http" or urlsplit(led).scheme == "https" else ""
    except ValueError:
        return ""


def _request(http: httpx.Client, address: str) -> httpx.Request | None:
    """A bare request, and None for what is no address; the error of httpx would quote it."""
    try:
        if urlsplit(address).scheme in ("http", "https"):
            return http.build_request("GET", address, headers={"Accept": "*/*", "Accept-Encoding": "identity"})
    except (httpx.InvalidURL, ValueError):
        pass
    return None


def _refuse(status: int, host: str, operation: Operation) -> None:
    if status < 300:
        return
    kind = ServerFault if status >= 500 or status in _PASSING else UnexpectedAnswer
    raise kind(
        f"{host}, where the vendor keeps the file of {operation.path}, answered with {status}: run again, which asks "
        "for a new address of it.",
        operation=operation,
        status=status,
    )
