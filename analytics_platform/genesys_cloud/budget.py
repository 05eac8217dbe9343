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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from analytics_platform.genesys_cloud.budget_file import SECOND, Booking, BudgetFile
from analytics_platform.genesys_cloud.refusals import retry_after
from analytics_platform.source.errors import RateLimited
from analytics_platform.source.waiting import wait

_log = logging.getLogger(__name__)
_FORMAT = "2"
"""Of the file; files of another one are left alone."""


@dataclass(frozen=True)
class Waiting:
    """One wait of one request: for how many seconds, and whether a pause the vendor asked for is the cause."""

    seconds: float
    paused: bool


@dataclass(frozen=True)
class Standing:
    """How a budget stands: requests in the last window, those booked ahead among them, how many there may be, seconds
    until one booked now may be sent, and until when the vendor asked for a pause (UTC, None without one)."""

    used: int
    limit: int
    wait: float
    paused_until: datetime | None


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
        key = f"{client_id}\n{urlsplit(api_url).netloc.lower()}\n{_FORMAT}"
        name = hashlib.sha256(key.encode()).hexdigest()[:16]
        self._file = BudgetFile(folder / f"request-budget-{name}.sqlite", limit=limit, window=window)
        self._limit = limit
        self._longest_pause = longest_pause
        self._on_wait = on_wait

    @staticmethod
    def unlimited() -> "RequestBudget":
        """A budget that never makes anyone wait and touches no file."""
        return _Unlimited()

    def acquire(self) -> Booking:
        """Return when one request may be sent; it counts from now on, unless it is given back.

        Raises RateLimited when the vendor asked for a pause longer than `longest_pause`, GivenUp when this thread is
        told to stop. Whatever ends the wait, the booking is given back.
        """
        booking = self._file.book()
        try:
            while booking.wait > 0:
                if booking.pause > self._longest_pause * SECOND:
                    raise _long_pause(booking.pause / SECOND)
                if self._on_wait is not None:
                    self._on_wait(Waiting(booking.wait / SECOND, paused=booking.pause > 0))
                wait(booking.wait / SECOND)
                booking = self._file.book(instead_of=booking)
        except BaseException:
            self._file.cancel(booking)
            raise
        return booking

    def give_back(self, booking: Booking) -> None:
        """The request was not sent."""
        self._file.cancel(booking)

    def answered(self, booking: Booking) -> None:
        """The request was answered, with nothing to be learnt of the rate."""
        self._file.answered(booking)

    def learn(self, headers: Mapping[str, str], *, status: int) -> None:
        """Take in what an answer says of the rate; header names in lower case.

        `inin-ratelimit-count`, `-allowed` and `-reset` (seconds) are the vendor's own count, other machines' requests
        included. With a 429 or 503, `Retry-After` pauses all who share the budget.
        """
        try:
            count = int(headers["inin-ratelimit-count"])
            allowed = int(headers["inin-ratelimit-allowed"])
            reset = float(headers["inin-ratelimit-reset"])
        except (KeyError, ValueError):
            count, allowed, reset = 0, 0, 0.0
        # Anything else is not the minute's window this was made for.
        if allowed > 0 and count >= 0 and 0 < reset <= 600:
            self._file.learn(count=count, allowed=allowed, reset=reset)
        elif status < 300:
            self._file.told_nothing()
        asked = retry_after(headers) if status in (429, 503) else None
        if asked:
            self.pause(asked)

    def pause(self, seconds: float) -> None:
        """Let nobody who shares the budget send for so long."""
        _log.info("All requests of this OAuth client pause for %.0f s, as the vendor asks.", seconds)
        self._file.pause(seconds)

    def standing(self) -> Standing:
        """How the budget stands now."""
        outlook = self._file.outlook()
        pause = timedelta(microseconds=outlook.pause // 1000)
        return Standing(
            outlook.used, self._limit, outlook.wait / SECOND, datetime.now(UTC) + pause if outlook.pause else None
        )

    def instants(self) -> list[datetime]:
        """When the requests of the last window were allowed, and those booked ahead; UTC, oldest first."""
        now = datetime.now(UTC)
        return [now - timedelta(microseconds=age // 1000) for age in self._file.ages()]

    def close(self) -> None:
        """Close the file; it opens again when used again."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Unlimited(RequestBudget):
    def __init__(self) -> None:
        pass

    def acquire(self) -> Booking:
        return Booking(0, 0, 0)

    def give_back(self, booking: Booking) -> None:
        pass

    def answered(self, booking: Booking) -> None:
        pass

    def learn(self, headers: Mapping[str, str], *, status: int) -> None:
        pass

    def pause(self, seconds: float) -> None:
        pass

    def standing(self) -> Standing:
        return Standing(0, 0, 0.0, None)

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
