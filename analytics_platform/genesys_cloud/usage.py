"""What a connection asks and how long it waits, counted, and said while it waits: in more words than one a request."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from analytics_platform.genesys_cloud.budget import Waiting

_log = logging.getLogger(__name__)
_WORTH_TELLING = 1.0
_FIRST_SPACING, _LONGEST_SPACING = 15.0, 900.0


@dataclass(frozen=True)
class Used:
    """What a connection has used: requests sent, those among them sent again, and the seconds in which at least one
    of its threads waited for leave to send or to try again."""

    requests: int
    retries: int
    waited_seconds: float


class Usage:
    """Counts for all threads of a connection. `tell` is given a level and a sentence, as a logger takes them, when a
    wait begins, the first time and then at spacings that double."""

    def __init__(
        self, tell: Callable[[int, str], object] = _log.log, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._tell = tell
        self._clock = clock
        self._lock = threading.Lock()
        self._requests = 0
        self._retries = 0
        self._waited = 0.0
        self._waits_until = 0.0
        self._next_telling, self._spacing = 0.0, _FIRST_SPACING

    def sent(self) -> None:
        """One request goes out."""
        with self._lock:
            self._requests += 1

    def waiting(self, waiting: Waiting) -> None:
        """A request is about to wait for leave to be sent."""
        cause = "Genesys Cloud asked for a pause" if waiting.paused else "the request budget is used up"
        self._waiting(waiting.seconds, cause)

    def again(self, pause: float) -> None:
        """A request failed and is about to be tried again after a pause."""
        with self._lock:
            self._retries += 1
        self._waiting(pause, "a request failed and is tried again")

    def refused(self, client_id: str, why: str) -> None:
        """The org refuses one of several OAuth clients."""
        self._tell(logging.ERROR, f"The OAuth client {client_id} is refused, the others go on without it: {why}")

    def used(self) -> Used:
        """All so far; a wait that was cut short counts for as long as it lasted."""
        with self._lock:
            ahead = max(0.0, self._waits_until - self._clock())
            return Used(self._requests, self._retries, round(max(0.0, self._waited - ahead), 1))

    def _waiting(self, seconds: float, cause: str) -> None:
        with self._lock:
            now = self._clock()
            until = now + seconds
            self._waited += max(0.0, until - max(now, self._waits_until))
            self._waits_until = max(self._waits_until, until)
            if seconds < _WORTH_TELLING or (self._next_telling and now < self._next_telling):
                return
            self._next_telling = now + self._spacing
            self._spacing = min(2 * self._spacing, _LONGEST_SPACING)
            waited, requests = self._waited - (self._waits_until - now), self._requests
        before = f"; waited {waited:.0f} s before" if waited >= _WORTH_TELLING else ""
        self._tell(logging.INFO, f"Waiting {seconds:.0f} s: {cause}. Requests so far: {requests}{before}.")
