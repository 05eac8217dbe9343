"""Our way: a day landed through the client, the ledger and the lake, raw and typed, outside Dagster.

The earlier home days that the day's delivery touches are made afterwards and counted apart: the floor has none. An
option is the first pause in seconds before the job is looked at; none by default.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, Stream
from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.hosts import Hosts
from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.lake import Lake
from analytics_platform.landing.details import DetailsLanding, Options, StagedDay
from analytics_platform.landing.home_days import HomeDay, claimed, home_days
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.typed import stage_home_day
from bench.figures import Figures, Stopwatch, bytes_below, peak_mb
from bench.recording import DAY, PAGE_SIZE
from bench.task import Sent, Task

UNLIMITED = 1_000_000
"""Requests a minute: what the vendor's budget costs is time alone."""


def main(task: Task) -> None:
    """Land the day served, make the typed tables of its home day, publish both."""
    before, first_pause = task.sent(), float(task.options[0]) if task.options else 0.0
    watch = Stopwatch.started()
    lake, ledger = Lake.open(task.work / "lake"), Ledger(task.work)
    with landing(CONVERSATION_DETAILS, task.url, task.work, lake, ledger, Options(first_pause=first_pause)) as days:
        staged = days.land(DAY, "bench")
        assert isinstance(staged, StagedDay)
        facts = staged.publish().facts
    landed, peak = watch.cpu_seconds, peak_mb()
    homes = home_days(CONVERSATION_DETAILS, lake)
    make_tables(CONVERSATION_DETAILS, lake, ledger, [homes.pop(DAY)])
    cpu, wall, written = watch.cpu_seconds, watch.wall_seconds, bytes_below(task.work / "lake")
    make_tables(CONVERSATION_DETAILS, lake, ledger, list(homes.values()))
    figures_of(
        task,
        facts,
        task.sent() - before,
        cpu_seconds=cpu,
        wall_seconds=wall,
        peak_mb=peak_mb(),
        loaded_mb=watch.loaded_mb,
        bytes_written=written,
        peak_raw_mb=peak,
        parts={"raw": landed, "typed": cpu - landed, f"{len(homes)} earlier home days": watch.cpu_seconds - cpu},
    ).print()


def figures_of(task: Task, facts: Mapping[str, Any], sent: Sent, **measured: Any) -> Figures:
    """What a landing cost; `facts` are those of its raw day, `measured` the figures that they do not tell."""
    conversations = facts["records"] - facts["superseded"]
    return Figures(
        way=task.way,
        conversations=conversations,
        json_mb=facts["json_bytes"] / 1e6,
        pages=-(-conversations // PAGE_SIZE),
        requests=sent.requests,
        looks=sent.looks,
        jobs=len(facts["job_ids"]),
        **measured,
    )


@contextmanager
def landing(
    stream: Stream, url: str, work: Path, lake: Lake, ledger: Ledger, options: Options, limit: int = UNLIMITED
) -> Iterator[DetailsLanding]:
    """What lands days of a stream from the org at `url`, within `limit` requests a minute."""
    hosts = Hosts.of(api_url=url, login_url=url)
    with (
        RequestBudget(work, client_id="bench", api_url=url, limit=limit) as budget,
        GenesysCloud(hosts, "bench", SecretStr("bench"), budget) as client,
    ):
        yield DetailsLanding(stream, DetailsJobs(client, stream.family), lake, ledger, f"bench@{url}", options)


def make_tables(stream: Stream, lake: Lake, ledger: Ledger, homes: list[HomeDay]) -> None:
    """Make and publish the typed tables of home days."""
    with claimed(stream, ledger, [home.day for home in homes]):
        for home in homes:
            stage_home_day(stream, lake, home).publish(lake)


def make_other_home_days(lake: Lake, ledger: Ledger, made: date) -> None:
    """Make the tables of all home days but one, so that the lake holds all that the day delivered."""
    homes = home_days(CONVERSATION_DETAILS, lake)
    make_tables(CONVERSATION_DETAILS, lake, ledger, [home for day, home in homes.items() if day != made])


if __name__ == "__main__":
    main(Task.of_command_line())
