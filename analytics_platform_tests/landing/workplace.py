"""A lake, a ledger and a client of an org: what a landing needs, and the steps a run takes with them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import SecretStr

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, Stream
from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.hosts import Hosts
from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.lake import Lake, Manifest
from analytics_platform.landing.details import DetailsLanding, Options, StagedDay
from analytics_platform.landing.home_days import HomeDay, stale_home_days
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.typed import stage_home_day
from analytics_platform.source.retries import Retries

DAYS = (date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4))
PROVENANCE = ("activity_day", "as_of")


@contextmanager
def connected(url: str) -> Iterator[GenesysCloud]:
    retries = Retries(attempts=2, first_pause=0.01, longest_pause=0.02)
    with GenesysCloud(
        Hosts.of(api_url=url), "demo", SecretStr("demo"), RequestBudget.unlimited(), retries=retries
    ) as client:
        yield client


@dataclass(frozen=True)
class Workplace:
    client: GenesysCloud
    folder: Path

    @property
    def lake(self) -> Lake:
        return Lake.open(self.folder / "lake")

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.folder / "ledger")

    def landing(self, stream: Stream = CONVERSATION_DETAILS, **options: Any) -> DetailsLanding:
        given = {"page_size": 20, "first_pause": 0.0, "job_deadline": 20.0, **options}
        jobs = DetailsJobs(self.client, stream.family)
        return DetailsLanding(stream, jobs, self.lake, self.ledger, "org", Options(**given))

    def land(self, day: date, stream: Stream = CONVERSATION_DETAILS, request: str = "run", **options: Any) -> Manifest:
        landed = self.landing(stream, **options).land(day, request)
        return landed.publish() if isinstance(landed, StagedDay) else landed

    def build(self, stream: Stream = CONVERSATION_DETAILS, among: Sequence[date] | None = None) -> list[date]:
        """Make the typed tables of all stale home days; which those were."""
        stale = stale_home_days(stream, self.lake, among)
        for home in stale:
            self.publish(stream, home)
        return [home.day for home in stale]

    def publish(self, stream: Stream, home: HomeDay) -> None:
        lake = self.lake
        staged = stage_home_day(stream, lake, home)
        staged.publish_set_aside(lake)
        for table in stream.tables:
            staged.tables[table.name].publish()

    def raw(self, day: date, stream: Stream = CONVERSATION_DETAILS) -> list[str]:
        return [str(text) for text in self.lake.read(stream.raw.name, day, ["record"])["record"].to_pylist()]

    def tables(self, stream: Stream = CONVERSATION_DETAILS, *, provenance: bool = True) -> dict[str, pa.Table]:
        """All typed tables, their days one after another, `name/day`; empty ones are left out."""
        lake, found = self.lake, {}
        for table in stream.tables:
            for day in lake.days(table.name):
                rows = lake.read(table.name, day)
                if not provenance:
                    rows = rows.drop_columns([name for name in PROVENANCE if name in rows.column_names])
                if len(rows):
                    found[f"{table.name}/{day}"] = sort_rows(rows)
        return found

    def leftovers(self) -> list[Path]:
        """Staged files, pages and claims that somebody still holds."""
        staged = [path for path in self.folder.rglob("*.parquet") if path.name != "data.parquet"]
        return staged + list(self.folder.rglob("page-*"))


def sort_rows(rows: pa.Table) -> pa.Table:
    keys = [name for name in rows.column_names if name.endswith(("_id", "_index", "start_time", "key"))]
    return rows.sort_by([(name, "ascending") for name in keys]).combine_chunks()
