"""A lake and a ledger beside a GMS: what landing services needs, the steps a run takes, and what the lake then says."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from analytics_platform.catalogue.services import SERVICE_IDS, SERVICES
from analytics_platform.gms.client import Gms
from analytics_platform.lake import Lake, Manifest
from analytics_platform.landing.home_days import stale_home_days
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.services import Options, ServicesLanding
from analytics_platform.landing.typed import stage_home_day
from analytics_platform.source.retries import Retries
from analytics_platform.tables.services import service_rows

QUICK = Retries(attempts=2, first_pause=0.01, longest_pause=0.02)
Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class ServicePlace:
    gms: Gms
    folder: Path

    @property
    def lake(self) -> Lake:
        return Lake.open(self.folder / "lake")

    def landing(self, **options: Any) -> ServicesLanding:
        return ServicesLanding(self.gms, self.lake, Ledger(self.folder / "ledger"), "gms.example", Options(**options))

    def land(self, *days: date, request: str = "run", **options: Any) -> list[Manifest]:
        """Land days in one run; the manifest of each day's raw rows."""
        landing = self.landing(**options)
        for day in landing.land_all(days, request):
            day.publish()
        found = landing.lake.manifests(SERVICES.raw.name, days)
        return [found[day] for day in sorted(set(days))]

    def build(self) -> list[date]:
        """Make the typed tables of all stale home days; which those were."""
        lake = self.lake
        stale = stale_home_days(SERVICES, lake)
        for home in stale:
            staged = stage_home_day(SERVICES, lake, home)
            staged.publish_set_aside(lake)
            for table in SERVICES.tables:
                staged.tables[table.name].publish()
        return [home.day for home in stale]

    def ids(self, day: date) -> dict[str, tuple[bool, bool]]:
        """The services read for a day: whether refreshed, whether found."""
        rows = self.lake.read(SERVICE_IDS.name, day).to_pylist()
        return {row["service_id"]: (row["refreshed"], row["found"]) for row in rows}

    def raw(self, day: date) -> list[dict[str, Any]]:
        return list(self.lake.read(SERVICES.raw.name, day).to_pylist())

    def tables(self) -> Rows:
        """All rows of the typed tables, by key, each with its home day; without provenance."""
        lake, found = self.lake, {}
        for table in SERVICES.tables:
            rows = []
            for day in lake.days(table.name):
                rows += [{**row, "home_day": day} for row in lake.read(table.name, day).to_pylist()]
            found[table.name] = sorted((_plain(row) for row in rows), key=lambda row: [row[key] for key in table.key])
        return found

    def services(self) -> dict[str, dict[str, Any]]:
        """The rows of `services` by id; no id stands twice."""
        rows = self.tables()["services"]
        by_id = {row["service_id"]: row for row in rows}
        assert len(by_id) == len(rows)
        return by_id


@contextmanager
def connected(url: str, **options: Any) -> Iterator[Gms]:
    with Gms(url, retries=QUICK, **options) as gms:
        yield gms


def expected(truth: list[dict[str, Any]]) -> Rows:
    """What the typed tables should hold of services the world tells of, as `ServicePlace.tables` gives it.

    A service that is gone has an instant in `gone_at`, whichever.
    """
    raw = pa.table(
        {
            "record": [msgspec.json.encode(told["service"]).decode() for told in truth],
            "gone_at": pa.array([_instant(told["gone_at"]) for told in truth], pa.timestamp("ms", "UTC")),
        }
    )
    days = pa.array([date(2000, 1, 1)] * len(truth), pa.date32())
    as_of = pa.array([datetime(2000, 1, 1, tzinfo=UTC)] * len(truth), pa.timestamp("ms", "UTC"))
    made, unreadable = service_rows(raw, days, as_of)
    assert not unreadable
    homes = {row["service_id"]: row["started_at"].date() for row in made["services"].to_pylist()}
    return {
        table.name: sorted(
            (_plain({**row, "home_day": homes[row["service_id"]]}) for row in made[table.name].to_pylist()),
            key=lambda row: [row[key] for key in table.key],
        )
        for table in SERVICES.tables
    }


def day_after(day: date, minutes: int = 30) -> str:
    """An instant on the day after, as ISO-8601."""
    return (datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1, minutes=minutes)).isoformat()


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in row.items() if name not in ("activity_day", "as_of")}
    return told | {"gone_at": told["gone_at"] is not None} if "gone_at" in told else told


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
