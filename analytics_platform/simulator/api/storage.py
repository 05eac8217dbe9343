"""Where files lie, reached by signed addresses without a token, as in an object store beside the vendor's API.

A request that carries an Authorization header is refused with 400, one whose signature is unknown or has expired with
403; the bodies are an object store's XML.
"""

import secrets
import time
from dataclasses import dataclass
from threading import Lock

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from analytics_platform.simulator.api.answers import Answer, Delivery
from analytics_platform.simulator.api.faults import DELIVERY, Faults
from analytics_platform.simulator.api.request_log import RequestLog

PATH = "/__storage__/{signature}"
_NAME = "storage"


@dataclass(frozen=True)
class _Stored:
    content: bytes
    content_type: str
    file_name: str
    expires: float


class Storage:
    """The signed addresses given out and not yet expired, as an ASGI application; lifetimes are real seconds."""

    def __init__(self, lifetime: int, faults: Faults, log: RequestLog) -> None:
        self._lifetime = lifetime
        self._faults = faults
        self._log = log
        self._stored: dict[str, _Stored] = {}
        self._lock = Lock()

    def routes(self) -> list[Route]:
        return [Route(PATH, self, methods=["GET"])]

    def sign(self, content: bytes, content_type: str, file_name: str) -> str:
        """The path of a new address of a file."""
        signature, now = secrets.token_urlsafe(32), time.monotonic()
        with self._lock:
            self._stored = {known: stored for known, stored in self._stored.items() if stored.expires > now}
            self._stored[signature] = _Stored(content, content_type, file_name, now + self._lifetime)
        return PATH.format(signature=signature)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        failing = self._faults.take(_NAME, ("status",))
        if failing is not None:
            answer = _refused(failing.status, "ServiceUnavailable", "Please reduce your request rate.")
        else:
            answer = self._answer(request)
        fault = self._faults.take(_NAME, DELIVERY)
        if fault is not None and fault.kind == "not_json":
            answer = Delivery.not_json(answer)
        lost = fault is not None and fault.kind == "lost_answer"
        self._log.note("GET", PATH, 0 if lost else answer.status)
        await Delivery(answer, fault)(scope, receive, send)

    def _answer(self, request: Request) -> Answer:
        if "authorization" in request.headers:
            return _refused(400, "InvalidArgument", "Only one auth mechanism allowed.")
        stored = self._stored.get(request.path_params["signature"])
        if stored is None or time.monotonic() >= stored.expires:
            return _refused(403, "AccessDenied", "Request has expired")
        name = stored.file_name.replace('"', "'").encode("ascii", errors="replace").decode()
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Answer(200, stored.content, headers, stored.content_type)


def _refused(status: int, code: str, message: str) -> Answer:
    told = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Answer(status, told.encode(), content_type="application/xml")
