"""What the lake knows of services from days landed before: which to read again, where their last versions stand."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from analytics_platform.catalogue.services import SERVICES
from analytics_platform.lake import Lake
from analytics_platform.tables.service_records import ServiceRead

_BATCH_ROWS = 500
_KEY = "service_id"
_AT_HOME = pl.col("home_day") == pl.col("started_at").dt.date()
"""Not so where a row tells that its service has moved on."""


@dataclass(frozen=True)
class Place:
    """A raw day."""

    raw: str
    day: date


@dataclass(frozen=True)
class ServiceHistory:
    """The services of a lake, as its typed tables and both raw tables tell."""

    lake: Lake

    def unsettled(self, as_of: datetime, open_for: timedelta, completed_for: timedelta) -> list[str]:
        """The services that may have changed since they were read: open ones started up to `open_for` before an
        instant, and those completed up to `completed_for` before it. As the typed tables know them; sorted."""
        table = SERVICES.head.name
        days = self.lake.days(table)
        if not days:
            return []
        young = pl.col("active") & (pl.col("started_at") >= as_of - open_for)
        lately = pl.col("completed_at") >= as_of - completed_for
        known = self.lake.scan(table, days).filter(pl.col("gone_at").is_null() & (young | lately))
        return _ids(known)

    def held(self, day: date) -> list[str]:
        """The services that the stream's own raw table holds of a day, sorted."""
        if day not in self.lake.days(SERVICES.raw.name):
            return []
        return _ids(self.lake.scan(SERVICES.raw.name, [day]).filter(_AT_HOME))

    def last_places(self, ids: Collection[str]) -> dict[Place, list[str]]:
        """Where the newest version of each of these services stands; those never landed stand nowhere."""
        wanted = pl.LazyFrame({_KEY: list(ids)}, schema={_KEY: pl.String})
        rows = [
            self.lake.scan(raw.name)
            .filter(_AT_HOME)
            .select(_KEY, "as_of", "day", raw=pl.lit(raw.name))
            .join(wanted, on=_KEY, how="semi")
            for raw in SERVICES.raws
            if self.lake.days(raw.name)
        ]
        if not rows or not ids:
            return {}
        newest = (
            pl.concat(rows).sort("as_of", "day", "raw").group_by(_KEY, maintain_order=True).last().sort(_KEY).collect()
        )
        found: dict[Place, list[str]] = {}
        for service_id, day, raw in newest.select(_KEY, "day", "raw").iter_rows():
            found.setdefault(Place(raw, day), []).append(service_id)
        return found

    def last_versions(self, places: Mapping[Place, Collection[str]]) -> Iterator[list[ServiceRead]]:
        """The versions that stand at `places`, some hundred at a time."""
        for place, ids in sorted(places.items(), key=lambda pair: (pair[0].day, pair[0].raw)):
            wanted = pa.array(sorted(ids), pa.string())
            with self.lake.open_partition(place.raw, place.day) as file:
                columns = [_KEY, "record", "gone_at"]
                for batch in file.iter_batches(_BATCH_ROWS, columns=columns, use_threads=False):
                    mine = batch.filter(pc.and_(pc.is_in(batch[_KEY], wanted), pc.is_valid(batch["record"])))
                    yield [ServiceRead(row[_KEY], row["record"].encode(), row["gone_at"]) for row in mine.to_pylist()]

    def differing(self, day: date) -> dict[str, list[str]]:
        """The services with an event on a day that one route alone tells of, by the raw table that has them."""
        found: dict[str, set[str]] = {}
        for raw in SERVICES.raws:
            own = pl.any_horizontal(pl.col("started_at", "completed_at").dt.date() == day)
            rows = self.lake.scan(raw.name, [day]).filter(_AT_HOME & pl.col("gone_at").is_null() & own)
            found[raw.name] = set(_ids(rows))
        common = set.intersection(*found.values())
        return {raw: sorted(ids - common) for raw, ids in found.items() if ids - common}

    def left(self, homes: pa.Table, own: Place) -> list[tuple[str, date]]:
        """Each other home day on which a service of `homes` (`service_id`, `home_day`) stands in raw, `own` aside."""
        now = pl.LazyFrame(pl.from_arrow(homes)).rename({"home_day": "now"})
        elsewhere = []
        for raw in SERVICES.raws:
            days = [day for day in self.lake.days(raw.name) if Place(raw.name, day) != own]
            if days:
                elsewhere.append(self.lake.scan(raw.name, days).select(_KEY, "home_day"))
        if not elsewhere:
            return []
        moved = pl.concat(elsewhere).join(now, on=_KEY).filter(pl.col("home_day") != pl.col("now"))
        return list(moved.select(_KEY, "home_day").unique().sort(_KEY, "home_day").collect().iter_rows())


def _ids(rows: pl.LazyFrame) -> list[str]:
    return rows.select(pl.col(_KEY).unique().sort()).collect()[_KEY].to_list()
