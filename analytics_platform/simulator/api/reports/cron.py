"""Quartz cron expressions: `seconds minutes hours day-of-month month day-of-week [year]`.

Each field is `*`, a number, a range `a-b`, a list of these by commas, or one of them with a step `/n`; months and
weekdays may be named (JAN, MON), weekdays count from 1 for Sunday. One of the two days is `?`, as Quartz wants it.
Quartz's L, W and # are refused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from analytics_platform.simulator.api.errors import bad_request
from analytics_platform.simulator.world.instants import of

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    (0, 59, ()),
    (0, 59, ()),
    (0, 23, ()),
    (1, 31, ()),
    (1, 12, _MONTHS),
    (1, 7, _WEEKDAYS),
    (1970, 2199, ()),
)
_FARTHEST = 4 * 366
"""Days that a next or a last time is looked for."""


@dataclass(frozen=True)
class Cron:
    """The times of a cron expression in a time zone, as instants in milliseconds."""

    seconds: Sequence[int]
    minutes: Sequence[int]
    hours: Sequence[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    years: frozenset[int]
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str, zone: ZoneInfo) -> "Cron":
        """ApiError 400 when the text is no such expression."""
        refused = bad_request(
            f"Invalid quartzCronExpression: {text}. It has six or seven fields: seconds minutes hours day-of-month "
            "month day-of-week [year], one of the two days being ?"
        )
        fields = text.upper().split()
        if len(fields) == 6:
            fields.append("*")
        if len(fields) != 7 or (fields[3] == "?") == (fields[5] == "?"):
            raise refused
        try:
            told = [_values(field, *bounds) for field, bounds in zip(fields, _FIELDS, strict=True)]
        except ValueError:
            raise refused from None
        seconds, minutes, hours = (sorted(each) for each in told[:3])
        days, months, weekdays, years = (frozenset(each) for each in told[3:])
        return cls(seconds, minutes, hours, days, months, weekdays, years, zone)

    def after(self, instant: int) -> int | None:
        """The first time after an instant; None when there is none within four years."""
        day = self._day_of(instant)
        days = (day + timedelta(days=passed) for passed in range(_FARTHEST))
        return next((time for each in days for time in self._on(each) if time > instant), None)

    def until(self, instant: int, since: int) -> Iterator[int]:
        """The times after `since` and up to an instant, the last first."""
        day, first = self._day_of(instant), self._day_of(since)
        while day >= first:
            yield from (time for time in reversed(list(self._on(day))) if since < time <= instant)
            day -= timedelta(days=1)

    def _on(self, day: date) -> Iterator[int]:
        """The times of a local day in order."""
        weekday = day.isoweekday() % 7 + 1
        if day.day in self.days and day.month in self.months and weekday in self.weekdays and day.year in self.years:
            for hour in self.hours:
                for minute in self.minutes:
                    for second in self.seconds:
                        local = datetime.combine(day, time(hour, minute, second), self.zone)
                        yield of(local.astimezone(UTC))

    def _day_of(self, instant: int) -> date:
        return datetime.fromtimestamp(instant / 1000, self.zone).date()


def _values(field: str, least: int, most: int, names: tuple[str, ...]) -> set[int]:
    """The numbers a field allows; ValueError when it is none."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        if span in ("*", "?"):
            first, last = least, most
        else:
            begin, dash, end = span.partition("-")
            first = _number(begin, names)
            last = _number(end, names) if dash else most if step else first
        if not least <= first <= last <= most:
            raise ValueError(field)
        found.update(range(first, last + 1, int(step) if step else 1))
    return found


def _number(word: str, names: tuple[str, ...]) -> int:
    return names.index(word) + 1 if word in names else int(word)
