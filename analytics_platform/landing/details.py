"""Landing one activity day of a details stream: the job, its pages, and the raw partition staged from them.

Nothing is published here. A `StagedDay` is published by whoever asked for it, and only then does the ledger let go of
the job; killed at any instant before, the next run finds the job and goes on from its last page.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from threading import Event

import pyarrow as pa
import pyarrow.compute as pc

from analytics_platform.catalogue.streams import Stream
from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.lake import Lake, Manifest, PartitionWriter, StagedPartition
from analytics_platform.landing.asking import Asking, question_of, refuse_when
from analytics_platform.landing.errors import LandingError, ReadAgain
from analytics_platform.landing.in_turn import in_turn
from analytics_platform.landing.layouts import layout
from analytics_platform.landing.ledger import Entry, Ledger, Question
from analytics_platform.landing.memory import use_system_allocator
from analytics_platform.landing.pages import PageOfRecords, Pages
from analytics_platform.landing.source import refuse_another_source
from analytics_platform.landing.states import PROVISIONAL, state_of
from analytics_platform.landing.tally import Tally
from analytics_platform.source.errors import JobError
from analytics_platform.tables.raw import Delivery, raw_page
from analytics_platform.tables.schemas import table_schema

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """How days are landed. Times in seconds, ages in days."""

    page_size: int = 1000
    first_pause: float = 3.0
    job_deadline: float = 3600.0
    jobs_in_flight: int = 4
    provisional: bool = False
    """Land a day that is past the watermark all the same, marked so."""
    settled_after_days: int = 3
    """A day read again at this age without a difference is settled."""


@dataclass
class StagedDay:
    """One activity day, ready to be published: what was kept, and what was set aside where anything was."""

    kept: StagedPartition
    set_aside: StagedPartition | None
    on_published: Callable[[], None]
    held: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    """The claim on the day, let go when it is published or given up."""

    @property
    def day(self) -> date:
        return self.kept.day

    def publish(self) -> Manifest:
        """Replace the day in the lake, then let the ledger forget the job. On LakeError the day is given up."""
        try:
            if self.set_aside is not None:
                self.set_aside.publish()
            manifest = self.kept.publish()
            self.on_published()
        finally:
            self.discard()
        return manifest

    def discard(self) -> None:
        """Give up what is not published, and let go of the day."""
        with self.held:
            self.kept.discard()
            if self.set_aside is not None:
                self.set_aside.discard()


class DetailsLanding:
    """Lands days of one stream. `org`, `client@host`, tells whose jobs are in the ledger; it is no secret."""

    def __init__(
        self, stream: Stream, jobs: DetailsJobs, lake: Lake, ledger: Ledger, org: str, options: Options = Options()
    ) -> None:
        self.stream = stream
        self.lake = lake
        self.options = options
        self._jobs = jobs
        self._ledger = ledger
        self._org = org
        self._source = org.rpartition("@")[2]
        self._asking = Asking(jobs, ledger, options.first_pause, options.job_deadline)

    def land_all(self, days: Sequence[date], request: str) -> Iterator[StagedDay | Manifest]:
        """Stage the days, several jobs in flight, and give them oldest first as they become ready.

        A day that `request` has landed before comes as its manifest. Publish each before the next is asked for: a day
        that was not is given up then. Raises on the first day that cannot be landed; the jobs of later days stay in
        the ledger for the next run.
        """
        refuse_another_source(self.lake, self.stream.raw.name, self._source)

        def land(day: date, stop: Event) -> StagedDay | Manifest:
            return self.land(day, request, stop)

        yield from in_turn(days, land, self.options.jobs_in_flight, self.stream.name)

    def land(self, day: date, request: str, stop: Event | None = None) -> StagedDay | Manifest:
        """Stage one day. `request` names the request this is part of, the same for each of its retries.

        Raises DayNotComplete before anything is asked of the vendor's jobs, the client's errors, LakeError, and
        GivenUp soon after `stop` is set.
        """
        stop = stop or Event()
        with contextlib.ExitStack() as held:
            held.enter_context(self._ledger.claim(self.stream.name, day, stop))
            question = question_of(self._org, self.stream, day)
            landed = self.lake.manifest(self.stream.raw.name, day)
            if landed is not None and self._ledger.landed_by(question, request) is not None:
                return landed
            staged = self._staged(question, landed, request, stop)
            staged.held = held.pop_all()
            return staged

    def _staged(self, question: Question, before: Manifest | None, request: str, stop: Event) -> StagedDay:
        """Stage the job in flight, else a new one; one that can no longer be read to its end is asked anew, once."""
        entry = self._asking.fulfilled(question, request, self._may_be_provisional(before), stop)
        fault: LandingError | JobError
        try:
            return self._stage(entry, before, stop)
        except (ReadAgain, JobError) as problem:
            fault = problem
        if isinstance(fault, ReadAgain):
            log.warning("Reading job %s from its first page again: %s", entry.job_id, fault)
            try:
                return self._stage(self._ledger.restarted(entry), before, stop)
            except (ReadAgain, JobError) as problem:
                fault = problem
        log.warning("Asking anew for %s of %s: %s", self.stream.name, question.day, fault)
        self._ledger.lost(entry, str(fault))
        return self._stage(self._asking.anew(question, request, self._may_be_provisional(before), stop), before, stop)

    def _may_be_provisional(self, before: Manifest | None) -> bool:
        """Whether part of the day will do; a day once complete is never replaced by a part of it."""
        return self.options.provisional and (before is None or before.facts["state"] == PROVISIONAL)

    def _stage(self, entry: Entry, before: Manifest | None, stop: Event) -> StagedDay:
        use_system_allocator()
        day, stream = entry.question.day, self.stream
        pages = Pages(self._jobs, self._ledger, entry, self.options.page_size)
        tally = Tally(stream)
        with (
            contextlib.ExitStack() as sealed,
            self.lake.stage(stream.raw.name, day, table_schema(stream.raw), layout(stream.raw)) as kept,
            self.lake.stage(
                stream.quarantine.name, day, table_schema(stream.quarantine), layout(stream.quarantine)
            ) as aside,
        ):
            try:
                for page in pages:
                    refuse_when(stop)
                    self._keep(page, entry, kept, aside, tally)
            except JobError as fault:
                self._ledger.lost(pages.entry, str(fault))
                raise
            facts = self._facts(pages.entry, before, tally)
            staged = StagedDay(kept.seal(facts), None, lambda: self._landed(pages.entry, tally))
            sealed.callback(staged.discard)
            if tally.set_aside:
                staged.set_aside = aside.seal(facts)
            sealed.pop_all()
            return staged

    def _keep(
        self, page: PageOfRecords, entry: Entry, kept: PartitionWriter, aside: PartitionWriter, tally: Tally
    ) -> None:
        assert entry.job_id is not None and entry.submitted_at is not None
        rows = raw_page(self.stream, page.records, Delivery(entry.job_id, page.number, entry.submitted_at))
        _write_by_home(kept, rows.kept, entry.question.day)
        aside.write(rows.set_aside)
        tally.add(page, rows)

    def _landed(self, entry: Entry, tally: Tally) -> None:
        if not tally.set_aside:
            self.lake.remove(self.stream.quarantine.name, entry.question.day)
        self._ledger.landed(entry)

    def _facts(self, entry: Entry, before: Manifest | None, tally: Tally) -> Mapping[str, object]:
        assert entry.watermark is not None and entry.submitted_at is not None
        digest = str(tally.digest)
        return {
            "stream": self.stream.name,
            "source": self._source,
            "state": self._state(entry, before, digest),
            "watermark": entry.watermark,
            "as_of": entry.submitted_at,
            "job_ids": [entry.job_id],
            "interval": entry.question.interval,
            "pages": tally.pages,
            "records": tally.records,
            "repeated": tally.repeated(),
            "set_aside": tally.set_aside,
            "json_bytes": tally.json_bytes,
            "home_days": {day.isoformat(): count for day, count in sorted(tally.home_days.items())},
            "home_day_digests": {day.isoformat(): str(each) for day, each in sorted(tally.home_day_digests.items())},
            "digest": digest,
            "drift": {f"{path}: {kind}": count for (path, kind), count in sorted(tally.drift.items())},
        }

    def _state(self, entry: Entry, before: Manifest | None, digest: str) -> str:
        """What the day is now: see the words of the lake's states in the docs."""
        assert entry.watermark is not None and entry.submitted_at is not None
        if before is not None and before.facts["job_ids"] == [entry.job_id] and before.facts["state"] != PROVISIONAL:
            return str(before.facts["state"])  # published by a run that was killed before the ledger knew
        return state_of(
            entry.question.day,
            watermark=entry.watermark,
            as_of=entry.submitted_at,
            before=before,
            digest=digest,
            settled_after=timedelta(days=self.options.settled_after_days),
        )


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
