"""What the manifest of an activity day tells: how complete it is, what was asked for, and what came."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta

from analytics_platform.lake import Manifest
from analytics_platform.landing.ledger import Question
from analytics_platform.landing.parts import Delivered
from analytics_platform.landing.states import PROVISIONAL, state_of
from analytics_platform.landing.tally import Tally
from analytics_platform.tables.drift import counts


def day_facts(
    question: Question,
    watermark: datetime,
    delivered: Sequence[Delivered],
    before: Manifest | None,
    tally: Tally,
    settled_after: timedelta,
) -> dict[str, object]:
    """The facts of a day that jobs have delivered, under `watermark` at least, given what the lake held `before`."""
    digest = str(tally.digest)
    # A day is as old as the part of it that was asked for first.
    as_of = min(part.as_of for part in delivered)
    job_ids = [part.job_id for part in delivered]
    return {
        "stream": question.stream,
        "state": _state(question.day, watermark, job_ids, before, digest, settled_after),
        "watermark": watermark,
        "as_of": as_of,
        "job_ids": job_ids,
        "interval": question.interval,
        **({"parts": [asdict(part) for part in delivered]} if len(delivered) > 1 else {}),
        "pages": tally.pages,
        "records": tally.records,
        "repeated": tally.repeated(),
        "superseded": tally.superseded,
        "forgotten": tally.forgotten,
        "set_aside": tally.set_aside,
        "json_bytes": tally.json_bytes,
        "home_days": {day.isoformat(): count for day, count in sorted(tally.home_days.items())},
        "home_day_digests": {day.isoformat(): str(each) for day, each in sorted(tally.home_day_digests.items())},
        "digest": digest,
        "drift": counts(tally.drift.found),
        "looked_at": tally.drift.looked_at,
    }


def _state(
    day: date,
    watermark: datetime,
    job_ids: Sequence[str],
    before: Manifest | None,
    digest: str,
    settled_after: timedelta,
) -> str:
    """What the day is now: see the words of the lake's states in the docs."""
    if before is not None and before.facts["job_ids"] == job_ids and before.facts["state"] != PROVISIONAL:
        return str(before.facts["state"])  # published by a run that was killed before the ledger knew
    return state_of(day, watermark=watermark, before=before, digest=digest, settled_after=settled_after)
