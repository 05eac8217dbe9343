"""Asking the vendor for a day's export, once: the one in flight where there is one, else a new one, waited for.

Each step is in the ledger before the next. What tells an export of ours among others is the name it is asked for by,
which follows from its entry in the ledger: where it is not known whether the vendor took it, its list is looked through
for that name, and only when the vendor has had time and lists none is it asked for again. An export that is in no entry
is never touched.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from threading import Event

from analytics_platform.genesys_cloud.exports import Export, Exports
from analytics_platform.landing.errors import ExportNotDone
from analytics_platform.landing.ledger import Entry, Ledger, Question
from analytics_platform.landing.states import end_of
from analytics_platform.landing.watermark import Watermark
from analytics_platform.source.errors import JobDeadline, JobError, JobGone, SourceError, SubmitUncertain
from analytics_platform.source.intervals import Interval
from analytics_platform.source.looks import looks
from analytics_platform.source.waiting import refuse_when

_log = logging.getLogger(__name__)
FAMILY = "exports"
"""What the ledger calls the family of a question that is an export's."""


@dataclass(frozen=True)
class DailyExport:
    """An export asked for every day; `content` is the vendor's ReportingExportJobRequest without name and interval."""

    name: str
    content: Mapping[str, object]

    @property
    def stream(self) -> str:
        return f"export_{self.name}"

    @property
    def is_pdf(self) -> bool:
        return self.content["exportFormat"] == "PDF"

    def question(self, org: str, day: date) -> Question:
        """What is asked for a UTC day; equal questions share one export."""
        start = datetime.combine(day, time(), UTC)
        interval = str(Interval(start, start + timedelta(days=1)))
        told = json.dumps({**self.content, "interval": interval}, sort_keys=True)
        return Question(org, self.stream, FAMILY, day, interval, hashlib.sha256(told.encode()).hexdigest())


def name_of(entry: Entry) -> str:
    """The name an entry's export is asked for by, unlike any other: it follows from the request and the instant."""
    told = f"{entry.question.body_hash} {entry.request} {entry.number} {entry.submitted_at}"
    digest = hashlib.sha256(told.encode()).hexdigest()[:12]
    return f"analytics-platform {entry.question.stream.removeprefix('export_')} {entry.question.day} {digest}"


@dataclass(frozen=True)
class ExportTimes:
    """Seconds: until the first look, how long to wait for a file, and until the vendor's list shows what it took.

    The last is assumed, as no source says how soon an export is listed.
    """

    first_pause: float = 3.0
    deadline: float = 600.0
    until_listed: float = 60.0


class ExportAsking:
    """Brings a day's export to its end."""

    def __init__(
        self, export: DailyExport, exports: Exports, ledger: Ledger, watermark: Watermark, times: ExportTimes
    ) -> None:
        self._export = export
        self._exports = exports
        self._ledger = ledger
        self._watermark = watermark
        self._times = times

    def completed(self, question: Question, request: str, provisional: bool, stop: Event) -> tuple[Entry, Export]:
        """A completed export that answers the question; `provisional` says whether part of the day will do.

        Raises DayNotComplete before anything is asked for, ExportNotDone when it takes longer than there is time,
        JobFailed and JobCancelled when it ended so, SubmitUncertain, the client's errors, GivenUp after `stop` is set.
        """
        entry = self._usable(question, provisional)
        if entry is not None:
            _log.info("Going on with export %s of %s", question.stream, question.day)
            try:
                return self._waited(self._taken(entry, stop), 0.0, stop)
            except JobGone as fault:
                _log.warning("Asking anew for %s of %s: %s", question.stream, question.day, fault)
        watermark = self._watermark.of(question.stream, question.day, provisional=provisional)
        entry = self._ledger.begin(question, request, watermark, asked_as=self._exports.client_id)
        return self._waited(self._taken(entry, stop), self._times.first_pause, stop)

    def _usable(self, question: Question, provisional: bool) -> Entry | None:
        entry = self._ledger.in_flight(question)
        if entry is None:
            return None
        if not provisional and (entry.watermark is None or entry.watermark < end_of(question.day)):
            self._ledger.lost(entry, "asked for before the watermark had passed the day: it holds part of it")
            return None
        try:
            self._exports.of(entry.asked_as)
        except JobGone as fault:
            self._ledger.lost(entry, str(fault))
            return None
        return entry

    def _taken(self, entry: Entry, stop: Event) -> Entry:
        """The entry with the runId of its export: as noted, else found by name, else of an export asked for now."""
        if entry.job_id is not None:
            return entry
        # The instant of asking is noted before it: an entry without one was never asked for.
        found = None if entry.submitted_at is None else self._found(entry, entry.submitted_at, stop)
        if found is None:
            refuse_when(stop)
            asked_at = datetime.now(UTC)
            entry = self._ledger.dated(entry, asked_at, None)
            found = self._asked(entry, asked_at, stop)
        return self._ledger.submitted(entry, found.run_id)

    def _asked(self, entry: Entry, asked_at: datetime, stop: Event) -> Export:
        body = {**self._export.content, "name": name_of(entry), "interval": entry.question.interval}
        try:
            return self._exports.of(entry.asked_as).request(body)
        except SubmitUncertain as fault:
            found = self._found(entry, asked_at, stop)
            if found is None:
                raise
            _log.warning("Found in the list what was asked for in uncertainty: %s", fault)
            return found
        except SourceError as fault:
            self._ledger.lost(entry, str(fault))
            raise

    def _found(self, entry: Entry, asked_at: datetime, stop: Event) -> Export | None:
        """The export of the entry's name, looked for until the vendor has had time to list it."""
        name = name_of(entry)
        exports = self._exports.of(entry.asked_as)
        for found in looks(partial(exports.find, name), name, 0.0, self._left(asked_at)):
            refuse_when(stop)
            if found is not None:
                return found
        return None

    def _left(self, asked_at: datetime) -> float:
        """Seconds until the list must show what was asked for."""
        return max(0.0, self._times.until_listed - (datetime.now(UTC) - asked_at).total_seconds())

    def _waited(self, entry: Entry, first_pause: float, stop: Event) -> tuple[Entry, Export]:
        assert entry.job_id is not None and entry.submitted_at is not None
        try:
            export = self._exports.of(entry.asked_as).wait(
                name_of(entry),
                entry.job_id,
                first_pause=first_pause,
                deadline=self._times.deadline,
                until_listed=self._left(entry.submitted_at),
                on_look=lambda _: refuse_when(stop),
            )
        except JobDeadline as fault:
            raise ExportNotDone(entry.question.stream, entry.question.day, str(fault)) from None
        except JobError as fault:
            self._ledger.lost(entry, str(fault))
            raise
        return entry, export
