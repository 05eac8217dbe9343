"""Buckets of time: how a granularity cuts an interval, at the edges that its time zone gives it.

Assumed, as no public text says it: a day begins at the zone's midnight, a week on Monday, a month on its first day, a
year on 1 January. A time of at most a day (PT30M) is counted from every midnight on, so that a day has the same edges
whatever interval is asked for; every other period (P3D, P1DT12H) from the midnight before the interval's start.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from analytics_platform.simulator.api.errors import bad_request
from analytics_platform.simulator.api.interval import Interval
from analytics_platform.simulator.world.instants import DAY, HOUR, MINUTE, SECOND, iso, of

_PERIOD = re.compile(
    r"P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.0+)?S)?)?"
)


@dataclass(frozen=True)
class Granularity:
    """An ISO-8601 period: calendar months and days, and milliseconds beside them."""

    months: int
    weeks: int
    days: int
    milliseconds: int
    yearly: bool

    @classmethod
    def parse(cls, text: str) -> "Granularity":
        """ApiError 400 when the text is no period, or one of no length."""
        told = _PERIOD.fullmatch(text)
        if told is None or not any(int(part or 0) for part in told.groups()):
            raise bad_request(f"Invalid granularity: {text}. A granularity is an ISO-8601 period such as PT30M or P1D")
        years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in told.groups())
        return cls(
            years * 12 + months, weeks, days, hours * HOUR + minutes * MINUTE + seconds * SECOND, yearly=years > 0
        )


def zone_of(name: str | None) -> ZoneInfo:
    """The time zone of a query, UTC where it names none; ApiError 400 when there is none of that name."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise bad_request(f"Invalid time zone: {name}. A time zone is a name of the IANA time zone database") from None


def buckets(interval: Interval, granularity: str | None, zone: ZoneInfo, most: int) -> list[Interval]:
    """The interval cut by a granularity, whole where there is none; the first and the last bucket end where it does.

    ApiError 400 when the granularity is no period, or there are more than `most` buckets.
    """
    if granularity is None:
        return [interval]
    cut: list[Interval] = []
    start = interval.start
    for edge in _edges(interval.start, Granularity.parse(granularity), zone):
        if edge <= start:
            continue
        cut.append(Interval(start, min(edge, interval.end)))
        if edge >= interval.end:
            return cut
        if len(cut) >= most:
            break
        start = edge
    raise bad_request(
        f"The granularity {granularity} cuts the interval into more than {most} buckets; ask for longer buckets or a "
        "shorter interval"
    )


def text(bucket: Interval) -> str:
    """A bucket as the answer tells it: UTC, always with milliseconds (2025-03-01T00:00:00.000Z in a real answer)."""
    return f"{_milliseconds(bucket.start)}/{_milliseconds(bucket.end)}"


def _milliseconds(instant: int) -> str:
    told = iso(instant)
    return told if "." in told else told.removesuffix("Z") + ".000Z"


def _edges(start: int, granularity: Granularity, zone: ZoneInfo) -> Iterator[int]:
    """Where buckets begin, from one at or before `start` on, without end."""
    midnight = (datetime.fromtimestamp(start / 1000, UTC).astimezone(zone)).replace(
        hour=0, minute=0, second=0, microsecond=0, tzinfo=None
    )
    if granularity.yearly:
        midnight = midnight.replace(month=1, day=1)
    elif granularity.months:
        midnight = midnight.replace(day=1)
    elif granularity.weeks:
        midnight -= timedelta(days=midnight.weekday())
    days = granularity.weeks * 7 + granularity.days
    within_days = not granularity.months and not days and granularity.milliseconds <= DAY
    passed = 0
    while True:
        edge = _instant(midnight, zone) + passed
        if within_days:
            following = midnight + timedelta(days=1)
            yield from range(edge, _instant(following, zone), granularity.milliseconds)
            midnight = following
        else:
            yield edge
            midnight = _later(midnight, granularity.months) + timedelta(days=days)
            passed += granularity.milliseconds


def _later(midnight: datetime, months: int) -> datetime:
    """So many months on; anchored on a first of the month unless days follow, cut to the month's last day."""
    years, month = divmod(midnight.month - 1 + months, 12)
    first = midnight.replace(year=midnight.year + years, month=month + 1, day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    return first + timedelta(days=min(midnight.day, (after - first).days) - 1)


def _instant(local: datetime, zone: ZoneInfo) -> int:
    """The instant of a local time; one that the clocks skipped is the first after it that they showed."""
    return of(local.replace(tzinfo=zone).astimezone(UTC))
