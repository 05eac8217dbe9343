"""An answer on its way to the client: compressed where accepted, held or slowed or cut where a fault says so."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import msgspec
from isal import igzip
from starlette.types import Receive, Scope, Send

from analytics_platform.simulator.api.connections import connected, hang_up
from analytics_platform.simulator.api.faults import Fault

_WORTH_COMPRESSING = 512
_HOLD_LOOKS_EVERY = 0.02
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body>It is not JSON.</body></html>"


@dataclass(slots=True)
class Answer:
    """Status, body and headers; the body is JSON unless `content_type` says otherwise."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    @classmethod
    def of(cls, status: int, told: Any, headers: dict[str, str] | None = None) -> "Answer":
        """An answer of anything that can be written as JSON."""
        return cls(status, msgspec.json.encode(told), headers or {})

    def compressed(self) -> "Answer":
        """The same with its body gzipped, where that is worth it."""
        if len(self.body) < _WORTH_COMPRESSING:
            return self
        headers = self.headers | {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return Answer(self.status, igzip.compress(self.body, 1), headers, self.content_type)


@dataclass(slots=True)
class Delivery:
    """Sends an answer, well or as badly as a fault says."""

    answer: Answer
    fault: Fault | None = None

    @staticmethod
    def not_json(answer: Answer) -> Answer:
        """The same status with a body that is no JSON."""
        return Answer(answer.status, _HTML, answer.headers, "text/html")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault, body = self.fault, self.answer.body
        if fault is not None and fault.kind == "lost_answer":
            hang_up(scope)
            return
        await send({"type": "http.response.start", "status": self.answer.status, "headers": self._headers()})
        sent = 0
        if fault is not None and fault.kind in ("cut", "hold"):
            sent = min(len(body) - 1, int(len(body) * fault.fraction)) if body else 0
            await send({"type": "http.response.body", "body": body[:sent], "more_body": True})
            if fault.kind == "cut":
                hang_up(scope)
                return
            await self._held(fault, scope)
        elif fault is not None and fault.kind == "slow":
            piece = max(1, len(body) // 10)
            while sent + piece < len(body):
                await send({"type": "http.response.body", "body": body[sent : sent + piece], "more_body": True})
                sent += piece
                await asyncio.sleep(fault.seconds / 10)
        await send({"type": "http.response.body", "body": body[sent:]})

    @staticmethod
    async def _held(fault: Fault, scope: Scope) -> None:
        """Until the fault is released, or the client is gone."""
        fault.waiting += 1
        while not fault.released and connected(scope):
            await asyncio.sleep(_HOLD_LOOKS_EVERY)
        fault.waiting -= 1

    def _headers(self) -> list[tuple[bytes, bytes]]:
        headers = dict(self.answer.headers)
        if self.answer.body:
            headers["Content-Type"] = self.answer.content_type
        if self.answer.status != 204:
            headers["Content-Length"] = str(len(self.answer.body))
        return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
