"""Landing a day of services: the ids listed for it, then each service by its id, all its states and tasks within.

Where a range begins and ends is not documented to the millisecond, and events may be backdated: the range asked for
reaches beyond the day on both sides, and what it lists is kept. GMS tells no watermark; a day is taken to be complete
some minutes after its end by GMS's clock. A service that changes without being started or completed is listed by no
range, so the newest day to land also reads those again that may have changed, and keeps what has.

Nothing is published here, and everything is asked for by GET: killed at any instant, the next run asks again.
"""

import contextlib
import logging
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar

import pyarrow as pa
import xxhash

from analytics_platform.catalogue.services import SERVICE_IDS, SERVICES
from analytics_platform.gms.answers import IdList
from analytics_platform.gms.client import Gms
from analytics_platform.gms.selection import Selection
from analytics_platform.lake import Lake, PartitionWriter
from analytics_platform.landing.answers import LandedAnswers
from analytics_platform.landing.errors import DayNotComplete
from analytics_platform.landing.layouts import layout
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.memory import use_system_allocator
from analytics_platform.landing.service_days import ServiceDay, StagedServices, begin_of, range_of
from analytics_platform.landing.service_history import ServiceHistory
from analytics_platform.landing.source import refuse_another_source
from analytics_platform.landing.states import PROVISIONAL, end_of
from analytics_platform.tables.schemas import table_schema
from analytics_platform.tables.service_records import ServiceRead

log = logging.getLogger(__name__)

_BATCH = 500
_SHORTEST = timedelta(milliseconds=4)
_T = TypeVar("_T")


@dataclass(frozen=True)
class Options:
    """How days of services are landed."""

    overlap: timedelta = timedelta(minutes=15)
    """How far the range asked for reaches beyond the day on both sides."""
    settle: timedelta = timedelta(minutes=2)
    """How long after its end a day is complete."""
    most_ids: int = 10_000
    """Ids in one answer above which the range is halved."""
    open_for: timedelta = timedelta(days=90)
    """Age up to which open services are read again."""
    completed_for: timedelta = timedelta(days=3)
    """How long completed services are read again: they may get states and tasks still."""
    settled_after: timedelta = timedelta(days=3)
    """A day read again at this age without a difference is settled."""
    provisional: bool = False
    """Land a day that is not complete all the same, marked so."""


@dataclass
class _Counts:
    """What reading services by id came to."""

    gone: list[str] = field(default_factory=list)
    """Ids that GMS no longer knows."""
    read: int = 0
    unchanged: int = 0


@dataclass(frozen=True)
class ServicesLanding:
    """Lands days of services. `source` names the GMS and keeps a lake to one; it is no secret."""

    gms: Gms
    lake: Lake
    ledger: Ledger
    source: str
    options: Options = Options()

    def land_all(self, days: Iterable[date], request: str) -> Generator[StagedServices | LandedAnswers]:
        """Stage the days, oldest first, all as of one instant, each held against other runs.

        Publish each before the next is asked for: one that was not is given up then. A day that `request`, the same
        for each of its retries, has published before comes as it is. Raises OtherSource, DayNotComplete before
        anything is asked of a day, the client's errors and LakeError.
        """
        refuse_another_source(self.lake, SERVICES.raw.name, self.source)
        as_of, wanted = self.gms.now(), sorted(days)
        for day in wanted:
            with contextlib.ExitStack() as held:
                held.enter_context(self.ledger.claim(SERVICES.raw.name, day))
                landed = self._landed_by(request, day)
                if landed is not None:
                    yield landed
                    continue
                staged = self.stage(day, as_of, request=request, refresh=day == wanted[-1])
                staged.held = held.pop_all()
            try:
                yield staged
            finally:
                staged.discard()

    def stage(self, day: date, as_of: datetime, *, request: str = "", refresh: bool = True) -> StagedServices:
        """Stage a day as of an instant by GMS's clock, UTC. With `refresh`, services that may have changed without
        being listed are read again too, unless a later day has landed."""
        self._refuse_incomplete(day, as_of)
        use_system_allocator()
        history = ServiceHistory(self.lake)
        lists = list(self._lists(range_of(day, as_of, self.options.overlap)))
        listed = {each for told in lists for each in told.ids}
        before = set(history.held(day))
        again = self._again(history, day, as_of) - listed - before if refresh else set()
        counts = _Counts()
        schema = table_schema(SERVICE_IDS)
        with (
            self.lake.stage(SERVICE_IDS.name, day, schema, layout(SERVICE_IDS)) as ids,
            ServiceDay(self.lake, day, as_of) as taken,
        ):
            self._read(sorted(listed | before), listed, {}, taken, ids, counts)
            taken.group()
            self._read(sorted(again), listed, _digests(history, again), taken, ids, counts)
            known = self._keep_gone(history, counts.gone, as_of, taken)
            facts = {
                "source": self.source,
                "request": request,
                "lists": [{"request": told.request, "ids": told.count, "sha256": told.sha256} for told in lists],
                "listed": len(listed),
                "refreshed": counts.read - len(listed),
                "unchanged": counts.unchanged,
                "gone_between_list_and_fetch": len(counts.gone) - known,
            }
            log.info("Services of %s: %d listed, %d read again", day, len(listed), counts.read - len(listed))
            return taken.seal(
                ids,
                watermark=as_of - self.options.settle,
                settled_after=self.options.settled_after,
                facts=facts,
            )

    def _refuse_incomplete(self, day: date, as_of: datetime) -> None:
        """A day once complete is never replaced by a part of it."""
        watermark = as_of - self.options.settle
        if watermark >= end_of(day):
            return
        before = self.lake.manifest(SERVICES.raw.name, day)
        begun = as_of > begin_of(day)
        replaceable = before is None or before.facts["state"] == PROVISIONAL
        if not (self.options.provisional and begun and replaceable):
            raise DayNotComplete(SERVICES.name, day, watermark)

    def _lists(self, selection: Selection) -> Iterator[IdList]:
        """The ids of a range, halved until no answer has too many; a shortest range is taken as it is."""
        told = self.gms.ids(selection)
        if told.count <= self.options.most_ids or selection.end - selection.start < _SHORTEST:
            yield told
            return
        for half in selection.halves():
            yield from self._lists(half)

    def _again(self, history: ServiceHistory, day: date, as_of: datetime) -> set[str]:
        """The services to read again with a day: none where a later day has landed, which did so."""
        landed = self.lake.days(SERVICES.raw.name)
        if landed and landed[-1] > day:
            return set()
        return set(history.unsettled(as_of, self.options.open_for, self.options.completed_for))

    def _read(
        self,
        ids: Sequence[str],
        listed: set[str],
        known: Mapping[str, int],
        taken: ServiceDay,
        writer: PartitionWriter,
        counts: _Counts,
    ) -> None:
        """Read services one by one and keep them, but for those whose `known` digest tells that they are unchanged."""
        with contextlib.closing(self.gms.services(ids)) as services:
            for batch in _batches(services):
                told = [(each, service.record) for each, service in batch if service is not None]
                found = [
                    ServiceRead(each, self.lake.protection.text(SERVICES.raw.name, record)) for each, record in told
                ]
                new = [read for read in found if known.get(read.service_id) != _digest(read)]
                taken.keep(new)
                rows = {
                    "service_id": [each for each, _ in batch],
                    "position": range(counts.read, counts.read + len(batch)),
                    "refreshed": [each not in listed for each, _ in batch],
                    "found": [service is not None for _, service in batch],
                }
                writer.write(pa.table(rows, schema=table_schema(SERVICE_IDS)))
                counts.read += len(batch)
                counts.unchanged += len(found) - len(new)
                counts.gone += [each for each, service in batch if service is None]

    def _keep_gone(self, history: ServiceHistory, gone: Sequence[str], as_of: datetime, taken: ServiceDay) -> int:
        """Keep the last version known of services that are gone; how many there were of which one is known."""
        kept = 0
        for last in history.last_versions(history.last_places(gone)):
            taken.keep([ServiceRead(each.service_id, each.record, each.gone_at or as_of) for each in last])
            kept += len(last)
        return kept

    def _landed_by(self, request: str, day: date) -> LandedAnswers | None:
        """The day as it is, where this request has published all of it."""
        ids, raw = (self.lake.manifest(name, day) for name in (SERVICE_IDS.name, SERVICES.raw.name))
        if not (ids and raw and ids.facts["request"] == raw.facts["request"] == request):
            return None
        return LandedAnswers(ids, {SERVICES.raw.name: raw})


def _digests(history: ServiceHistory, ids: set[str]) -> dict[str, int]:
    """Digests of the newest versions of services that are not known to be gone, by id."""
    versions = history.last_versions(history.last_places(ids))
    return {each.service_id: _digest(each) for batch in versions for each in batch if each.gone_at is None}


def _digest(read: ServiceRead) -> int:
    return xxhash.xxh3_128_intdigest(read.record)


def _batches(items: Iterable[_T]) -> Iterator[list[_T]]:
    batch: list[_T] = []
    for item in items:
        batch.append(item)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
