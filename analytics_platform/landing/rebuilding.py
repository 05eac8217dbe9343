"""Making typed tables anew from what raw keeps, with no request to any source: after a release that knows more fields,
or after a change of what may be kept of people's data.

Each day of each stream is staged whole and then replaced, one at a time and held against other runs; memory holds a
part of one. What is not in the catalogue but in raw is found by a release that knows it.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from analytics_platform.catalogue.aggregates import AGGREGATES, AggregateFamily
from analytics_platform.catalogue.exports import files_of
from analytics_platform.catalogue.listings import LISTINGS, Listing
from analytics_platform.catalogue.names import require_known
from analytics_platform.catalogue.observations import OBSERVATIONS, ObservationFamily
from analytics_platform.catalogue.services import SERVICES
from analytics_platform.catalogue.streams import STREAMS, TypedStream
from analytics_platform.catalogue.tables import Table
from analytics_platform.catalogue.turns import RAW as TURNS_RAW
from analytics_platform.catalogue.turns import TABLES as TURN_TABLES
from analytics_platform.catalogue.turns import TURNS
from analytics_platform.genesys_cloud.answered import Answered
from analytics_platform.lake import Lake, Manifest, PartitionMissing
from analytics_platform.landing.answers import Made, remade, unprotected
from analytics_platform.landing.errors import ExportUnusable, RawReplaced
from analytics_platform.landing.exports import layout_of_export, rows_of_file, told_of_rows
from analytics_platform.landing.home_days import HomeDay, claimed, home_days
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.snapshots import Make, SnapshotLanding
from analytics_platform.landing.spool import Spool
from analytics_platform.landing.typed import stage_home_day
from analytics_platform.tables.aggregates import aggregate_rows
from analytics_platform.tables.drift import counts
from analytics_platform.tables.entities import entity_rows
from analytics_platform.tables.exports import ExportUnreadable
from analytics_platform.tables.observations import observation_rows
from analytics_platform.tables.turns import TurnsOfFlow


@dataclass(frozen=True)
class Rebuilt:
    """One day of a stream, remade: the manifests of its tables."""

    stream: str
    day: date
    manifests: Sequence[Manifest]


@dataclass(frozen=True)
class Rebuildable:
    """A stream whose raw is in the lake: the days it holds, oldest first, and how one of them is remade."""

    name: str
    days: Sequence[date]
    remake: Callable[[date], Sequence[Manifest]]

    def rebuilt(self, first: date | None, last: date | None) -> Iterator[Rebuilt]:
        """Remake the days from `first` to `last`, all where None. Raises LandingError and LakeError."""
        for day in self.days:
            if (first or day) <= day <= (last or day):
                yield Rebuilt(self.name, day, self.remake(day))


def rebuildable(lake: Lake, ledger: Ledger, snapshot_minutes: int, names: Sequence[str] = ()) -> list[Rebuildable]:
    """The streams of these names, all where none are given, that have raw in the lake; UnknownName for any other.

    `snapshot_minutes` lie between two observations.
    """
    listed = {each.raw.name for each in LISTINGS}
    exports = [name for name in lake.tables() if name.startswith("export_") and name.endswith("_raw")]
    found = [
        *(_home_days(lake, ledger, each) for each in (*STREAMS, SERVICES)),
        *(_answers(lake, ledger, each) for each in AGGREGATES),
        Rebuildable(TURNS.name, lake.days(TURNS_RAW.name), partial(_turns, lake, ledger)),
        *(_snapshots(lake, ledger, each.raw, each.table, _observed(each), snapshot_minutes) for each in OBSERVATIONS),
        *(_snapshots(lake, ledger, each.raw, each.table, _listed(each), 60) for each in LISTINGS),
        *(_export(lake, ledger, raw.removesuffix("_raw")) for raw in exports if raw not in listed),
    ]
    by_name = {each.name: each for each in found if each.days}
    require_known(names, list(by_name), "stream with raw in the lake")
    return [by_name[name] for name in names or by_name]


def _home_days(lake: Lake, ledger: Ledger, stream: TypedStream) -> Rebuildable:
    known = home_days(stream, lake)

    def remake(day: date) -> Sequence[Manifest]:
        with claimed(stream, ledger, [day]):
            try:
                staged = stage_home_day(stream, lake, known[day], merging=None)
            except RawReplaced:  # landed since the days were listed
                home = home_days(stream, lake).get(day, HomeDay(day, ()))
                staged = stage_home_day(stream, lake, home, merging=None)
            staged.publish(lake)
        return [part.manifest for part in staged.tables.values()]

    return Rebuildable(stream.typed, list(known), remake)


def _answers(lake: Lake, ledger: Ledger, family: AggregateFamily) -> Rebuildable:
    def remake(day: date) -> Sequence[Manifest]:
        with ledger.claim(family.stream, day):
            raw = _manifest(lake, family.raw().name, day)
            group_by = raw.facts["question"]["group_by"]
            facts: dict[str, Any] = {"drift": Counter[str](), "set_aside": 0}

            def make(answer: Answered) -> Made:
                tidy = aggregate_rows(family, group_by, answer.text)
                facts["drift"].update(counts(tidy.differences))
                facts["set_aside"] += len(tidy.unreadable)
                return {family.stream: tidy.rows}

            return remade(lake, raw, (family.table(group_by),), make, facts)

    return Rebuildable(family.stream, lake.days(family.raw().name), remake)


def _turns(lake: Lake, ledger: Ledger, day: date) -> Sequence[Manifest]:
    flows: dict[str, TurnsOfFlow] = {}
    facts: dict[str, Any] = {"drift": Counter[str](), "set_aside": 0}

    def make(answer: Answered) -> Made:
        flow = json.loads(answer.request)["path"]["botFlowId"]
        page = flows.setdefault(flow, TurnsOfFlow(flow)).page(answer.text)
        facts["drift"].update(counts(page.differences))
        facts["set_aside"] += len(page.unreadable)
        return page.rows

    with ledger.claim(TURNS.name, day):
        return remade(lake, _manifest(lake, TURNS_RAW.name, day), TURN_TABLES, make, facts)


def _snapshots(lake: Lake, ledger: Ledger, raw: Table, table: Table, make: Make, minutes: int) -> Rebuildable:
    def remake(day: date) -> Sequence[Manifest]:
        source = str(_manifest(lake, raw.name, day).facts["source"])
        spool = Spool(Path(), source, table.name)  # nothing is taken, so nothing is spooled
        return [SnapshotLanding(lake, ledger, spool, raw, table, make, source, minutes).remake(day)]

    return Rebuildable(table.name, lake.days(raw.name), remake)


def _observed(family: ObservationFamily) -> Make:
    return lambda answer, tick, taken_at: observation_rows(family, answer.text, tick, taken_at)


def _listed(listing: Listing) -> Make:
    return lambda answer, tick, taken_at: entity_rows(listing, answer.request, answer.text, tick, taken_at)


def _export(lake: Lake, ledger: Ledger, stream: str) -> Rebuildable:
    def remake(day: date) -> Sequence[Manifest]:
        with ledger.claim(stream, day):
            raw = _manifest(lake, f"{stream}_raw", day)
            name = str(raw.facts["file"]).rpartition("/")[2]
            if not name.endswith(".csv"):
                return []
            (asked,) = lake.read(raw.table, day, ["request"])["request"].to_pylist()
            try:
                rows = rows_of_file(
                    lake.read_file(files_of(stream.removeprefix("export_")), day, name), json.loads(asked)
                )
            except ExportUnreadable as fault:
                raise ExportUnusable(stream, day, str(raw.facts["export_id"]), str(fault)) from None
            with lake.stage(stream, day, rows.rows.schema, layout_of_export(rows.rows.schema)) as writer:
                writer.write(rows.rows)
                return [writer.seal({**unprotected(raw), **told_of_rows(rows)}).publish()]

    return Rebuildable(stream, lake.days(f"{stream}_raw"), remake)


def _manifest(lake: Lake, raw: str, day: date) -> Manifest:
    """Of a day that was listed as landed; LakeError where it is gone since."""
    found = lake.manifest(raw, day)
    if found is None:
        raise PartitionMissing(f"Table {raw} of {day} was removed while it was read; rebuild again.")
    return found
