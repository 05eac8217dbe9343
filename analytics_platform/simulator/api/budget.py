"""The request budget: so many requests for each client in a window, told in headers, refused with 429 beyond."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from analytics_platform.simulator.api.errors import too_many_requests


@dataclass(slots=True)
class _Window:
    started: float
    count: int = 0


class Budget:
    """Counts the requests of each client in fixed windows of real time."""

    def __init__(self, allowed: int, window_seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._allowed = allowed
        self._length = window_seconds
        self._monotonic = monotonic
        self._windows: dict[str, _Window] = {}
        self._lock = Lock()

    def spend(self, client_id: str) -> dict[str, str]:
        """Count one request; the headers that tell how many there were. ApiError 429 when it was one too many."""
        now = self._monotonic()
        with self._lock:
            window = self._windows.get(client_id)
            if window is None or now - window.started >= self._length:
                window = self._windows[client_id] = _Window(now)
            window.count += 1
            spent = window.count
        left = max(1, math.ceil(window.started + self._length - now))
        headers = {
            "inin-ratelimit-count": str(spent),
            "inin-ratelimit-allowed": str(self._allowed),
            "inin-ratelimit-reset": str(left),
        }
        if spent > self._allowed:
            refused = too_many_requests(left)
            refused.headers |= headers
            raise refused
        return headers
