"""The HTTP client underneath: whom it trusts, how long it waits, how many requests at once, what it calls itself."""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

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
    """A client of at most so many connections, so many requests at once. TLS is always verified; HTTP/1.1; gzip.

    Raises FileNotFoundError where SSL_CERT_FILE names no file, or one without a certificate.
    """
    return httpx.Client(
        verify=_verified(),
        timeout=httpx.Timeout(timeouts.read, connect=timeouts.connect, write=timeouts.write, pool=timeouts.pool),
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        headers={"User-Agent": user_agent or _user_agent(), "Accept-Encoding": "gzip", **(headers or {})},
    )


def _verified() -> ssl.SSLContext:
    named = os.environ.get("SSL_CERT_FILE")
    if named and not Path(named).is_file():
        raise FileNotFoundError(f"SSL_CERT_FILE names {named}, which is no file: correct it or unset it.")
    if named and b"-----BEGIN " not in Path(named).read_bytes():
        raise FileNotFoundError(f"SSL_CERT_FILE names {named}, which holds no certificate: correct it or unset it.")
    return _TrustedWhenAsked(ssl.PROTOCOL_TLS_CLIENT)


class _TrustedWhenAsked(ssl.SSLContext):
    """Speaks TLS as `_trusted` does, which is made for the first connection: where plain http is spoken, and no
    redirect leads elsewhere, reading certificates takes longer than all requests of a small day.

    By itself it trusts nobody: what is not handed on here fails.
    """

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        return _trusted().wrap_socket(*args, **kwargs)

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        return _trusted().wrap_bio(*args, **kwargs)


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates to trust, read once a process: from SSL_CERT_FILE or SSL_CERT_DIR, else certifi's."""
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _user_agent() -> str:
    try:
        return f"analytics-platform/{version('analytics-platform')}"
    except PackageNotFoundError:
        return "analytics-platform"
