"""Taking records out of the lake for good: raw days are written anew without them, one after another.

What a day's manifest tells stays true of what is left: its digests, its home days and its counts, of which
`records = rows + set_aside + removed`. The home days the records stood on are stale then, and whoever asked for the
removal makes them anew. A day is held against landings only while it is written, never two at once: call this while
no day is held. Killed at any instant and asked for again, it comes to the same end.
"""

import contextlib
import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import polars as pl
import pyarrow as pa
import xxhash

from analytics_platform.catalogue.streams import Stream
from analytics_platform.catalogue.tables import Table
from analytics_platform.lake import Lake, Manifest, PartitionWriter
from analytics_platform.landing.layouts import layout
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.tally import Digest
from analytics_platform.tables.raw import Delivery, raw_page

log = logging.getLogger(__name__)

_BATCH_ROWS = 500
_NOWHERE = Delivery("", 0, datetime(1970, 1, 1, tzinfo=UTC))


@dataclass(frozen=True)
class Removal:
    """What was taken out: rows of raw and of its quarantine by activity day, and the home days to make anew."""

    rows: Mapping[date, int]
    home_days: tuple[date, ...]


@dataclass(frozen=True)
class _Sought:
    """Whose records are to go."""

    stream: Stream
    ids: frozenset[str]
    also_named: frozenset[str]

    def in_rows(self, table: Table) -> pl.Expr:
        """Which rows of raw, of its quarantine or of its differences."""
        if table is self.stream.quarantine:
            return pl.col("record").str.contains_any([f'"{each}"' for each in sorted(self.ids | self.also_named)])
        return pl.col(table.columns[0].name).is_in(sorted(self.ids))

    def days(self, lake: Lake, *tables: Table) -> list[date]:
        """The activity days that hold any; records that are kept by their ids are not read."""
        days: set[date] = set()
        for table in tables if self.ids or self.also_named else ():
            if lake.days(table.name):
                found = lake.scan(table.name).filter(self.in_rows(table)).select(pl.col("day").unique())
                days.update(found.collect(engine="streaming")["day"])
        return sorted(days)


@dataclass
class _Taken:
    """What was taken out of one day, and its part in what the day's manifest tells; days as ISO text, as there."""

    stream: Stream
    kept: int = 0
    set_aside: int = 0
    ids: set[str] = field(default_factory=set)
    digest: Digest = field(default_factory=Digest)
    home_days: Counter[str] = field(default_factory=Counter)
    home_day_digests: defaultdict[str, Digest] = field(default_factory=lambda: defaultdict(Digest))

    def add(self, table: Table, rows: pa.Table) -> None:
        """Count in rows of raw or of its quarantine."""
        records = [str(record).encode() for record in rows["record"].to_pylist()]
        digests = [xxhash.xxh3_128_intdigest(record) for record in records]
        for digest in digests:
            self.digest.add(digest)
        if table is self.stream.quarantine:
            self.set_aside += len(rows)
            return
        self.kept += len(rows)
        self.ids.update(rows[table.columns[0].name].to_pylist())
        homes = raw_page(self.stream, [msgspec.Raw(record) for record in records], _NOWHERE).homes
        for digest, days in zip(digests, homes, strict=True):
            for day in days:
                self.home_days[day.isoformat()] += 1
                self.home_day_digests[day.isoformat()].add(digest)


def remove_records(
    stream: Stream,
    lake: Lake,
    ledger: Ledger,
    ids: Collection[str],
    *,
    delivered_before: datetime | None = None,
    also_named: Collection[str] = (),
) -> Removal:
    """Take every record of these ids, conversations or users, out of the stream's raw table and its quarantine.

    With `delivered_before` (UTC) only from days whose job was submitted before that instant: what the vendor has
    delivered since is not gone. What is set aside has no usable id: there every record goes that names one, or what
    is `also_named`. Raises LakeError.
    """
    wanted = _Sought(stream, frozenset(ids), frozenset(also_named))
    rows: dict[date, int] = {}
    homes: set[date] = set()
    for day in wanted.days(lake, stream.raw, stream.quarantine):
        with ledger.claim(stream.name, day):
            before = lake.manifest(stream.raw.name, day)
            if before is None:
                # A landing killed before raw told of the day: what it set aside comes again.
                lake.remove(stream.quarantine.name, day)
                continue
            if delivered_before and _as_of(before) >= delivered_before:
                continue
            taken = _written_without(lake, before, wanted)
        if taken.kept or taken.set_aside:
            rows[day] = taken.kept + taken.set_aside
            homes.update(map(date.fromisoformat, taken.home_days))
            log.info("Removed %d records of %s from %s", rows[day], day, stream.raw.name)
    return Removal(rows, tuple(sorted(homes)))


def remove_differences(stream: Stream, lake: Lake, ledger: Ledger, ids: Collection[str]) -> None:
    """Take every row of these ids out of what is kept of the differences between readings. Raises LakeError."""
    wanted, table = _Sought(stream, frozenset(ids), frozenset()), stream.restatements
    for day in wanted.days(lake, table):
        with ledger.claim(stream.name, day):
            told = lake.manifest(table.name, day)
            if told is not None:
                with _copied(lake, table, day, wanted, _Taken(stream)) as left:
                    left.seal(told.facts).publish()


def _written_without(lake: Lake, before: Manifest, wanted: _Sought) -> _Taken:
    """Write a day anew, raw first: its facts are those both tables come to, and a quarantine that tells others was
    left behind by a kill, its records being counted already."""
    stream = wanted.stream
    taken, counted = _Taken(stream), _Taken(stream)
    aside = lake.manifest(stream.quarantine.name, before.day)
    with contextlib.ExitStack() as staged:
        kept = staged.enter_context(_copied(lake, stream.raw, before.day, wanted, taken))
        if aside is not None:
            lags = aside.facts["digest"] != before.facts["digest"]
            into = counted if lags else taken
            left = staged.enter_context(_copied(lake, stream.quarantine, before.day, wanted, into))
        facts = _facts_without(before.facts, taken)
        if taken.kept or taken.set_aside:
            kept.seal(facts).publish()
        if aside is not None and left.rows == 0:
            lake.remove(stream.quarantine.name, before.day)
        elif aside is not None and facts["digest"] != aside.facts["digest"]:
            left.seal(facts).publish()
    return taken


@contextlib.contextmanager
def _copied(lake: Lake, table: Table, day: date, wanted: _Sought, taken: _Taken) -> Iterator[PartitionWriter]:
    """A day of one of the stream's tables written anew, group by group, without the rows that are sought."""
    gone = wanted.in_rows(table)
    with lake.open_partition(table.name, day) as file:
        schema = file.schema_arrow.remove_metadata()
        with lake.stage(table.name, day, schema, layout(table)) as writer:
            for group in range(file.num_row_groups):
                for batch in file.iter_batches(_BATCH_ROWS, row_groups=[group], use_threads=False):
                    rows = pa.Table.from_batches([batch])
                    mask = pl.DataFrame(rows.select(gone.meta.root_names())).select(gone).to_series()
                    if mask.any():
                        if "record" in rows.column_names:
                            taken.add(table, rows.filter(mask.to_arrow()))
                        rows = rows.filter((~mask).to_arrow())
                    writer.write(rows)
                writer.flush()
            yield writer


def _facts_without(facts: Mapping[str, Any], taken: _Taken) -> dict[str, Any]:
    """What a manifest tells once records are taken out: as if the source had never sent them, but for the counts."""
    left = {day: count - taken.home_days[day] for day, count in facts["home_days"].items()}
    return {
        **facts,
        "removed": facts.get("removed", 0) + taken.kept + taken.set_aside,
        "set_aside": facts.get("set_aside", 0) - taken.set_aside,
        "repeated": facts["repeated"] - (taken.kept - len(taken.ids)),
        "digest": _without(facts["digest"], taken.digest),
        "home_days": {day: count for day, count in left.items() if count},
        "home_day_digests": {
            day: _without(digest, taken.home_day_digests.get(day, Digest()))
            for day, digest in facts["home_day_digests"].items()
            if left[day]
        },
    }


def _as_of(manifest: Manifest) -> datetime:
    return datetime.fromisoformat(manifest.facts["as_of"])


def _without(told: str, taken: Digest) -> str:
    left = Digest(told)
    left.take_out(taken)
    return str(left)
