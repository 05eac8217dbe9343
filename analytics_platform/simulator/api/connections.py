"""The open connections, so that an answer can be cut or never come."""

import asyncio

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_open: dict[tuple[str, int], asyncio.Transport] = {}


class TrackedProtocol(HttpToolsProtocol):
    """The server's HTTP protocol, its connections known by the client's address."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._peer: tuple[str, int] = transport.get_extra_info("peername")
        _open[self._peer] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        _open.pop(self._peer, None)
        super().connection_lost(exc)


def hang_up(scope: Scope) -> None:
    """Close the connection a request came on, after what was already sent."""
    transport = _open.get(tuple(scope["client"]))
    if transport is not None:
        transport.close()


def connected(scope: Scope) -> bool:
    """Whether the client of a request is still there."""
    return tuple(scope["client"]) in _open
