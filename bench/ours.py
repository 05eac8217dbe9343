"""Our way: a day landed through the client, the ledger and the lake, raw and typed, outside Dagster.

`python -m bench.ours <url> <work folder>` lands it once and prints the figures.
"""

import sys
from pathlib import Path

import httpx
from pydantic import SecretStr

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.hosts import Hosts
from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.lake import Lake, Manifest
from analytics_platform.landing.details import DetailsLanding, Options, StagedDay
from analytics_platform.landing.home_days import HomeDay, claimed, home_days
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.typed import stage_home_day
from bench.figures import Figures, Stopwatch, bytes_below, peak_mb
from bench.recording import DAY, PAGE_SIZE

_UNLIMITED = 1_000_000
"""Requests a minute: what the vendor's budget costs is time alone."""


def main(url: str, work: Path) -> None:
    """Land the day served, make the typed tables of its home day, publish both.

    The earlier home days that the day's delivery touches are made afterwards and counted apart: the floor has none.
    """
    before = _requests(url)
    watch = Stopwatch.started()
    lake, ledger = Lake.open(work / "lake"), Ledger(work)
    facts = _land(url, work, lake, ledger).facts
    landed, peak = watch.cpu_seconds, peak_mb()
    homes = home_days(CONVERSATION_DETAILS, lake)
    _make_tables(lake, ledger, [homes.pop(DAY)])
    cpu, wall, written = watch.cpu_seconds, watch.wall_seconds, bytes_below(work / "lake")
    _make_tables(lake, ledger, list(homes.values()))
    Figures(
        way="ours",
        conversations=facts["records"] - facts["superseded"],
        json_mb=facts["json_bytes"] / 1e6,
        cpu_seconds=cpu,
        wall_seconds=wall,
        peak_mb=peak_mb(),
        loaded_mb=watch.loaded_mb,
        bytes_written=written,
        requests=_requests(url) - before,
        jobs=len(facts["job_ids"]),
        peak_raw_mb=peak,
        parts={"raw": landed, "typed": cpu - landed, f"{len(homes)} earlier home days": watch.cpu_seconds - cpu},
    ).print()


def _land(url: str, work: Path, lake: Lake, ledger: Ledger) -> Manifest:
    hosts = Hosts.of(api_url=url, login_url=url)
    options = Options(page_size=PAGE_SIZE, first_pause=0.0)
    with (
        RequestBudget(work, client_id="bench", api_url=url, limit=_UNLIMITED) as budget,
        GenesysCloud(hosts, "bench", SecretStr("bench"), budget) as client,
    ):
        jobs = DetailsJobs(client, CONVERSATION_DETAILS.family)
        staged = DetailsLanding(CONVERSATION_DETAILS, jobs, lake, ledger, f"bench@{url}", options).land(DAY, "bench")
        assert isinstance(staged, StagedDay)
        return staged.publish()


def _make_tables(lake: Lake, ledger: Ledger, homes: list[HomeDay]) -> None:
    with claimed(CONVERSATION_DETAILS, ledger, [home.day for home in homes]):
        for home in homes:
            staged = stage_home_day(CONVERSATION_DETAILS, lake, home)
            staged.publish_set_aside(lake)
            for table in staged.tables.values():
                table.publish()


def _requests(url: str) -> int:
    return int(httpx.get(f"{url}/requests", trust_env=False).json()["requests"])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
