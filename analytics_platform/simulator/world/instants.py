"""Instants: whole milliseconds since 1970-01-01T00:00:00Z, and the vendor's text for them.

The vendor writes milliseconds, and leaves a fraction of zero away (`2024-04-29T04:10:03Z`, seen in a real watermark).
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
FOREVER = 1 << 62
"""An instant after every other."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTES = tuple(f"{hour:02d}:{minute:02d}:" for hour in range(24) for minute in range(60))
_SECONDS = tuple(
    f"{second:02d}.{milli:03d}Z" if milli else f"{second:02d}Z" for second in range(60) for milli in range(1000)
)


def iso(instant: int) -> str:
    """The vendor's text of an instant."""
    day, rest = divmod(instant, DAY)
    minute, rest = divmod(rest, MINUTE)
    return _day_text(day) + _MINUTES[minute] + _SECONDS[rest]


def parse(text: str) -> int:
    """The instant an ISO-8601 text names, cut to milliseconds; without an offset it is read as UTC.

    Raises ValueError when the text is no date and time.
    """
    if "T" not in text:
        raise ValueError(f"{text!r} is not a date and time")
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    return of(parsed)


def of(moment: datetime) -> int:
    """The instant of an aware datetime, cut to milliseconds."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def day_start(day: date) -> int:
    """The first instant of a UTC day."""
    return (day - date(1970, 1, 1)).days * DAY


def day_of(instant: int) -> date:
    """The UTC day an instant lies in."""
    return date(1970, 1, 1) + timedelta(days=instant // DAY)


@lru_cache(maxsize=4096)
def _day_text(day: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat() + "T"
