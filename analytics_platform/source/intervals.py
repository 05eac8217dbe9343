"""Intervals as people write them and as the vendor takes them: two UTC instants, the end not in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from analytics_platform.source.errors import QueryRefused

_DAY = timedelta(days=1)
_LAST = re.compile(r"([1-9]\d{0,3})([dh])")
_FORMS = (
    "write a UTC day (2026-03-02), two days or instants of which the second is not in it (2026-03-02/2026-03-04, "
    "2026-03-02T08:00Z/2026-03-02T12:00Z)"
)


@dataclass(frozen=True)
class Interval:
    """`[start, end)`, both UTC, the end after the start. As text it is what the vendor takes, in milliseconds."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{utc_text(self.start)}/{utc_text(self.end)}"

    def holds(self, instant: datetime) -> bool:
        return self.start <= instant < self.end

    @property
    def days(self) -> int:
        """How many UTC days it touches."""
        return -((_midnight(self.start) - self.end) // _DAY)

    def pieces(self, days: int) -> Iterator["Interval"]:
        """The interval in pieces that each touch `days` UTC days at most, cut at UTC midnights, the earliest first."""
        start = self.start
        while start < self.end:
            end = min(self.end, _midnight(start) + days * _DAY)
            yield Interval(start, end)
            start = end


def utc_instant(text: str, where: str) -> datetime:
    """A day's beginning or an ISO 8601 instant, UTC where it has no offset, in whole milliseconds as the vendor's are.

    QueryRefused, telling `where`, for anything else.
    """
    try:
        if len(text) == len("2026-03-02"):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        told = datetime.fromisoformat(text)
        utc = told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
        return utc.replace(microsecond=utc.microsecond // 1000 * 1000)
    except (ValueError, OverflowError):
        raise QueryRefused(f"{text!r} {where} is neither day nor instant: {_FORMS}.") from None


def interval(text: str) -> Interval:
    """What a text says: a UTC day, two of them, or two ISO 8601 instants. An instant without offset is UTC.

    QueryRefused in one sentence for anything else, and where the end is not after the start.
    """
    first, slash, second = text.strip().partition("/")
    start = utc_instant(first, f"in the interval {text!r}")
    if slash:
        end = utc_instant(second, f"in the interval {text!r}")
    elif len(first) == len("2026-03-02"):
        end = start + _DAY
    else:
        raise QueryRefused(f"The interval {text!r} has no end: {_FORMS}.")
    if end <= start:
        raise QueryRefused(f"The interval {text!r} does not end after it begins: {_FORMS}.")
    return Interval(start, end)


def last(text: str, now: datetime) -> Interval:
    """The days or hours before `now` that have wholly passed: `3d` are UTC days, `6h` hours.

    What has not passed is left out: pages of what still happens move while they are read.
    """
    match = _LAST.fullmatch(text.strip().lower())
    if match is None:
        raise QueryRefused(f"{text!r} is no span of time: write days or hours, such as 3d or 6h.")
    utc = now.astimezone(UTC)
    unit, end = (_DAY, _midnight(utc)) if match[2] == "d" else (timedelta(hours=1), _hour(utc))
    return Interval(end - int(match[1]) * unit, end)


def _midnight(instant: datetime) -> datetime:
    return datetime.combine(instant.date(), time(), UTC)


def _hour(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)


def utc_text(instant: datetime) -> str:
    """A UTC instant as the vendor takes it, in milliseconds."""
    return f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03d}Z"
