"""Landing one activity day of a details stream: its jobs, their pages, and the raw partition staged from them.

Nothing is published here. A `StagedDay` is published by whoever asked for it, and only then does the ledger let go of
the job; killed at any instant before, the next run finds the job and goes on from its last page.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import Event

import pyarrow as pa
import pyarrow.compute as pc

from analytics_platform.catalogue.streams import Stream
from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.lake import Lake, Manifest, PartitionWriter, StagedPartition
from analytics_platform.landing.asking import Asking, question_of
from analytics_platform.landing.day_facts import day_facts
from analytics_platform.landing.erased import remove_erased
from analytics_platform.landing.errors import JobFull, LandingError, ReadAgain
from analytics_platform.landing.forgotten import Forgotten
from analytics_platform.landing.in_turn import in_turn
from analytics_platform.landing.layouts import layout
from analytics_platform.landing.ledger import Entry, Ledger, Question
from analytics_platform.landing.memory import Spread, use_system_allocator
from analytics_platform.landing.moved_homes import note_moves
from analytics_platform.landing.pages import Pages
from analytics_platform.landing.parts import NEAR, Beginning, Delivered, Like, SeenInNewerParts, parts_of
from analytics_platform.landing.restatements import known_differences, restated
from analytics_platform.landing.source import refuse_another_source
from analytics_platform.landing.states import PROVISIONAL, read_since
from analytics_platform.landing.tally import Tally
from analytics_platform.source.errors import JobError
from analytics_platform.source.intervals import interval
from analytics_platform.source.waiting import refuse_when
from analytics_platform.tables.raw import Delivery, raw_page
from analytics_platform.tables.schemas import table_schema

log = logging.getLogger(__name__)

_WEEK = 7


class _Unread(Exception):
    """A job of the day could not be read to its end."""

    def __init__(self, entry: Entry, fault: LandingError | JobError, expected: int) -> None:
        super().__init__(str(fault))
        self.entry = entry
        self.fault = fault
        self.expected = expected
        """How many records it would have delivered."""


@dataclass(frozen=True)
class Options:
    """How days are landed. Times in seconds, ages in days."""

    page_size: int = 1000
    first_pause: float = 3.0
    job_deadline: float = 3600.0
    jobs_in_flight: int = 4
    result_cap: int = 400_000
    """Records one job delivers; a day of more is asked for in parts."""
    provisional: bool = False
    """Land a day that is past the watermark all the same, marked so."""
    settled_after_days: int = 3
    """A day read again at this age without a difference is settled."""


@dataclass
class StagedDay:
    """One activity day, ready to be published: what was kept, and what was set aside where anything was."""

    kept: StagedPartition
    set_aside: StagedPartition | None
    restated: StagedPartition | None
    """The history of its differences between two readings, where they have grown."""
    on_published: Callable[[], None]
    held: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    """The claim on the day, let go when it is published or given up."""

    @property
    def day(self) -> date:
        return self.kept.day

    def publish(self) -> Manifest:
        """Replace the day in the lake, then let the ledger forget the jobs. On LakeError the day is given up."""
        try:
            if self.set_aside is not None:
                self.set_aside.publish()
            if self.restated is not None:
                self.restated.publish()
            manifest = self.kept.publish()
            self.on_published()
        finally:
            self.discard()
        return manifest

    def discard(self) -> None:
        """Give up what is not published, and let go of the day."""
        with self.held:
            for part in (self.kept, self.set_aside, self.restated):
                if part is not None:
                    part.discard()


class DetailsLanding:
    """Lands days of one stream. `org`, the host of its API, tells whose jobs are in the ledger."""

    def __init__(
        self, stream: Stream, jobs: DetailsJobs, lake: Lake, ledger: Ledger, org: str, options: Options = Options()
    ) -> None:
        self.stream = stream
        self.lake = lake
        self.options = options
        self._jobs = jobs
        self._ledger = ledger
        self._org = org
        self._source = org
        self._settled = timedelta(days=options.settled_after_days)
        self._asking = Asking(jobs, ledger, options.first_pause, options.job_deadline, options.jobs_in_flight)

    def land_all(self, days: Sequence[date], request: str) -> Iterator[StagedDay | Manifest]:
        """Stage the days, several jobs in flight, and give them oldest first as they become ready.

        A day that `request` has landed before comes as its manifest. Publish each before the next is asked for: a day
        that was not is given up then. After the last one, what they show to be erased is taken out of all days. Raises
        on the first day that cannot be landed; the jobs of later days stay in the ledger for the next run.
        """
        refuse_another_source(self.lake, self.stream.raw.name, self._source)

        def land(day: date, stop: Event) -> StagedDay | Manifest:
            return self.land(day, request, stop)

        yield from in_turn(days, land, self.options.jobs_in_flight, self.stream.name)
        remove_erased(self.stream, self.lake, self._ledger, self._jobs.client, days)

    def land(self, day: date, request: str, stop: Event | None = None) -> StagedDay | Manifest:
        """Stage one day. `request` names the request this is part of, the same for each of its retries.

        What another run lands whole while this one waits for it is taken as it is. Raises DayNotComplete before
        anything is asked of the vendor's jobs, the client's errors, LakeError, and GivenUp soon after `stop` is set.
        """
        stop = stop or Event()
        question = question_of(self._org, self.stream, day)
        before = self.lake.manifest(self.stream.raw.name, day)
        with contextlib.ExitStack() as held:
            held.enter_context(self._ledger.claim(self.stream.name, day, stop))
            landed = self.lake.manifest(self.stream.raw.name, day)
            if landed is not None and (
                read_since(before, landed) or self._ledger.landed_by(question, request) is not None
            ):
                return landed
            staged = self._staged(question, landed, request, stop)
            staged.held = held.pop_all()
            return staged

    def _staged(self, question: Question, before: Manifest | None, request: str, stop: Event) -> StagedDay:
        """Stage what the jobs in flight deliver, else new ones.

        A job that can no longer be read to its end is asked anew, once; one that is full is asked for by its halves.
        """
        like = self._like(question.day, before)
        provisional = self._may_be_provisional(before)
        read_again: set[int] = set()
        asked_anew: set[Question] = set()
        while True:
            parts = self._asking.parts(question, request, provisional, self._too_many(like))
            entries = self._asking.fulfilled(parts, request, provisional, stop)
            try:
                return self._stage(question, entries, before, stop)
            except _Unread as unread:
                # Its frames would keep all that was read alive while it is read again.
                entry, fault, expected = unread.entry, unread.fault.with_traceback(None), unread.expected
            if isinstance(fault, JobFull):
                why = f"it holds about {expected} records, and one job delivers {self.options.result_cap}"
                if not self._asking.cut(entry, why):
                    raise fault
                assert entry.job_id is not None and entry.submitted_at is not None
                like = Like([Delivered(entry.job_id, entry.question.interval, entry.submitted_at, expected)])
            elif isinstance(fault, ReadAgain) and entry.number not in read_again:
                log.warning("Reading job %s from its first page again: %s", entry.job_id, fault)
                read_again.add(entry.number)
                self._ledger.restarted(entry)
            else:
                self._ledger.lost(entry, str(fault))
                if entry.question in asked_anew:
                    raise fault
                log.warning("Asking anew for %s of %s: %s", self.stream.name, entry.question.interval, fault)
                asked_anew.add(entry.question)

    def _too_many(self, like: Like | None) -> Callable[[Question], bool]:
        """Whether a job will be (nearly) full, by one it is like."""
        return lambda question: like is not None and like.records(question) >= NEAR * self.options.result_cap

    def _like(self, day: date, before: Manifest | None) -> Like | None:
        """What is known of such days: what this one delivered when landed last, else the last whole one of the week
        before."""
        if before is not None and before.facts["state"] != PROVISIONAL:
            return Like(parts_of(before))
        for days in range(1, _WEEK + 1):
            landed = self.lake.manifest(self.stream.raw.name, day - timedelta(days=days))
            if landed is not None and landed.facts["state"] != PROVISIONAL:
                return Like(parts_of(landed), days)
        return None

    def _may_be_provisional(self, before: Manifest | None) -> bool:
        """Whether part of the day will do; a day once complete is never replaced by a part of it."""
        return self.options.provisional and (before is None or before.facts["state"] == PROVISIONAL)

    def _stage(self, question: Question, entries: Sequence[Entry], before: Manifest | None, stop: Event) -> StagedDay:
        use_system_allocator()
        day, stream = question.day, self.stream
        tally = Tally(stream)
        with (
            contextlib.ExitStack() as sealed,
            self.lake.stage(stream.raw.name, day, table_schema(stream.raw), layout(stream.raw)) as kept,
            self.lake.stage(
                stream.quarantine.name, day, table_schema(stream.quarantine), layout(stream.quarantine)
            ) as aside,
        ):
            delivered = self._read(entries, kept, aside, tally, stop)
            watermark = min(entry.watermark for entry in entries if entry.watermark is not None)
            facts = {"source": self._source, **day_facts(question, watermark, delivered, before, tally, self._settled)}
            raw = kept.seal({**facts, **known_differences(before, facts)})
            sealed.callback(raw.discard)
            told = restated(stream, self.lake, before, raw)
            staged = StagedDay(told.raw, None, told.history, lambda: self._landed(question, entries, tally))
            sealed.callback(staged.discard)
            if tally.set_aside:
                staged.set_aside = aside.seal(told.raw.manifest.facts)
            sealed.pop_all()
            return staged

    def _read(
        self, entries: Sequence[Entry], kept: PartitionWriter, aside: PartitionWriter, tally: Tally, stop: Event
    ) -> list[Delivered]:
        """Write what the jobs deliver, the one submitted last first; what each delivered, in the order of intervals."""
        seen = SeenInNewerParts(self.stream)
        forgotten = Forgotten.of(self.lake)
        spread = Spread()
        delivered = []
        for entry in sorted(entries, key=_age, reverse=True):
            assert entry.job_id is not None and entry.submitted_at is not None
            asked = interval(entry.question.interval)
            pages = Pages(self._jobs, self._ledger, entry, self.options.page_size, self.options.result_cap)
            begun = Beginning(asked)
            try:
                for page in pages:
                    refuse_when(stop)
                    delivery = Delivery(entry.job_id, page.number, entry.submitted_at)
                    told = raw_page(self.stream, page.records, delivery)
                    begun.add(told)
                    rows = seen.without(forgotten.without(self.stream, told, entry.question.day), asked)
                    _write_by_home(kept, rows.kept, entry.question.day)
                    aside.write(rows.set_aside)
                    tally.add(page, rows)
                    spread.look()
            except (ReadAgain, JobFull, JobError) as fault:
                raise _Unread(pages.entry, fault, max(begun.expected, pages.records)) from fault
            seen.end_part()
            delivered.append(Delivered(entry.job_id, entry.question.interval, entry.submitted_at, pages.records))
        return sorted(delivered, key=lambda part: part.interval)

    def _landed(self, question: Question, entries: Sequence[Entry], tally: Tally) -> None:
        if not tally.set_aside:
            self.lake.remove(self.stream.quarantine.name, question.day)
        note_moves(self.stream, self.lake, question.day)
        self._asking.landed(question, entries)


def _age(entry: Entry) -> tuple[datetime, str]:
    assert entry.submitted_at is not None
    return entry.submitted_at, entry.question.interval


def _write_by_home(kept: PartitionWriter, rows: pa.Table, day: date) -> None:
    """Write rows so that those of earlier home days, which the vendor sends first, share no row group with the day's.

    Whoever makes an earlier home day then reads a few records instead of a row group of the day's own.
    """
    if "home_day" in rows.column_names:
        own = pc.index(pc.less(rows["home_day"], day), False).as_py()
        if own > 0:
            kept.write(rows.slice(0, own))
            kept.flush()
            rows = rows.slice(own)
    kept.write(rows)
