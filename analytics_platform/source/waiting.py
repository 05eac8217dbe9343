"""The one way to wait: until the time is over, or until whoever waits is told to stop.

A run that is ended interrupts its main thread wherever that waits. The threads it started are told by events, and this
is where they hear of it, however deep below the landing they wait: for the request budget, before they try again,
between two looks.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event

from analytics_platform.source.errors import GivenUp

_LOOK_SECONDS = 0.25
_stops: ContextVar[tuple[Event, ...]] = ContextVar("stops", default=())


@contextmanager
def told_by(*stops: Event) -> Iterator[None]:
    """What waits in this block, in this thread, gives up once one of `stops` is set."""
    before = _stops.set(stops)
    try:
        yield
    finally:
        _stops.reset(before)


def wait(seconds: float) -> None:
    """Return after so many seconds; raises GivenUp as soon as this thread is told to stop."""
    stops = _stops.get()
    if not stops:
        time.sleep(max(0.0, seconds))
        return
    ends = time.monotonic() + seconds
    refuse_when(*stops)
    while (left := ends - time.monotonic()) > 0:
        # One event wakes whoever waits for it, several have to be looked at.
        stops[0].wait(left if len(stops) == 1 else min(left, _LOOK_SECONDS))
        refuse_when(*stops)


def refuse_when(*stops: Event) -> None:
    """Raise GivenUp once one of `stops` is set."""
    if any(stop.is_set() for stop in stops):
        raise GivenUp("Given up because another day of the same run failed or the run was ended; run again.")
