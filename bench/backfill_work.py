"""Days of both details streams, landed by one process without Dagster: `python -m bench.backfill_work <first> <days>`.

It takes as many days at a time as a run does, and prints the CPU seconds spent after its libraries were loaded.
"""

import sys
from collections.abc import Sequence
from datetime import date, timedelta

from analytics_platform.catalogue.streams import STREAMS, Stream
from analytics_platform.connections import connected, opened_lake, source_of
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.lake import Lake
from analytics_platform.landing.details import DetailsLanding, Options, StagedDay
from analytics_platform.landing.home_days import claimed, home_days_of_run
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.typed import stage_home_day
from analytics_platform.settings import Settings, load_settings
from bench.figures import Stopwatch


def main(first: date, count: int) -> None:
    """Land them, oldest first."""
    now = load_settings()
    watch = Stopwatch.started()
    lake, ledger = opened_lake(now), Ledger(now.state)
    with connected(now) as client:
        for stream in STREAMS:
            for begun in range(0, count, now.max_days_per_run):
                days = [first + timedelta(days=n) for n in range(begun, min(count, begun + now.max_days_per_run))]
                _land(stream, days, client, lake, ledger, now)
    print(watch.cpu_seconds)


def _land(
    stream: Stream, days: Sequence[date], client: GenesysCloud, lake: Lake, ledger: Ledger, now: Settings
) -> None:
    options = Options(first_pause=now.poll_seconds, jobs_in_flight=now.jobs_in_flight)
    landing = DetailsLanding(stream, DetailsJobs(client, stream.family), lake, ledger, source_of(now), options)
    for staged in landing.land_all(days, f"bench {days[0]}"):
        assert isinstance(staged, StagedDay)
        staged.publish()
    homes = home_days_of_run(stream, lake, days, now.start_day)
    with claimed(stream, ledger, [home.day for home in homes]):
        for made in [stage_home_day(stream, lake, home) for home in homes]:
            made.publish(lake)


if __name__ == "__main__":
    main(date.fromisoformat(sys.argv[1]), int(sys.argv[2]))
