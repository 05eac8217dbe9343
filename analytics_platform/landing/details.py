"""Landing one activity day of a details stream: the job, its pages, and the raw partition staged from them.

Nothing is published here. A `StagedDay` is published by whoever asked for it, and only then does the ledger let go of
the job; killed at any instant before, the next run finds the job and goes on from its last page.
"""

import contextlib
import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa

from analytics_platform.catalogue.streams import Stream
from analytics_platform.genesys_cloud.errors import JobCancelled, JobExpired, JobFailed, JobGone
from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.lake import Lake, Manifest, PartitionWriter, StagedPartition
from analytics_platform.landing.errors import DayNotComplete, OtherSource
from analytics_platform.landing.layouts import layout
from analytics_platform.landing.ledger import Entry, Ledger, Question
from analytics_platform.landing.pages import CursorRefused, PageOfRecords, Pages, ahead
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
        """Replace the day in the lake, then let the ledger forget the job."""
        with self.held:
            if self.set_aside is not None:
                self.set_aside.publish()
            manifest = self.kept.publish()
            self.on_published()
        return manifest

    def discard(self) -> None:
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

    def land_all(self, days: Sequence[date], request: str) -> Iterator[StagedDay | Manifest]:
        """Stage the days, several jobs in flight, and give them oldest first as they become ready.

        A day that `request` has landed before comes as its manifest. Raises on the first day that cannot be landed;
        the jobs of later days stay in the ledger for the next run.
        """
        self._refuse_another_source()
        waiting: list[Future[StagedDay | Manifest]] = []
        left = iter(sorted(days))
        with ThreadPoolExecutor(self.options.jobs_in_flight, thread_name_prefix=self.stream.name) as pool:
            try:
                while True:
                    while len(waiting) < self.options.jobs_in_flight and (day := next(left, None)) is not None:
                        waiting.append(pool.submit(self.land, day, request))
                    if not waiting:
                        return
                    yield waiting.pop(0).result()
            finally:
                for future in waiting:
                    if not future.cancel() and future.exception() is None:
                        _give_up(future.result())

    def land(self, day: date, request: str) -> StagedDay | Manifest:
        """Stage one day. `request` names the request this is part of, the same for each of its retries.

        Raises DayNotComplete before anything is asked of the vendor's jobs, the client's errors, and LakeError.
        """
        with contextlib.ExitStack() as held:
            held.enter_context(self._ledger.claim(self.stream.name, day))
            question = self._question(day)
            landed = self.lake.manifest(self.stream.raw.name, day)
            if landed is not None and self._ledger.landed_by(question, request) is not None:
                return landed
            staged = self._staged(self._fulfilled(question, request), landed, request)
            staged.held = held.pop_all()
            return staged

    def _staged(self, entry: Entry, before: Manifest | None, request: str) -> StagedDay:
        """Stage the pages; a job whose results went away meanwhile is asked anew, once."""
        try:
            return self._stage(entry, before)
        except CursorRefused as fault:
            log.warning("Reading job %s from its first page again: %s", entry.job_id, fault)
            return self._stage(self._ledger.restarted(entry), before)
        except (JobGone, JobExpired) as fault:
            log.warning("Asking anew for %s of %s: %s", self.stream.name, entry.question.day, fault)
            return self._stage(self._waited(self._submitted(entry.question, request)), before)

    def _refuse_another_source(self) -> None:
        """A lake holds one org: the newest landed day tells which."""
        landed = self.lake.days(self.stream.raw.name)[-1:]
        manifest = self.lake.manifest(self.stream.raw.name, landed[0]) if landed else None
        if manifest is not None and manifest.facts["source"] != self._source:
            raise OtherSource(self.lake.place.name, str(manifest.facts["source"]), self._source)

    def _question(self, day: date) -> Question:
        start = datetime.combine(day, time(), UTC)
        interval = f"{start:%Y-%m-%dT%H:%M:%S.000Z}/{start + timedelta(days=1):%Y-%m-%dT%H:%M:%S.000Z}"
        body = msgspec.json.encode({"interval": interval}, order="sorted")
        return Question(
            self._org, self.stream.name, self.stream.family.name, day, interval, hashlib.sha256(body).hexdigest()
        )

    def _fulfilled(self, question: Question, request: str) -> Entry:
        """A job that answers the question and is fulfilled: the one in flight where there is one, else a new one."""
        entry = self._ledger.in_flight(question)
        if entry is not None and entry.state == "submitting":
            self._ledger.lost(entry, "killed while it was being submitted; whether the vendor took it is not known")
            entry = None
        if entry is not None:
            log.info("Going on with job %s of %s %s", entry.job_id, self.stream.name, question.day)
            try:
                return self._waited(entry)
            except (JobGone, JobExpired, JobFailed, JobCancelled) as fault:
                log.warning("Asking anew for %s of %s: %s", self.stream.name, question.day, fault)
        return self._waited(self._submitted(question, request))

    def _submitted(self, question: Question, request: str) -> Entry:
        watermark = self._jobs.availability()
        if watermark < _end_of(question.day) and not self.options.provisional:
            raise DayNotComplete(self.stream.name, question.day, watermark)
        entry = self._ledger.begin(question, request, watermark)
        try:
            job_id = self._jobs.submit({"interval": question.interval})
        except Exception as fault:
            self._ledger.lost(entry, str(fault))
            raise
        return self._ledger.submitted(entry, job_id)

    def _waited(self, entry: Entry) -> Entry:
        assert entry.job_id is not None
        try:
            status = self._jobs.wait(
                entry.job_id, first_pause=self.options.first_pause, deadline=self.options.job_deadline
            )
        except (JobGone, JobExpired, JobFailed, JobCancelled) as fault:
            self._ledger.lost(entry, str(fault))
            raise
        submitted_at = status.submission_date or entry.submitted_at or datetime.now(UTC)
        return self._ledger.dated(entry, submitted_at, status.expiration_date)

    def _stage(self, entry: Entry, before: Manifest | None) -> StagedDay:
        day, stream = entry.question.day, self.stream
        pages = Pages(self._jobs, self._ledger, entry, self.options.page_size)
        tally = _Tally()
        with (
            self.lake.stage(stream.raw.name, day, table_schema(stream.raw), layout(stream.raw)) as kept,
            self.lake.stage(
                stream.quarantine.name, day, table_schema(stream.quarantine), layout(stream.quarantine)
            ) as aside,
            ThreadPoolExecutor(1, thread_name_prefix=f"{stream.name}-{day}") as pool,
        ):
            try:
                for page in ahead(pages, pool):
                    self._keep(page, entry, kept, aside, tally)
            except (JobGone, JobExpired) as fault:
                self._ledger.lost(pages.entry, str(fault))
                raise
            facts = self._facts(pages.entry, before, tally)
            set_aside = aside.seal(facts) if tally.set_aside else None
            return StagedDay(kept.seal(facts), set_aside, lambda: self._landed(pages.entry, tally))

    def _keep(
        self, page: PageOfRecords, entry: Entry, kept: PartitionWriter, aside: PartitionWriter, tally: "_Tally"
    ) -> None:
        assert entry.job_id is not None and entry.submitted_at is not None
        rows = raw_page(self.stream, page.records, Delivery(entry.job_id, page.number, entry.submitted_at))
        kept.write(rows.kept)
        aside.write(rows.set_aside)
        tally.add(page, rows.kept[self.stream.raw.own[0].name], rows.home_days, len(rows.set_aside))

    def _landed(self, entry: Entry, tally: "_Tally") -> None:
        if not tally.set_aside:
            self.lake.remove(self.stream.quarantine.name, entry.question.day)
        self._ledger.landed(entry)

    def _facts(self, entry: Entry, before: Manifest | None, tally: "_Tally") -> Mapping[str, object]:
        assert entry.watermark is not None and entry.submitted_at is not None
        digest = tally.digest.hexdigest()
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
            "digest": digest,
        }

    def _state(self, entry: Entry, before: Manifest | None, digest: str) -> str:
        """What the day is now: see the words of the lake's states in the docs."""
        assert entry.watermark is not None and entry.submitted_at is not None
        if entry.watermark < _end_of(entry.question.day):
            return "provisional"
        if before is None or before.facts["state"] == "provisional":
            return "complete"
        if before.facts["digest"] != digest:
            return "rebuilt"
        if entry.submitted_at - _end_of(entry.question.day) >= timedelta(days=self.options.settled_after_days):
            return "settled"
        return str(before.facts["state"])


class _Tally:
    """What is counted while pages go by; ids as 64-bit hashes, so that a day of a million takes 8 MB."""

    def __init__(self) -> None:
        self.pages = 0
        self.records = 0
        self.set_aside = 0
        self.json_bytes = 0
        self.home_days: Counter[date] = Counter()
        self.digest = hashlib.sha256()
        self._ids: list[np.ndarray[tuple[int], np.dtype[np.uint64]]] = []

    def add(self, page: PageOfRecords, ids: pa.ChunkedArray, home_days: Counter[date], set_aside: int) -> None:
        self.pages = page.number
        self.records += len(page.records)
        self.set_aside += set_aside
        self.json_bytes += page.size
        self.home_days.update(home_days)
        self._ids.append(pl.Series(ids).hash().to_numpy())
        for record in page.records:
            self.digest.update(record)

    def repeated(self) -> int:
        """Records whose id had come before in the same job."""
        if not self._ids:
            return 0
        ids = np.concatenate(self._ids)
        return len(ids) - len(np.unique(ids))


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC) + timedelta(days=1)


def _give_up(landed: StagedDay | Manifest) -> None:
    if isinstance(landed, StagedDay):
        landed.discard()
