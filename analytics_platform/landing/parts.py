"""The parts of a day that one job cannot deliver: where it is cut, and what two parts deliver both.

A job delivers all that was alive in its interval, so that what lives over a cut comes with both parts.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, Stream
from analytics_platform.lake import Manifest
from analytics_platform.landing.ledger import Question
from analytics_platform.source.intervals import Interval, interval
from analytics_platform.tables.raw import RawPage

LEAST: Final = timedelta(minutes=45)
"""The shortest interval a job is asked for: a day halved five times."""
NEAR: Final = 0.8
"""The share of the result cap from which the next job over as much is asked for in halves."""


@dataclass(frozen=True)
class Delivered:
    """What one job delivered of a day."""

    job_id: str
    interval: str
    as_of: datetime
    records: int


def over(question: Question, asked: Interval) -> Question:
    """The question over another interval."""
    body = msgspec.json.encode({"interval": str(asked)}, order="sorted")
    return replace(question, interval=str(asked), body_hash=hashlib.sha256(body).hexdigest())


def halves(question: Question) -> tuple[Question, ...]:
    """The question over either half of its interval; none where the halves would be shorter than the least."""
    whole = interval(question.interval)
    middle = whole.start + (whole.end - whole.start) / 2
    if middle - whole.start < LEAST:
        return ()
    return over(question, Interval(whole.start, middle)), over(question, Interval(middle, whole.end))


def parts_of(manifest: Manifest) -> tuple[Delivered, ...]:
    """What each job delivered of a landed day, in the order of their intervals."""
    facts = manifest.facts
    told = facts.get("parts") or [
        {"job_id": job_id, **{name: facts[name] for name in ("interval", "as_of", "records")}}
        for job_id in facts["job_ids"]
    ]
    return tuple(msgspec.convert(part, Delivered) for part in told)


def expected_records(question: Question, like: Sequence[Delivered], days_later: int) -> float:
    """How many records a job will deliver if its day is like one landed so many days before, as dense in each part."""
    wanted = interval(question.interval)
    return sum(part.records * _overlap(wanted, interval(part.interval), days_later) for part in like)


class SeenInNewerParts:
    """Leaves out of a part what a part asked for later delivered too: it knows more. Give it the newest part first.

    Holds the ids of what lives over a cut, and of nothing else. A user's record is no version of another: each part
    tells the statuses of its own interval, so that all are kept.
    """

    def __init__(self, stream: Stream) -> None:
        self._key = stream.raw.own[0].name
        self._drops = stream is CONVERSATION_DETAILS
        self._known = pa.array([], pa.string())
        self._found: list[pa.Array] = []

    def without(self, rows: RawPage, asked: Interval) -> RawPage:
        """The rows of a page of a part over `asked` save those a newer part has delivered."""
        if not self._drops:
            return rows
        kept = rows.kept
        ends = kept["conversation_end"]
        inside = pc.and_(pc.greater(kept["conversation_start"], asked.start), pc.less(ends, asked.end))
        outside = pc.invert(pc.fill_null(inside, False))
        if pc.any(outside).as_py():
            self._found.extend(kept[self._key].filter(outside).chunks)
        new = pc.invert(pc.is_in(kept[self._key], self._known))
        if pc.all(new).as_py():
            return rows
        homes = [homes for homes, is_new in zip(rows.homes, new.to_pylist(), strict=True) if is_new]
        return replace(rows, kept=kept.filter(new), homes=homes)

    def end_part(self) -> None:
        """What comes now is of an older part."""
        self._known = pa.concat_arrays([self._known, *self._found]).unique()
        self._found = []


def _overlap(wanted: Interval, part: Interval, days_later: int) -> float:
    """Which share of a part, put so many days later, lies in an interval."""
    start, end = (instant + timedelta(days=days_later) for instant in (part.start, part.end))
    return max(0.0, (min(end, wanted.end) - max(start, wanted.start)) / (end - start))
