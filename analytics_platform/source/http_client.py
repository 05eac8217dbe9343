"""The HTTP client underneath: whom it trusts, how long it waits, how many requests at once, what it calls itself."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import httpx


@dataclass(frozen=True)
class Timeouts:
    """Seconds until connected, between two pieces of an answer, between two pieces sent, and for a whole answer.

    `pool` is how long a request waits for one of the connections; None is for ever.
    """

    connect: float = 10.0
    read: float = 120.0
    write: float = 30.0
    whole: float = 600.0
    pool: float | None = 120.0


def http_client(
    timeouts: Timeouts,
    *,
    connections: int,
    user_agent: str = "",
    headers: Mapping[str, str] | None = None,
) -> httpx.Client:
    """A client of at most so many connections, so many requests at once. TLS is always verified; HTTP/1.1; gzip."""
    return httpx.Client(
        verify=_trusted(),  # also where plain http is spoken: a redirect may lead to TLS
        timeout=httpx.Timeout(timeouts.read, connect=timeouts.connect, write=timeouts.write, pool=timeouts.pool),
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        headers={"User-Agent": user_agent or _user_agent(), "Accept-Encoding": "gzip", **(headers or {})},
    )


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates to trust, read once a process: from SSL_CERT_FILE or SSL_CERT_DIR, else certifi's."""
    return httpx.create_ssl_context()


def _user_agent() -> str:
    try:
        return f"analytics-platform/{version('analytics-platform')}"
    except PackageNotFoundError:
        return "analytics-platform"
