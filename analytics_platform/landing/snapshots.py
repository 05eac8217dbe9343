"""Snapshots: taken when they are due, kept until they are in the lake, gathered in the file of their day.

A snapshot is known by its stream and its tick. Its answers are spooled whole before anything else; then they are
appended to the day's raw table and to its tidy table, and let go. A partition tells in its manifest which ticks it
holds, in the same file as their rows, and takes what it lacks: killed anywhere and started again, nothing is lost or
doubled. A day that has ended is written once more, in the order of its groups.
A day is provisional until then; afterwards it is complete where no tick of it is missing, else partial, for good: the
instant has passed.

A tick can be taken until the next one is due. The grid of ticks begins at midnight, so the day a tick was due is also
the day it was taken.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

import pyarrow as pa

from analytics_platform.catalogue.answers import TICK
from analytics_platform.catalogue.tables import Table
from analytics_platform.genesys_cloud.answered import Answered
from analytics_platform.lake import Lake, Layout, Manifest, PartitionWriter
from analytics_platform.lake.errors import LakeUnreachable
from analytics_platform.lake.ordered import ordered_rows
from analytics_platform.landing.answers import raw_rows
from analytics_platform.landing.kept_answers import kept_snapshots
from analytics_platform.landing.layouts import layout
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.source import refuse_another_source
from analytics_platform.landing.spool import Snapshot, Spool
from analytics_platform.landing.states import COMPLETE, PARTIAL, PROVISIONAL, end_of
from analytics_platform.landing.ticks import TICKS, due_tick, runs_of, ticks_of, ticks_of_day
from analytics_platform.tables.answers import Tidy, UnreadableAnswer
from analytics_platform.tables.drift import Drift, counts
from analytics_platform.tables.records import Unreadable
from analytics_platform.tables.schemas import table_schema

log = logging.getLogger(__name__)

Make = Callable[[Answered, datetime, datetime], Tidy]
"""Makes the tidy rows of one answer, given the instants its snapshot was due and taken; may raise UnreadableAnswer."""

_ROW_GROUP_BYTES = 32 << 20
_LOOKED_AT = 7
"""Days. An older one that was left uncompacted is whole, and compacted when somebody lands it."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class SnapshotLanding:
    """Lands the snapshots of one stream. `source`, the host of the org's API, keeps a lake to one org; `minutes` lie
    between two ticks."""

    lake: Lake
    ledger: Ledger
    spool: Spool
    raw: Table
    table: Table
    make: Make
    source: str
    minutes: int
    clock: Callable[[], datetime] = _now

    def land(self, day: date, tick: datetime | None, ask: Callable[[], Iterable[Answered]]) -> Sequence[Manifest]:
        """Bring a day up to date and return its manifests, raw first.

        Today: take the snapshot that is due, unless it was taken before, and land all that is spooled of the day.
        `tick` is the one it is asked for, None for whichever is due. A day past: nothing is asked; what is spooled is
        landed, and the day compacted. Waits for another run that holds the day. Raises OtherSource, LakeError, and
        whatever asking raises.
        """
        with self.ledger.claim(self.table.name, day):
            self.spool.drop_unfinished(day)
            now = self.clock()
            if day == now.date():
                self._take(now, tick or due_tick(now, self.minutes), ask)
            refuse_another_source(self.lake, self.raw.name, self.source)
            return self._bring_in(day, ended=day < now.date())

    def remake(self, day: date) -> Manifest:
        """Make the tidy table of a day anew from the answers that raw keeps; nothing is asked. Raises LakeError."""
        counted, raw = _Counted(set()), self.lake.manifest(self.raw.name, day)
        with (
            self.ledger.claim(self.table.name, day),
            self.lake.stage(self.table.name, day, table_schema(self.table), _layout(self.table)) as writer,
        ):
            for snapshot in kept_snapshots(self.lake, self.raw.name, day):
                tidy = self._tidy_of(snapshot)
                writer.write(tidy.rows)
                counted.add(snapshot, tidy)
            made = writer.seal({"source": self.source, **counted.facts()}).publish()
            return self._compacted(made, self.table) if raw and raw.facts["compacted"] else made

    def _take(self, now: datetime, tick: datetime, ask: Callable[[], Iterable[Answered]]) -> None:
        if tick in self.spool.ticks(tick.date()) or tick in self._landed(tick.date()):
            log.info("%s of %s was taken before; it is not asked for again.", self.table.name, _text(tick))
        elif tick != due_tick(now, self.minutes):
            log.warning(
                "%s of %s was not taken in time and is not asked for at %s: the answer would be of another instant.",
                self.table.name,
                _text(tick),
                _text(now),
            )
        else:
            self.spool.take(tick, now, ask)

    def _landed(self, day: date) -> set[datetime]:
        """The ticks in the lake; none where it is away: the instant passes, the lake comes back and takes it once."""
        try:
            refuse_another_source(self.lake, self.raw.name, self.source)
            return ticks_of(self.lake.manifest(self.table.name, day))
        except LakeUnreachable:
            return set()

    def _bring_in(self, day: date, *, ended: bool) -> Sequence[Manifest]:
        landed = [self._appended(self.raw, day, self._raw_of), self._appended(self.table, day, self._tidy_of)]
        self.spool.let_go(ticks_of(landed[0]) & ticks_of(landed[1]))
        if ended:
            landed = [self._compacted(*each) for each in zip(landed, (self.raw, self.table), strict=True)]
        return landed

    def _appended(self, table: Table, day: date, made: Callable[[Snapshot], Tidy]) -> Manifest:
        """The day's partition with the snapshots it lacks, after those it holds."""
        before = self.lake.manifest(table.name, day)
        ticks = ticks_of(before)
        lacking = [tick for tick in self.spool.ticks(day) if tick not in ticks]
        if before is not None and not lacking:
            return before
        counted = _Counted.of(before)
        with self.lake.stage(table.name, day, table_schema(table), _layout(table)) as writer:
            if before is not None:
                self._copy(table, day, writer)
            for tick in lacking:
                if (snapshot := self.spool.read(tick)) is not None:
                    tidy = made(snapshot)
                    writer.write(tidy.rows)
                    counted.add(snapshot, tidy)
            return writer.seal({"source": self.source, **counted.facts()}).publish()

    def _copy(self, table: Table, day: date, writer: PartitionWriter) -> None:
        with self.lake.open_partition(table.name, day) as file:
            for group in range(file.num_row_groups):
                writer.write(_fitted(file.read_row_group(group), table))

    def _compacted(self, before: Manifest, table: Table) -> Manifest:
        """The day's partition in the order of its groups; equal content makes equal bytes."""
        if before.facts["compacted"]:
            return before
        by = _order(table)
        how = replace(_layout(table), sorted_by=by)
        with (
            self.lake.open_partition(table.name, before.day) as file,
            self.lake.stage(table.name, before.day, table_schema(table), how) as writer,
        ):
            for rows in ordered_rows(file, by):
                writer.write(_fitted(rows, table))
            lacks_none = ticks_of(before).issuperset(ticks_of_day(before.day, self.minutes, end_of(before.day)))
            state = COMPLETE if lacks_none else PARTIAL
            return writer.seal({**before.facts, "state": state, "compacted": True}).publish()

    def _raw_of(self, snapshot: Snapshot) -> Tidy:
        return Tidy(raw_rows(self.raw, snapshot.answers, tick=snapshot.tick, taken_at=snapshot.taken_at))

    def _tidy_of(self, snapshot: Snapshot) -> Tidy:
        """The rows of all answers. What moved to the next page while the pages were asked for stands in two: once."""
        parts, unreadable, differences = [table_schema(self.table).empty_table()], [], Counter[Drift]()
        for answer in snapshot.answers:
            try:
                tidy = self.make(answer, snapshot.tick, snapshot.taken_at)
            except UnreadableAnswer as fault:
                log.warning("%s, correlation id %s: %s", self.table.name, answer.correlation_id, fault)
                unreadable.append(Unreadable(0, str(fault)))
                continue
            parts.append(tidy.rows)
            unreadable += tidy.unreadable
            differences += tidy.differences
        return Tidy(_distinct(pa.concat_tables(parts), self.table.key), unreadable, differences)


def unfinished(lake: Lake, spool: Spool, table: Table, before: date) -> list[date]:
    """Days before `before` of which something is spooled, or that are among the newest landed and not compacted yet."""
    landed = [day for day in lake.days(table.name) if day < before][-_LOOKED_AT:]
    manifests = lake.manifests(table.name, landed)
    open_days = {day for day, manifest in manifests.items() if not manifest.facts["compacted"]}
    return sorted(open_days | {day for day in spool.days() if day < before})


@dataclass
class _Counted:
    """What a partition of snapshots tells of itself."""

    ticks: set[datetime]
    as_of: datetime | None = None
    set_aside: int = 0
    drift: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, manifest: Manifest | None) -> "_Counted":
        if manifest is None:
            return cls(set())
        said = manifest.facts
        as_of = datetime.fromisoformat(said["as_of"]) if said["as_of"] else None
        return cls(ticks_of(manifest), as_of, said["set_aside"], Counter(said["drift"]))

    def add(self, snapshot: Snapshot, tidy: Tidy) -> None:
        self.ticks.add(snapshot.tick)
        self.as_of = max(self.as_of or snapshot.taken_at, snapshot.taken_at)
        self.set_aside += len(tidy.unreadable)
        self.drift.update(counts(tidy.differences))

    def facts(self) -> Mapping[str, object]:
        return {
            "state": PROVISIONAL,
            "as_of": self.as_of,
            "snapshots": len(self.ticks),
            TICKS: runs_of(self.ticks),
            "compacted": False,
            "set_aside": self.set_aside,
            "drift": dict(sorted(self.drift.items())),
        }


def _layout(table: Table) -> Layout:
    """As other days are written, in row groups that bound the memory of adding to them again and again.

    A row group a snapshot would cost fourteen times the CPU and thirty times the space of a small org's day.
    """
    usual = layout(table)
    return replace(usual, row_group_bytes=min(usual.row_group_bytes, _ROW_GROUP_BYTES))


def _order(table: Table) -> tuple[str, ...]:
    """A raw table by its key, which begins with the tick; a tidy one by group and metric, then by tick."""
    if table.key[-1] == "number":
        return table.key
    return (*(name for name in table.key if name != TICK.name), TICK.name)


def _fitted(rows: pa.Table, table: Table) -> pa.Table:
    """Rows with the columns of the table as it is today: a release may have added some since they were written."""
    schema = table_schema(table)
    return pa.concat_tables([schema.empty_table(), rows], promote_options="default").select(schema.names)


def _distinct(rows: pa.Table, key: Sequence[str]) -> pa.Table:
    """The first row of each key, in the order given."""
    numbered = rows.select(key).append_column("row", pa.array(range(len(rows)), pa.int64()))
    first = numbered.group_by(list(key), use_threads=False).aggregate([("row", "min")])["row_min"]
    return rows if len(first) == len(rows) else rows.take(first.sort())


def _text(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
