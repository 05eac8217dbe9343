"""Waiting for a condition with a deadline, so that no test sleeps for a guessed time."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def wait_until(look: Callable[[], Found], what: str, *, seconds: float = 120.0) -> Found:
    """The first truthy thing `look` gives; AssertionError naming `what` when the deadline passes without one."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come about within {seconds:.0f} s; last seen: {found!r}")
        time.sleep(0.05)
    return found
