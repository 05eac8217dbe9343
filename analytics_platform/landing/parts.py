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


@dataclass(frozen=True)
class Like:
    """What jobs are expected to hold: what some did so many days before, as dense in each part."""

    parts: Sequence[Delivered]
    days_later: int = 0

    def records(self, question: Question) -> float:
        """How many records a job will deliver."""
        wanted = interval(question.interval)
        return sum(part.records * _overlap(wanted, interval(part.interval), self.days_later) for part in self.parts)


class Beginning:
    """What a job is going to deliver, by the starts of the conversations it has delivered so far.

    The vendor's jobs give conversations in the order of their starts, if nothing else is asked for (its SDK's words on
    `orderBy`). Where one does not, no more is expected than has come.
    """

    def __init__(self, asked: Interval) -> None:
        self._asked = asked
        self._latest = asked.start
        self._before = 0
        self._inside = 0

    def add(self, page: RawPage) -> None:
        """Count in the next page; records without starts say nothing of those to come."""
        if "conversation_start" not in page.kept.column_names:
            self._before += len(page.kept)
            return
        starts = page.kept["conversation_start"]
        inside = pc.sum(pc.greater_equal(starts, self._asked.start)).as_py() or 0
        self._inside += inside
        self._before += len(starts) - inside
        self._latest = max(self._latest, pc.max(starts).as_py() or self._latest)

    @property
    def expected(self) -> int:
        """How many records the job will have delivered if conversations go on to start as often as until now."""
        passed = (self._latest - self._asked.start) / (self._asked.end - self._asked.start)
        return self._before + (round(self._inside / min(passed, 1.0)) if passed else self._inside)


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
