"""What a backfill costs beyond its work: a year of a small org, asked for as the UI's button does.

`python -m bench.backfill --days 365` runs web server and daemon as processes, launches one backfill over raw and typed
tables of both details streams, waits for its end, and reads the CPU of the daemon, its code server and all runs. The
same days are then landed by one process without Dagster; what is left over by difference is Dagster's.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer

from analytics_platform.catalogue.streams import STREAMS
from analytics_platform_tests.defs.deployment import Deployment
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

_FIRST = date(2025, 3, 2)
_BETWEEN_LOOKS = 2.0
"""Seconds between two looks at a backfill."""


@dataclass(frozen=True)
class Backfill:
    """CPU in seconds: of daemon, code server and runs together, of the web server, and of the work by itself."""

    days: int
    conversations_per_day: int
    runs: int
    dagster_and_work: float
    web_server: float
    work: float
    wall_seconds: float

    @property
    def dagster_per_day(self) -> float:
        return (self.dagster_and_work - self.work) / self.days

    def told(self) -> str:
        """Figures in two sentences."""
        return (
            f"{self.days} days of {self.conversations_per_day} conversations in {self.runs} runs: "
            f"{self.dagster_per_day:.3f} s of CPU a day on Dagster. Daemon, code server and runs took "
            f"{self.dagster_and_work:.1f} s, the work by itself {self.work:.1f} s, the web server "
            f"{self.web_server:.1f} s; wall {self.wall_seconds:.0f} s."
        )


def measure(days: int, conversations_per_day: int, folder: Path) -> Backfill:
    """Land so many days twice, by a backfill and without Dagster. RuntimeError where the backfill fails."""
    first, asked = _FIRST, [_FIRST + timedelta(days=count) for count in range(days)]
    org = SimulatedOrg(
        start_day=first.isoformat(),
        days=days + 1,
        conversations_per_day=conversations_per_day,
        agents=6,
        rate_limit=1_000_000,
    )
    with org:
        org.set_now(f"{asked[-1] + timedelta(days=8)}T12:00:00.000Z")
        place = Workplace(folder / "backfill", org.url, start_day=first)
        with Deployment(place) as deployment:
            web, daemon = deployment.processes
            ours = (daemon, deployment.code_server)
            before, began = (_cpu(web), sum(map(_cpu, ours))), time.perf_counter()
            backfill = deployment.backfill([table.name for s in STREAMS for table in (s.raw, *s.tables)], asked)
            while (ended := deployment.finished(backfill)) is None:
                time.sleep(_BETWEEN_LOOKS)
            wall = time.perf_counter() - began
            spent = _cpu(web) - before[0], sum(map(_cpu, ours)) - before[1]
            if ended != "COMPLETED_SUCCESS":
                raise RuntimeError(f"The backfill ended as {ended}; see {place.folder}.")
        with place.instance() as instance:
            runs = instance.get_runs_count()
        return Backfill(days, conversations_per_day, runs, spent[1], spent[0], _work(org.url, folder, asked), wall)


def _cpu(process: subprocess.Popen[Any]) -> float:
    """CPU seconds of a process and all it ever started: those that ended are counted by who waited for them."""
    total = 0.0
    for each in (mine := psutil.Process(process.pid), *mine.children(recursive=True)):
        times = each.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return total


def _work(url: str, folder: Path, days: list[date]) -> float:
    place = Workplace(folder / "work", url, start_day=days[0])
    words = [sys.executable, "-m", "bench.backfill_work", days[0].isoformat(), str(len(days))]
    done = subprocess.run(words, env={**os.environ, **place.environment}, stdout=subprocess.PIPE, check=True)
    return float(done.stdout)


def main(
    days: Annotated[int, typer.Option(min=1)] = 365,
    conversations_per_day: Annotated[int, typer.Option(min=1)] = 10,
) -> None:
    """Measure, and print one line of figures and one of JSON."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        measured = measure(days, conversations_per_day, Path(folder))
    typer.echo(measured.told())
    typer.echo(json.dumps(asdict(measured)))


if __name__ == "__main__":
    typer.run(main)
