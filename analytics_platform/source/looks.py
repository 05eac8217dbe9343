"""Waiting for what the vendor does in its own time: looks at it, after pauses that grow."""

import logging
import random
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from analytics_platform.source.errors import TransientError
from analytics_platform.source.waiting import wait

_log = logging.getLogger(__name__)
_GROWTH = 1.5
_PATIENCE = 3
"""Looks that may fail one after the other, each after its own retries, before waiting is given up."""
_Seen = TypeVar("_Seen")


def looks(
    look: Callable[[], _Seen], what: str, first_pause: float, deadline: float, longest_pause: float = 30.0
) -> Iterator[_Seen]:
    """What `look` sees after `first_pause` seconds, then after pauses that grow by half up to `longest_pause`, and for
    the last time `deadline` seconds from now; at least once. Passing faults are waited through a few times.
    Raises GivenUp when this thread is told to stop.
    """
    ends = time.monotonic() + deadline
    pause, failures = first_pause, 0
    while True:
        left = ends - time.monotonic()
        wait(min(pause * random.uniform(0.9, 1.1), left))
        pause = min(max(pause, 0.001) * _GROWTH, longest_pause)
        try:
            seen = look()
        except TransientError as fault:
            failures += 1
            if failures >= _PATIENCE or time.monotonic() >= ends:
                raise
            _log.warning("No status of %s, looking again in %.0f s: %s", what, pause, fault)
            continue
        failures = 0
        yield seen
        if time.monotonic() >= ends:
            return
