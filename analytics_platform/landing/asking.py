"""Asking the vendor for a day: the job in flight where there is one that will do, else a new one, waited for."""

import hashlib
import logging
from datetime import UTC, date, datetime, time, timedelta
from threading import Event

import msgspec

from analytics_platform.catalogue.streams import Stream
from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.landing.errors import GivenUp
from analytics_platform.landing.ledger import Entry, Ledger, Question
from analytics_platform.landing.pages import all_spooled
from analytics_platform.landing.states import end_of
from analytics_platform.landing.watermark import Watermark
from analytics_platform.source.errors import JobError

log = logging.getLogger(__name__)


class Asking:
    """Brings a question's job to its end, each step in the ledger before the next. Times in seconds."""

    def __init__(self, jobs: DetailsJobs, ledger: Ledger, first_pause: float, deadline: float) -> None:
        self._jobs = jobs
        self._ledger = ledger
        self._first_pause = first_pause
        self._deadline = deadline
        self._watermark = Watermark(jobs)

    def fulfilled(self, question: Question, request: str, provisional: bool, stop: Event) -> Entry:
        """A fulfilled job that answers the question; `provisional` says whether part of the day will do.

        Raises what `anew` raises.
        """
        entry = self._usable(question, provisional)
        if entry is not None:
            log.info("Going on with job %s of %s %s", entry.job_id, question.stream, question.day)
            if entry.exhausted and all_spooled(self._ledger, entry):
                return entry
            try:
                return self._waited(entry, 0.0, stop)
            except JobError as fault:
                log.warning("Asking anew for %s of %s: %s", question.stream, question.day, fault)
        return self.anew(question, request, provisional, stop)

    def anew(self, question: Question, request: str, provisional: bool, stop: Event) -> Entry:
        """A new job, fulfilled.

        Raises DayNotComplete before anything is submitted, the client's errors, and GivenUp after `stop` is set.
        """
        watermark = self._watermark.of(question.stream, question.day, provisional=provisional)
        refuse_when(stop)
        entry = self._ledger.begin(question, request, watermark)
        try:
            job_id = self._jobs.submit({"interval": question.interval})
        except Exception as fault:
            self._ledger.lost(entry, str(fault))
            raise
        return self._waited(self._ledger.submitted(entry, job_id), self._first_pause, stop)

    def _usable(self, question: Question, provisional: bool) -> Entry | None:
        """The job in flight, unless it cannot be gone on with; then the ledger counts it as lost."""
        entry = self._ledger.in_flight(question)
        if entry is None:
            return None
        if entry.job_id is None:
            self._ledger.lost(entry, "killed while it was being submitted; whether the vendor took it is not known")
            return None
        if not provisional and (entry.watermark is None or entry.watermark < end_of(question.day)):
            self._ledger.lost(entry, "submitted before the watermark had passed the day: it delivers part of it")
            return None
        return entry

    def _waited(self, entry: Entry, first_pause: float, stop: Event) -> Entry:
        assert entry.job_id is not None
        try:
            status = self._jobs.wait(
                entry.job_id,
                first_pause=first_pause,
                deadline=self._deadline,
                on_status=lambda _: refuse_when(stop),
            )
        except JobError as fault:
            self._ledger.lost(entry, str(fault))
            raise
        submitted_at = status.submission_date or entry.submitted_at or datetime.now(UTC)
        return self._ledger.dated(entry, submitted_at, status.expiration_date)


def question_of(org: str, stream: Stream, day: date) -> Question:
    """What a job is asked for one UTC day of a stream."""
    start = datetime.combine(day, time(), UTC)
    interval = f"{start:%Y-%m-%dT%H:%M:%S.000Z}/{start + timedelta(days=1):%Y-%m-%dT%H:%M:%S.000Z}"
    body = msgspec.json.encode({"interval": interval}, order="sorted")
    return Question(org, stream.name, stream.family.name, day, interval, hashlib.sha256(body).hexdigest())


def refuse_when(stop: Event) -> None:
    """Raise GivenUp once `stop` is set."""
    if stop.is_set():
        raise GivenUp("Given up because another day of the same run failed or the run was ended; run again.")
