"""Intervals as the vendor takes them: `start/end`, two ISO-8601 instants."""

from dataclasses import dataclass

from analytics_platform.simulator.api.errors import ApiError, bad_request
from analytics_platform.simulator.world.instants import DAY, parse


@dataclass(frozen=True)
class Interval:
    """`[start, end)` in milliseconds."""

    start: int
    end: int


def parse_interval(text: object, longest_days: int) -> Interval:
    """The interval a text names; ApiError 400 when it is none, is empty or backwards, or longer than allowed."""
    if not isinstance(text, str) or text.count("/") != 1:
        raise ApiError(
            400, "invalid.date", f"Invalid interval: {text}. An interval is two ISO-8601 instants: start/end"
        )
    first, last = text.split("/")
    try:
        interval = Interval(parse(first), parse(last))
    except ValueError:
        raise ApiError(
            400, "invalid.date", f"Invalid interval: {text}. An interval is two ISO-8601 instants: start/end"
        ) from None
    if interval.end <= interval.start:
        raise bad_request(f"Invalid interval: {text}. The end must be after the start")
    if interval.end - interval.start > longest_days * DAY:
        raise bad_request(
            f"You must specify a search interval as part of your query that does not exceed {longest_days} days"
        )
    return interval
