"""Instants as Context Services writes them: UTC, always with milliseconds, no other form."""

import re
from datetime import UTC, datetime

from analytics_platform.simulator.world.instants import of

_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def stamp(instant: int) -> str:
    """The text of an instant, such as `2014-09-02T08:00:00.000Z`."""
    told = datetime.fromtimestamp(instant // 1000, UTC)
    return f"{told:%Y-%m-%dT%H:%M:%S}.{instant % 1000:03d}Z"


def read_stamp(text: str) -> int:
    """The instant of a text in that form; ValueError for any other."""
    if not _FORM.fullmatch(text):
        raise ValueError(f"{text!r} is not a date like 2014-09-02T08:00:00.000Z")
    return of(datetime.fromisoformat(text))
