"""What sensors ask of Dagster: runs over days of a raw table or of a stream's typed tables, and what runs already."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from analytics_platform.catalogue.streams import STREAMS, Stream
from analytics_platform.defs.partitions import batches, range_tags, tagged_days
from analytics_platform.settings import Settings

if TYPE_CHECKING:
    from analytics_platform.lake import Lake
    from analytics_platform.landing.home_days import HomeDay

MADE_TAG = "analytics_platform/made"
"""What a requested run makes: a raw table or the typed tables of a stream."""
REASON_TAG = "analytics_platform/reason"


def request(made: str, reason: str, days: Sequence[date], suffix: str = "") -> dg.RunRequest:
    """One run over contiguous days. A second request of equal text is passed over, for ever: `suffix` tells them
    apart."""
    return dg.RunRequest(
        run_key=f"{made}: {reason} {days[0]}..{days[-1]} {suffix}".strip(),
        asset_selection=assets_of(made),
        tags={**range_tags(days), MADE_TAG: made, REASON_TAG: reason},
    )


def assets_of(made: str) -> list[dg.AssetKey]:
    """The assets of a raw table, or of a stream's typed tables; KeyError for what is neither."""
    for stream in STREAMS:
        if made == stream.raw.name:
            return [dg.AssetKey(made)]
        if made == stream.typed:
            return [dg.AssetKey(table.name) for table in stream.tables]
    raise KeyError(made)


def days_in_progress(instance: dg.DagsterInstance, made: str) -> set[date]:
    """The days of the runs, whoever started them, that wait or work on these assets now.

    A run that was started by a command and killed is called started for ever; one of another day no longer counts.
    """
    wanted = set(assets_of(made))
    lately = datetime.now(UTC) - _LONGEST_RUN
    runs = instance.get_runs(dg.RunsFilter(statuses=_IN_PROGRESS, created_after=lately))
    mine = [run for run in runs if run.asset_selection is None or wanted.intersection(run.asset_selection)]
    return {day for run in mine for day in tagged_days(run.tags)}


def home_day_requests(
    stream: Stream, lake: "Lake", settings: Settings, reason: str, *, suffix: str = "", without: set[date] | None = None
) -> Iterator[dg.RunRequest]:
    """Runs that make the home days whose typed tables are not those of what raw holds now, save those `without`."""
    from analytics_platform.landing.home_days import stale_home_days

    stale: dict[date, list[HomeDay]] = {}
    for home in stale_home_days(stream, lake):
        # The first partition stands for the home days before it too.
        stale.setdefault(max(home.day, settings.start_day), []).append(home)
    for days in batches(list(stale.keys() - (without or set())), settings.max_days_per_run):
        versions = [home.version(stream) for day in days for home in stale[day]]
        made_from = hashlib.sha256("".join(versions).encode()).hexdigest()[:12]
        yield request(stream.typed, reason, days, f"{made_from} {suffix}".strip())


_LONGEST_RUN = timedelta(days=1)
_IN_PROGRESS = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
