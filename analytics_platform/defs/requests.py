"""What sensors ask of Dagster: runs over days of a stream's assets or of typed tables, and what runs already."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from analytics_platform.catalogue.operations import Operation
from analytics_platform.catalogue.streams import Stream, TypedStream
from analytics_platform.defs.openings import Opening, jobs_watermark
from analytics_platform.defs.partitions import batches, range_tags, tagged_days
from analytics_platform.settings import Settings

if TYPE_CHECKING:
    from analytics_platform.lake import Lake
    from analytics_platform.landing.home_days import HomeDay

MADE_TAG = "analytics_platform/made"
"""What a requested run makes: a stream, or the typed tables of one."""
REASON_TAG = "analytics_platform/reason"


@dataclass(frozen=True)
class DailyStream:
    """A stream that lands by day, as sensors see it.

    `marks` is the table whose partition says that a day is there, the last one a run publishes; `assets` are landed
    together by one run; `opened_by` opens a day; the org must serve all `operations`. Days that begin
    more than `kept_days` before the watermark are not asked for: the source no longer has them whole.
    """

    name: str
    marks: str
    assets: tuple[str, ...]
    opened_by: Opening
    operations: tuple[Operation, ...]
    kept_days: int | None = None

    def first_kept(self, first: date, watermark: date) -> date:
        """The first day from `first` on that the source still has whole."""
        return first if self.kept_days is None else max(first, watermark - timedelta(days=self.kept_days))


def details_stream(stream: Stream) -> DailyStream:
    """The raw days of a details stream."""
    family, raw = stream.family, stream.raw.name
    return DailyStream(stream.name, raw, (raw,), jobs_watermark(family), (family.availability, family.submit))


def request(made: str, assets: Sequence[str], reason: str, days: Sequence[date], suffix: str = "") -> dg.RunRequest:
    """One run over contiguous days. A second request of equal text is passed over, for ever: `suffix` tells them
    apart."""
    return dg.RunRequest(
        run_key=f"{made}: {reason} {days[0]}..{days[-1]} {suffix}".strip(),
        asset_selection=[dg.AssetKey(asset) for asset in assets],
        tags={**range_tags(days), MADE_TAG: made, REASON_TAG: reason},
    )


def days_in_progress(instance: dg.DagsterInstance, assets: Sequence[str]) -> set[date]:
    """The days of the runs, whoever started them, that wait or work on these assets now.

    A run that was started by a command and killed is called started for ever; one of another day no longer counts.
    """
    wanted = {dg.AssetKey(asset) for asset in assets}
    lately = datetime.now(UTC) - _LONGEST_RUN
    runs = instance.get_runs(dg.RunsFilter(statuses=_IN_PROGRESS, created_after=lately))
    mine = [run for run in runs if run.asset_selection is None or wanted.intersection(run.asset_selection)]
    return {day for run in mine for day in tagged_days(run.tags)}


def home_day_requests(
    stream: TypedStream,
    lake: "Lake",
    settings: Settings,
    reason: str,
    *,
    suffix: str = "",
    without: set[date] | None = None,
) -> Iterator[dg.RunRequest]:
    """Runs that make the home days whose typed tables are not those of what raw holds now, save those `without`."""
    from analytics_platform.landing.home_days import stale_home_days

    begun = any(settings.start_day in lake.days(raw.name) for raw in stream.raws)
    stale: dict[date, list[HomeDay]] = {}
    for home in stale_home_days(stream, lake):
        # The first partition stands for the home days before it too, once it has landed itself.
        if begun or home.day >= settings.start_day:
            stale.setdefault(max(home.day, settings.start_day), []).append(home)
    tables = [table.name for table in stream.tables]
    for days in batches(list(stale.keys() - (without or set())), settings.max_days_per_run):
        versions = [home.version(stream) for day in days for home in stale[day]]
        made_from = hashlib.sha256("".join(versions).encode()).hexdigest()[:12]
        yield request(stream.typed, tables, reason, days, f"{made_from} {suffix}".strip())


_LONGEST_RUN = timedelta(days=1)
_IN_PROGRESS = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
