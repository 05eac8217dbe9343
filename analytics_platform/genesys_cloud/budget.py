"""The request rate that all runs of one OAuth client share on this machine.

The vendor allows some 300 requests a minute per client-credentials token
(`client.credentials.token.rate.per.minute`) and answers more with 429. A process that only watches itself cannot keep
to that, so the budget is a file all processes of the machine book in: at most `limit` requests in any `window`, first
come, first served, and a pause the vendor asks of one is kept by all.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from analytics_platform.genesys_cloud.budget_file import SECOND, BudgetFile
from analytics_platform.genesys_cloud.refusals import retry_after
from analytics_platform.source.errors import RateLimited

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Waiting:
    """One wait of one request: for how many seconds, and whether a pause the vendor asked for is the cause."""

    seconds: float
    paused: bool


class RequestBudget:
    """Leave to send requests, shared by threads and processes through a file under `folder`.

    `limit` requests in any `window` seconds; the window is a second longer than the vendor's minute, since requests
    travel for unequal times. A pause longer than `longest_pause` seconds is not waited out but raised as RateLimited.
    `on_wait` is told of each wait before it begins.
    """

    def __init__(
        self,
        folder: Path,
        *,
        client_id: str,
        api_url: str,
        limit: int = 300,
        window: float = 61.0,
        longest_pause: float = 300.0,
        on_wait: Callable[[Waiting], None] | None = None,
    ) -> None:
        if limit < 1 or window <= 0:
            raise ValueError("A request budget needs a limit of at least 1 and a window above 0 seconds.")
        key = f"{client_id}\n{urlsplit(api_url).netloc.lower()}"
        name = hashlib.sha256(key.encode()).hexdigest()[:16]
        self._file = BudgetFile(folder / f"request-budget-{name}.sqlite", limit=limit, window=window)
        self._longest_pause = longest_pause
        self._on_wait = on_wait

    @staticmethod
    def unlimited() -> "RequestBudget":
        """A budget that never makes anyone wait and touches no file."""
        return _Unlimited()

    def acquire(self) -> None:
        """Return when one request may be sent; it counts from now on.

        Raises RateLimited when the vendor asked for a pause longer than `longest_pause`.
        """
        booking = self._file.book()
        while booking.wait > 0:
            if booking.pause > self._longest_pause * SECOND:
                self._file.cancel(booking)
                raise _long_pause(booking.pause / SECOND)
            self._report(Waiting(booking.wait / SECOND, paused=booking.pause > 0))
            time.sleep(booking.wait / SECOND)
            booking = self._file.book(instead_of=booking)

    def learn(self, headers: Mapping[str, str], *, refused: bool = True) -> None:
        """Take in what an answer says of the rate; header names in lower case.

        `inin-ratelimit-count`, `-allowed` and `-reset` (seconds) are the vendor's own count, other machines' requests
        included. With `refused` (a 429 or 503), `Retry-After` pauses all who share the budget.
        """
        try:
            count = int(headers["inin-ratelimit-count"])
            allowed = int(headers["inin-ratelimit-allowed"])
            reset = float(headers["inin-ratelimit-reset"])
        except (KeyError, ValueError):
            pass
        else:
            # Anything else is not the minute's window this was made for.
            if allowed > 0 and count >= 0 and 0 < reset <= 600:
                self._file.learn(count=count, allowed=allowed, reset=reset)
        wait = retry_after(headers) if refused else None
        if wait:
            self.pause(wait)

    def pause(self, seconds: float) -> None:
        """Let nobody who shares the budget send for so long."""
        _log.info("All requests of this OAuth client pause for %.0f s, as the vendor asks.", seconds)
        self._file.pause(seconds)

    def instants(self) -> list[datetime]:
        """When the requests of the last window were allowed, and those booked ahead; UTC, oldest first."""
        return [datetime.fromtimestamp(at / SECOND, UTC) for at in self._file.instants()]

    def close(self) -> None:
        """Close the file; it opens again when used again."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _report(self, waiting: Waiting) -> None:
        level = logging.INFO if waiting.seconds >= 1 else logging.DEBUG
        cause = "the vendor asked for a pause" if waiting.paused else "the request budget is used up"
        _log.log(level, "Waiting %.1f s: %s.", waiting.seconds, cause)
        if self._on_wait is not None:
            self._on_wait(waiting)


class _Unlimited(RequestBudget):
    def __init__(self) -> None:
        pass

    def acquire(self) -> None:
        pass

    def learn(self, headers: Mapping[str, str], *, refused: bool = True) -> None:
        pass

    def pause(self, seconds: float) -> None:
        pass

    def instants(self) -> list[datetime]:
        return []

    def close(self) -> None:
        pass


def _long_pause(seconds: float) -> RateLimited:
    until = datetime.fromtimestamp(time.time() + seconds, UTC)
    return RateLimited(
        f"Genesys Cloud asked this OAuth client to pause for {seconds:.0f} s, until {until:%Y-%m-%d %H:%M:%S} UTC, "
        "longer than a run waits: run again after that.",
        retry_after=seconds,
    )
