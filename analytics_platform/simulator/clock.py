"""The simulated org's clock: it can run, stand still, and be set."""

import time
from threading import Lock


class Clock:
    """Tells the simulated instant, in milliseconds; a running one goes as fast as real time."""

    def __init__(self, now: int, running: bool) -> None:
        self._lock = Lock()
        self.set(now, running)

    @property
    def running(self) -> bool:
        return self._running

    def now(self) -> int:
        with self._lock:
            passed = int((time.monotonic() - self._since) * 1000) if self._running else 0
            return self._now + passed

    def set(self, now: int, running: bool) -> None:
        """Put the clock at an instant, forwards or backwards, and let it run from there or stand."""
        with self._lock:
            self._now, self._running, self._since = now, running, time.monotonic()
