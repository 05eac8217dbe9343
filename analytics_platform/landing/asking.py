"""Asking the vendor for a day: the jobs in flight where there are some that will do, else new ones, waited for.

A day is one job, or several over parts of it. Which parts, stands in the ledger: a question that is `split` there is
asked by its halves.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from threading import Event, Semaphore
from typing import Final

from analytics_platform.catalogue.streams import Stream
from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.landing.ledger import SPLIT, Entry, Ledger, Question
from analytics_platform.landing.pages import all_spooled
from analytics_platform.landing.parts import halves, over
from analytics_platform.landing.states import end_of
from analytics_platform.landing.watermark import Watermark
from analytics_platform.source.errors import JobDeadline, JobError, JobFailed, JobGone, SourceError
from analytics_platform.source.intervals import Interval
from analytics_platform.source.waiting import refuse_when, told_by

log = logging.getLogger(__name__)

_PATIENCE: Final = 2
"""How often a job over an interval may fail or not end in time before the interval is cut."""
_LOOK_SECONDS: Final = 0.5


class Asking:
    """Brings a question's jobs to their end, each step in the ledger before the next. Times in seconds.

    `at_once` jobs run at the vendor at a time, whichever threads ask for them.
    """

    def __init__(self, jobs: DetailsJobs, ledger: Ledger, first_pause: float, deadline: float, at_once: int) -> None:
        self._jobs = jobs
        self._ledger = ledger
        self._first_pause = first_pause
        self._deadline = deadline
        self._at_once = at_once
        self._slots = Semaphore(at_once)
        self._watermark = Watermark(jobs)

    def parts(
        self, question: Question, request: str, provisional: bool, too_many: Callable[[Question], bool]
    ) -> list[Question]:
        """The questions to ask in its place, itself where one job will do, in the order of time.

        One is cut that stands so in the ledger, whose jobs came to nothing time and again, or of which nothing is in
        flight and `too_many` says that a job could not deliver it. Raises DayNotComplete and the client's errors.
        """
        entry = self._ledger.in_flight(question)
        if entry is None or entry.state != SPLIT:
            why = self._why_cut(question, entry, too_many)
            if why is None:
                return [question]
            if entry is None:
                watermark = self._watermark.of(question.stream, question.day, provisional=provisional)
                entry = self._ledger.begin(question, request, watermark)
            elif entry.job_id is not None:
                self._cancel(entry, entry.job_id)
            self.cut(entry, why)
        return [part for half in halves(question) for part in self.parts(half, request, provisional, too_many)]

    def cut(self, entry: Entry, why: str) -> bool:
        """Have the halves of its interval asked for in place of a job; False where it is not to be cut any further."""
        if not halves(entry.question):
            return False
        log.warning("Asking for %s of %s by halves: %s", entry.question.stream, entry.question.interval, why)
        self._ledger.split(entry, why)
        return True

    def fulfilled(self, parts: Sequence[Question], request: str, provisional: bool, stop: Event) -> list[Entry]:
        """A fulfilled job for each question, in their order; `provisional` says whether part of the day will do.

        Raises DayNotComplete before anything is submitted, the client's errors, and GivenUp after `stop` is set.
        """
        if len(parts) == 1:
            return [self._fulfilled(parts[0], request, provisional, stop)]
        failed = Event()
        with ThreadPoolExecutor(min(len(parts), self._at_once), thread_name_prefix="parts") as pool:
            waiting = [pool.submit(self._fulfilled, part, request, provisional, stop, failed) for part in parts]
            try:
                return [each.result() for each in waiting]
            except BaseException:
                failed.set()
                raise

    def landed(self, question: Question, entries: Sequence[Entry]) -> None:
        """Let the ledger go of the jobs that delivered a question, and of all that was cut for them."""
        self._ledger.landed(*entries, *self._split(question))

    def _split(self, question: Question) -> Iterator[Entry]:
        entry = self._ledger.in_flight(question)
        if entry is not None and entry.state == SPLIT:
            yield entry
            for half in halves(question):
                yield from self._split(half)

    def _why_cut(self, question: Question, entry: Entry | None, too_many: Callable[[Question], bool]) -> str | None:
        if not halves(question):
            return None
        if self._ledger.in_vain(question) >= _PATIENCE:
            return "jobs over all of it failed or did not end in time"
        return "one job is not expected to deliver all of it" if entry is None and too_many(question) else None

    def _cancel(self, entry: Entry, job_id: str) -> None:
        """Stop a job that is no longer waited for; where that fails the vendor ends it some time."""
        try:
            self._jobs.adopt(job_id, entry.asked_as)
            self._jobs.cancel(job_id)
        except SourceError as fault:
            log.warning("Job %s is not waited for any longer, and could not be cancelled: %s", job_id, fault)

    def _fulfilled(self, question: Question, request: str, provisional: bool, *stops: Event) -> Entry:
        with told_by(*stops), self._slot(stops):
            entry = self._usable(question, provisional)
            if entry is not None:
                log.info("Going on with job %s of %s %s", entry.job_id, question.stream, question.day)
                if entry.exhausted and all_spooled(self._ledger, entry):
                    return entry
                try:
                    return self._waited(entry, 0.0, stops)
                except JobError as fault:
                    log.warning("Asking anew for %s of %s: %s", question.stream, question.day, fault)
            return self._anew(question, request, provisional, stops)

    @contextlib.contextmanager
    def _slot(self, stops: Sequence[Event]) -> Iterator[None]:
        while not self._slots.acquire(timeout=_LOOK_SECONDS):
            refuse_when(*stops)
        try:
            yield
        finally:
            self._slots.release()

    def _anew(self, question: Question, request: str, provisional: bool, stops: Sequence[Event]) -> Entry:
        watermark = self._watermark.of(question.stream, question.day, provisional=provisional)
        refuse_when(*stops)
        entry = self._ledger.begin(question, request, watermark)
        try:
            job_id = self._jobs.submit({"interval": question.interval})
        except Exception as fault:
            self._ledger.lost(entry, str(fault))
            raise
        return self._waited(self._ledger.submitted(entry, job_id, self._jobs.owner(job_id)), self._first_pause, stops)

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
        try:
            self._jobs.adopt(entry.job_id, entry.asked_as)
        except JobGone as fault:
            self._ledger.lost(entry, str(fault))
            return None
        return entry

    def _waited(self, entry: Entry, first_pause: float, stops: Sequence[Event]) -> Entry:
        assert entry.job_id is not None
        try:
            status = self._jobs.wait(
                entry.job_id,
                first_pause=first_pause,
                deadline=self._deadline,
                on_status=lambda _: refuse_when(*stops),
            )
        except JobError as fault:
            self._ledger.lost(entry, str(fault))
            if isinstance(fault, JobFailed):
                self._ledger.waited_in_vain(entry)
            raise
        except JobDeadline:
            self._ledger.waited_in_vain(entry)
            raise
        submitted_at = status.submission_date or entry.submitted_at or datetime.now(UTC)
        return self._ledger.dated(entry, submitted_at, status.expiration_date)


def question_of(org: str, stream: Stream, day: date) -> Question:
    """What a job is asked for one UTC day of a stream."""
    start = datetime.combine(day, time(), UTC)
    whole = Interval(start, start + timedelta(days=1))
    return over(Question(org, stream.name, stream.family.name, day, str(whole), ""), whole)
