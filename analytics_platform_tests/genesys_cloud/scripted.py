"""A loopback HTTP server that answers from a script and remembers what it was asked."""

import gzip
import json
import re
import socket
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Reply:
    """One scripted answer. `cut` ends the connection after that many bytes of the body, -1 before any answer."""

    status: int = 200
    json: object | None = None
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    gzipped: bool = False
    cut: int | None = None
    unframed: bool = False
    """Without Content-Length: the end of the connection is the end of the body."""
    hold: threading.Event | None = None
    """Answer only once this is set."""


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it; `at` in seconds since 1970."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    at: float


class Scripted:
    """The server: `on` queues replies for a path, the last one staying; tokens are granted unless scripted."""

    def __init__(self) -> None:
        self._script: dict[tuple[str, str], deque[Reply | Callable[[Asked], Reply]]] = defaultdict(deque)
        self._asked: list[Asked] = []
        self._changed = threading.Condition()
        self._tokens = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def on(self, method: str, path: str, *replies: Reply | Callable[[Asked], Reply]) -> None:
        with self._changed:
            self._script[method, path].extend(replies)

    def requests(self, path: str = "") -> list[Asked]:
        with self._changed:
            return [asked for asked in self._asked if asked.path.startswith(path)]

    def wait_for(self, count: int, path: str = "", timeout: float = 30.0) -> list[Asked]:
        """The requests for `path`, once there are at least `count`."""

        def arrived() -> bool:
            return sum(asked.path.startswith(path) for asked in self._asked) >= count

        with self._changed:
            assert self._changed.wait_for(arrived, timeout), f"{len(self._asked)} requests after {timeout} s"
        return self.requests(path)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, asked: Asked) -> Reply:
        with self._changed:
            self._asked.append(asked)
            self._changed.notify_all()
            script = self._script.get((asked.method, asked.path))
            if script:
                reply = script.popleft() if len(script) > 1 else script[0]
                return reply if isinstance(reply, Reply) else reply(asked)
            if asked.path == "/oauth/token":
                self._tokens += 1
                return token(f"token-{self._tokens}")
        return Reply(404, {"code": "not.found", "message": "Nothing scripted", "status": 404, "contextId": "c-404"})


def token(value: str, expires_in: float = 86_399) -> Reply:
    return Reply(json={"access_token": value, "token_type": "bearer", "expires_in": expires_in})


def error(status: int, code: str, message: str, **headers: str) -> Reply:
    names = {re.sub("_", "-", name): value for name, value in headers.items()}
    body = {"message": message, "code": code, "status": status, "contextId": "c-1", "details": [], "errors": []}
    return Reply(status, body, headers={"ININ-Correlation-Id": "c-1", **names})


def _handler(scripted: Scripted) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _answer(self) -> None:
            at = time.time()
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body, at)
            reply = scripted.answer(asked)
            if reply.hold is not None:
                reply.hold.wait(30)
            if reply.cut == -1:
                self._hang_up()
                return
            # A client that gave up is part of some scripts.
            with suppress(ConnectionError):
                self._send(reply)

        do_GET = do_POST = do_DELETE = do_PUT = _answer

        def _send(self, reply: Reply) -> None:
            body = reply.body if reply.body is not None else b"" if reply.json is None else _dump(reply.json)
            headers: dict[str, str] = {"Content-Type": "application/json", **reply.headers}
            if reply.gzipped:
                body = gzip.compress(body)
                headers["Content-Encoding"] = "gzip"
            if reply.unframed:
                headers["Connection"] = "close"
            else:
                headers["Content-Length"] = str(len(body))
            self.send_response(reply.status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body if reply.cut is None else body[: reply.cut])
            self.wfile.flush()
            if reply.unframed:
                self.close_connection = True
            elif reply.cut is not None:
                self._hang_up()

        def _hang_up(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


def _dump(value: object) -> bytes:
    return json.dumps(value).encode()
