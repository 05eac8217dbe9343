"""What was asked of the org: counts by operation and status, every submit, and the newest calls."""

import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

_CALLS_KEPT = 2000


class RequestLog:
    """Counts vendor requests; those to the control interface are not among them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._at_once: Counter[str] = Counter()
        self.clear()

    def clear(self) -> None:
        self._counts: Counter[tuple[str, int]] = Counter()
        self._submits: list[dict[str, Any]] = []
        self._calls: deque[dict[str, Any]] = deque(maxlen=_CALLS_KEPT)
        self._spent: deque[tuple[str, float]] = deque(maxlen=_CALLS_KEPT)
        self._most_at_once = +self._at_once  # what is under way goes on, what has ended is forgotten

    @contextmanager
    def under_way(self, operation: str) -> Iterator[None]:
        """A call of an operation, from its arrival until its answer is sent."""
        with self._lock:
            self._at_once[operation] += 1
            self._most_at_once[operation] = max(self._most_at_once[operation], self._at_once[operation])
        try:
            yield
        finally:
            with self._lock:
                self._at_once[operation] -= 1

    def note(self, method: str, template: str, status: int) -> None:
        """One answered request; a status of 0 stands for an answer that was never sent."""
        with self._lock:
            self._counts[f"{method} {template}", status] += 1

    def note_submit(self, family: str, client_id: str, job_id: str, body: dict[str, Any]) -> None:
        with self._lock:
            self._submits.append({"family": family, "clientId": client_id, "jobId": job_id, "body": body})

    def note_call(self, operation: str, path: dict[str, str], query: dict[str, str], body: bytes) -> None:
        """What a permitted call asked, before it is known whether that can be answered."""
        told = {"operation": operation, "path": path, "query": query, "body": body.decode(errors="replace")}
        with self._lock:
            self._calls.append(told)

    def note_spent(self, client_id: str) -> None:
        """One request that counts against a client's budget, whether it is within it or not."""
        with self._lock:
            self._spent.append((client_id, time.monotonic()))

    def told(self) -> dict[str, Any]:
        """`{"total", "counts": {"GET /path/{jobId}": {"200": 3}}, "submits": [...], "calls": [...], "spent": [...],
        "atOnce": {...}}`; the newest calls are `{"operation", "path", "query", "body"}`, the body as text; the newest
        requests that count against a budget are `[client, monotonic seconds]`; atOnce is how many calls of an
        operation of Context Services were under way at the same time, at most."""
        with self._lock:
            counts: dict[str, dict[str, int]] = {}
            for (operation, status), times in sorted(self._counts.items()):
                counts.setdefault(operation, {})[str(status)] = times
            told = {"total": self._counts.total(), "counts": counts}
            lists = {"submits": list(self._submits), "calls": list(self._calls), "spent": list(self._spent)}
            return {**told, **lists, "atOnce": dict(self._most_at_once)}
