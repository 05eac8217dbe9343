"""Trying again: how often, with which pauses, and after what."""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_base, wait_random_exponential

from analytics_platform.source.errors import SourceError
from analytics_platform.source.waiting import wait

_log = logging.getLogger(__name__)
_NUMBER = re.compile(r"\d{1,9}(\.\d+)?")
_T = TypeVar("_T")


@dataclass(frozen=True)
class Retries:
    """How often to try, and the pauses between, in seconds.

    Pauses are random between zero and a bound that doubles from `first_pause` to `longest_pause`. Where the vendor
    says how long to wait, that is what we wait, unless it exceeds `longest_retry_after`: then the error is raised at
    once, since a daily limit can ask for hours.
    """

    attempts: int = 5
    first_pause: float = 0.5
    longest_pause: float = 30.0
    longest_retry_after: float = 300.0

    def run(
        self,
        attempt: Callable[[], _T],
        *,
        again: Callable[[SourceError], bool],
        on_pause: Callable[[float], None] | None = None,
    ) -> _T:
        """What `attempt` returns; tried again after a transient error for which `again` holds. `on_pause` is told of
        each pause, in seconds, before it begins.

        Raises the last error once the attempts are used up, GivenUp when this thread is told to stop.
        """

        def worth_it(fault: BaseException) -> bool:
            return (
                isinstance(fault, SourceError)
                and fault.transient
                and (fault.retry_after or 0.0) <= self.longest_retry_after
                and again(fault)
            )

        def report(state: RetryCallState) -> None:
            fault = state.outcome.exception() if state.outcome else None
            pause = state.next_action.sleep if state.next_action else 0.0
            _log.warning("Attempt %d failed, next in %.1f s: %s", state.attempt_number, pause, fault)
            if on_pause is not None:
                on_pause(pause)

        retrying = Retrying(
            sleep=wait,
            stop=stop_after_attempt(self.attempts),
            wait=_AskedOrRandom(wait_random_exponential(multiplier=self.first_pause, max=self.longest_pause)),
            retry=retry_if_exception(worth_it),
            before_sleep=report,
            reraise=True,
        )
        return retrying(attempt)


class _AskedOrRandom(wait_base):
    """What the vendor asked for plus a little, so that not all come back at one instant; else the random pause."""

    def __init__(self, otherwise: wait_base) -> None:
        self._otherwise = otherwise

    def __call__(self, retry_state: RetryCallState) -> float:
        pause = self._otherwise(retry_state)
        fault = retry_state.outcome.exception() if retry_state.outcome else None
        if isinstance(fault, SourceError) and fault.retry_after is not None:
            return fault.retry_after + min(pause, 1.0)
        return pause


def asked_pause(headers: Mapping[str, str]) -> float | None:
    """Seconds a server asks to wait by `Retry-After`, given in seconds or as an HTTP date; None when it does not."""
    given = headers.get("retry-after", "").strip()
    if _NUMBER.fullmatch(given):
        return float(given)
    try:
        instant = parsedate_to_datetime(given)
    except ValueError:
        return None
    instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return max(0.0, (instant - datetime.now(UTC)).total_seconds())
