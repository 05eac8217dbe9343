"""What a day is to those who read it.

- missing: nothing of it has landed.
- provisional: landed before its watermark because somebody asked for that; replaced once the watermark has passed it.
- partial: all there is for now, and not the whole day; whatever would make it whole has not landed or cannot be had.
- complete: landed after its watermark.
- settled, rebuilt: read again at an age, without a difference or with one. These are words of a reading of the source:
  a day that is made from others, as one of a typed table is, is complete at most.
"""

from datetime import UTC, date, datetime, time, timedelta

from analytics_platform.lake import Manifest

MISSING, PROVISIONAL, PARTIAL = "missing", "provisional", "partial"
COMPLETE, SETTLED, REBUILT = "complete", "settled", "rebuilt"


def end_of(day: date) -> datetime:
    """The instant a UTC day ends."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def read_since(before: Manifest | None, now: Manifest) -> bool:
    """Whether a day was read by jobs of its own, and whole, between two looks at its manifest."""
    return now.state != PROVISIONAL and (before is None or before.facts["job_ids"] != now.facts["job_ids"])


def state_of(
    day: date,
    *,
    watermark: datetime,
    before: Manifest | None,
    digest: str,
    settled_after: timedelta,
    whole: bool = True,
) -> str:
    """The state of a day landed under a watermark, given what the lake held before.

    `digest` stands for the content; that of `before` is among its facts. A day read again is `rebuilt` when its
    content differs, `settled` when it does not and the watermark is `settled_after` past the day's end. `whole` says
    whether the source gave all it has of the day.
    """
    if watermark < end_of(day):
        return PROVISIONAL
    if not whole:
        return PARTIAL
    if before is None or before.facts["state"] in (PROVISIONAL, PARTIAL):
        return COMPLETE
    if before.facts["digest"] != digest:
        return REBUILT
    return SETTLED if watermark - end_of(day) >= settled_after else str(before.facts["state"])
