"""A day of services in the making, by whatever route they came: raw rows, counts, and the facts of its manifest.

What home days are made from is told here, in one place for every route.
"""

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from types import TracebackType
from typing import Self

import pyarrow as pa

from analytics_platform.catalogue.services import SERVICES
from analytics_platform.catalogue.tables import Table
from analytics_platform.gms.selection import Selection
from analytics_platform.lake import Lake, Manifest, PartitionWriter, StagedPartition
from analytics_platform.landing.layouts import layout
from analytics_platform.landing.service_history import Place, ServiceHistory
from analytics_platform.landing.states import end_of, state_of
from analytics_platform.landing.tally import Digest
from analytics_platform.tables.schemas import table_schema
from analytics_platform.tables.service_records import RawServices, ServiceRead, moved_services, raw_services

_HOME = ["service_id", "home_day"]


@dataclass
class StagedServices:
    """One day of services, ready to be published: what stands beside the raw rows first, the raw rows last.

    Raw marks the day: killed before it, the day is landed again.
    """

    lake: Lake
    quarantine: str
    set_aside: StagedPartition | None
    beside: StagedPartition
    raw: StagedPartition
    held: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    """The claim on the day, let go when it is published or given up."""

    @property
    def day(self) -> date:
        return self.raw.day

    @property
    def manifests(self) -> Mapping[str, Manifest]:
        """What raw holds of the day, by its name."""
        return {self.raw.table: self.raw.manifest}

    def publish(self) -> Manifest:
        """Replace the day in the lake and return the manifest of what stands beside raw."""
        try:
            if self.set_aside is not None:
                self.set_aside.publish()
            else:
                self.lake.remove(self.quarantine, self.day)
            manifest = self.beside.publish()
            self.raw.publish()
        finally:
            self.discard()
        return manifest

    def discard(self) -> None:
        """Give up what is not published, and let go of the day."""
        with self.held:
            for part in (self.set_aside, self.beside, self.raw):
                if part is not None:
                    part.discard()


class ServiceDay:
    """Takes in the services of an activity day, read as of an instant; a context manager that stages nothing by itself.

    Memory holds the services' ids beside the rows of a batch.
    """

    def __init__(
        self,
        lake: Lake,
        day: date,
        as_of: datetime,
        *,
        raw: Table = SERVICES.raw,
        quarantine: Table = SERVICES.quarantine,
    ) -> None:
        self._lake = lake
        self._as_of = as_of
        self._raw, self._quarantine = raw, quarantine
        self._day = day
        with contextlib.ExitStack() as writers:
            self._kept, self._aside = (
                writers.enter_context(lake.stage(table.name, day, table_schema(table), layout(table)))
                for table in (raw, quarantine)
            )
            self._writers = writers.pop_all()
        self._next = 0
        self._json_bytes = 0
        self._gone = 0
        self._homes = [table_schema(raw).empty_table().select(_HOME)]
        self._home_days: Counter[date] = Counter()
        self._digest = Digest()
        self._home_day_digests: dict[date, Digest] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writers.close()

    def keep(self, services: Sequence[ServiceRead]) -> None:
        """Take in services, each no more than once a day."""
        protection = self._lake.protection
        services = [replace(each, record=protection.text(self._raw.name, each.record)) for each in services]
        rows = raw_services(self._raw, self._quarantine, services, as_of=self._as_of, first=self._next)
        self._aside.write(rows.set_aside)
        self._homes.append(rows.kept.select(_HOME))
        self._json_bytes += sum(len(service.record) for service in services)
        self._gone += sum(service.gone_at is not None for service in services)
        self._next += len(services)
        self._write(rows)

    def group(self) -> None:
        """End a group of rows: what follows is of other home days, and who reads these passes it over."""
        self._kept.flush()

    def seal(
        self, beside: PartitionWriter, *, watermark: datetime, settled_after: timedelta, facts: Mapping[str, object]
    ) -> StagedServices:
        """The day staged, with the table that is published before it; `facts` are added to the manifest of each."""
        moved = ServiceHistory(self._lake).left(pa.concat_tables(self._homes), Place(self._raw.name, self._day))
        self.group()
        self._write(moved_services(self._raw, moved, as_of=self._as_of, first=self._next))
        told = {**self._facts(watermark, settled_after), "moved": len(moved), **facts}
        with contextlib.ExitStack() as sealed:  # a fault at the last leaves no file of the first
            parts = []
            for writer in (beside, self._kept, *([self._aside] if self._aside.rows else [])):
                parts.append(writer.seal(told))
                sealed.callback(parts[-1].discard)
            sealed.pop_all()
        first, kept, *aside = parts
        return StagedServices(self._lake, self._quarantine.name, aside[0] if aside else None, first, kept)

    def _write(self, rows: RawServices) -> None:
        self._kept.write(rows.kept)
        for home_day, digest in rows.homes:
            self._home_days[home_day] += 1
            self._home_day_digests.setdefault(home_day, Digest()).add(digest)
            self._digest.add(digest)

    def _facts(self, watermark: datetime, settled_after: timedelta) -> dict[str, object]:
        digest = str(self._digest)
        return {
            "stream": SERVICES.name,
            "state": state_of(
                self._day,
                watermark=watermark,
                before=self._lake.manifest(self._raw.name, self._day),
                digest=digest,
                settled_after=settled_after,
            ),
            "watermark": watermark,
            "as_of": self._as_of,
            "job_ids": [],
            "records": self._next,
            "set_aside": self._aside.rows,
            "repeated": 0,
            "gone": self._gone,
            "json_bytes": self._json_bytes,
            "home_days": {day.isoformat(): count for day, count in sorted(self._home_days.items())},
            "home_day_digests": {day.isoformat(): str(each) for day, each in sorted(self._home_day_digests.items())},
            "digest": digest,
            "drift": {},
        }


def range_of(day: date, as_of: datetime, overlap: timedelta) -> Selection:
    """What to ask for, for a day: it and some of the days beside it, but nothing of the future."""
    return Selection(begin_of(day) - overlap, min(end_of(day) + overlap, as_of))


def begin_of(day: date) -> datetime:
    """The instant a UTC day begins."""
    return datetime.combine(day, time(), UTC)
