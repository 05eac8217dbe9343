"""A run over several days of one family, outside Dagster: `python -m bench.several <family> <url> <work> <first> <days>
<jobs in flight> <first pause>` says `ready` when its libraries are loaded, and begins when it is sent a line.

Runs that are given one work folder share its lake, its ledger and its request budget. Each makes the typed tables of
the home days that are its own days.
"""

import sys
from datetime import timedelta
from pathlib import Path

import typer

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, USER_DETAILS
from analytics_platform.lake import Lake
from analytics_platform.landing.details import Options, StagedDay
from analytics_platform.landing.home_days import home_days
from analytics_platform.landing.ledger import Ledger
from bench.figures import Figures, Stopwatch, bytes_below, peak_mb
from bench.ours import landing, make_tables
from bench.recording import DAY, PAGE_SIZE

BUDGET = 300
"""Requests a minute, the vendor's for one OAuth client."""
STREAMS = {stream.family.name: stream for stream in (CONVERSATION_DETAILS, USER_DETAILS)}


def main(family: str, url: str, work: Path, first: int, count: int, jobs_in_flight: int, first_pause: float) -> None:
    """Land the days, make their tables."""
    print("ready", flush=True)
    sys.stdin.readline()
    watch = Stopwatch.started()
    stream = STREAMS[family]
    days = [DAY + timedelta(days=first + number) for number in range(count)]
    lake, ledger = Lake.open(work / "lake"), Ledger(work)
    options = Options(page_size=PAGE_SIZE, first_pause=first_pause, jobs_in_flight=jobs_in_flight)
    facts = []
    with landing(stream, url, work, lake, ledger, options, BUDGET) as lands:
        for staged in lands.land_all(days, f"bench-{family}-{first}"):
            assert isinstance(staged, StagedDay)
            facts.append(staged.publish().facts)
    landed = watch.cpu_seconds
    homes = home_days(stream, lake)
    make_tables(stream, lake, ledger, [homes[day] for day in days])
    Figures(
        way=family,
        conversations=sum(told["records"] for told in facts),
        json_mb=sum(told["json_bytes"] for told in facts) / 1e6,
        cpu_seconds=watch.cpu_seconds,
        wall_seconds=watch.wall_seconds,
        peak_mb=peak_mb(),
        loaded_mb=watch.loaded_mb,
        bytes_written=bytes_below(work / "lake"),
        parts={"raw": landed, "typed": watch.cpu_seconds - landed},
    ).print()


if __name__ == "__main__":
    typer.run(main)
