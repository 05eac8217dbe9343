"""What a landed day is: provisional, complete, settled or rebuilt."""

from datetime import UTC, date, datetime, time, timedelta

from analytics_platform.lake import Manifest

PROVISIONAL, COMPLETE, SETTLED, REBUILT = "provisional", "complete", "settled", "rebuilt"


def end_of(day: date) -> datetime:
    """The instant a UTC day ends."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def state_of(
    day: date, *, watermark: datetime, as_of: datetime, before: Manifest | None, digest: str, settled_after: timedelta
) -> str:
    """The state of a day landed as of an instant under a watermark, given what the lake held before.

    `digest` stands for the content; that of `before` is among its facts. A day read again is `rebuilt` when its
    content differs, `settled` when it does not and the day ended at least `settled_after` ago.
    """
    if watermark < end_of(day):
        return PROVISIONAL
    if before is None or before.facts["state"] == PROVISIONAL:
        return COMPLETE
    if before.facts["digest"] != digest:
        return REBUILT
    return SETTLED if as_of - end_of(day) >= settled_after else str(before.facts["state"])
