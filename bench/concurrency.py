"""Several days and both families at once, under one request budget, against one after another; and what limits them."""

import contextlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from analytics_platform.catalogue.operations import JOB_FAMILIES
from bench.figures import Figures
from bench.processes import Failed, served, told
from bench.recording import Recording, record_days

DAYS = 4
JOB_SECONDS = 1.0
PAGE_SECONDS = 0.3
FIRST_PAUSE = 0.2
"""Seconds before a job that takes its time is looked at."""


@dataclass(frozen=True)
class Run:
    """One process: some days of one family."""

    family: str
    first: int
    days: int
    jobs_in_flight: int


_FAMILIES = tuple(family.name for family in JOB_FAMILIES)
_PAIRS = tuple(Run(family, first, DAYS // 2, DAYS // 2) for family in _FAMILIES for first in (0, DAYS // 2))
ARRANGEMENTS: dict[str, tuple[tuple[Run, ...], ...]] = {
    "one after another": tuple((Run(family, 0, DAYS, 1),) for family in _FAMILIES),
    f"{DAYS} days at once": tuple((Run(family, 0, DAYS, DAYS),) for family in _FAMILIES),
    f"{DAYS} days and both families at once": (tuple(Run(family, 0, DAYS, DAYS) for family in _FAMILIES),),
    "the same in two runs a family": (_PAIRS,),
}
"""By name: groups of runs; a group begins when the one before has ended, its runs at once."""


@dataclass(frozen=True)
class Arranged:
    """One measurement of an arrangement. Peaks are added up where processes ran at once: at most so much was held."""

    arrangement: str
    page_seconds: float
    pages: int
    json_mb: float
    cpu_seconds: float
    wall_seconds: float
    peak_mb: float

    @property
    def cores_busy(self) -> float:
        """CPU seconds a second."""
        return self.cpu_seconds / self.wall_seconds

    @property
    def waiting_seconds(self) -> float:
        """What the vendor would have kept one run waiting that takes page after page, job after job."""
        return self.pages * self.page_seconds + (len(_FAMILIES) * DAYS * JOB_SECONDS if self.page_seconds else 0.0)


def measure_arrangements(folder: Path, conversations: int, repeat: int) -> list[Arranged]:
    """Every arrangement in turn, `repeat` times over, by a server that answers at once and by one that does not."""
    recorded = record_days(folder / "days", conversations, DAYS, JOB_FAMILIES)
    taken = []
    for waits in ((0.0, 0.0), (JOB_SECONDS, PAGE_SECONDS)):
        options = (f"--job-seconds={waits[0]}", f"--page-seconds={waits[1]}")
        with served("bench.server", str(folder / "days"), *options) as url:
            for turn in range(repeat):
                for name in ARRANGEMENTS:
                    taken.append(_arranged(name, waits[1], url, folder / "work", recorded))
                    told(f"{turn + 1}/{repeat} {name}, {waits[1]} s a page: {taken[-1].wall_seconds:.1f} s")
    return taken


def _arranged(name: str, page_seconds: float, url: str, work: Path, recorded: Sequence[Recording]) -> Arranged:
    wall, peak, figures = 0.0, 0.0, []
    for group in ARRANGEMENTS[name]:
        with contextlib.ExitStack() as stack:
            runs = [
                stack.enter_context(_started(run, url, work, FIRST_PAUSE if page_seconds else 0.0)) for run in group
            ]
            began = time.perf_counter()
            for run in runs:
                _begin(run)
            ended = [_figures(run) for run in runs]
            wall += time.perf_counter() - began
        peak = max(peak, sum(each.peak_mb for each in ended))
        figures += ended
    shutil.rmtree(work)
    if sum(each.conversations for each in figures) != sum(each.conversations for each in recorded):
        raise Failed(f"{name}: not every record has landed")
    return Arranged(
        name,
        page_seconds,
        pages=sum(len(each.pages) for each in recorded),
        json_mb=sum(each.json_mb for each in figures),
        cpu_seconds=sum(each.cpu_seconds for each in figures),
        wall_seconds=wall,
        peak_mb=peak,
    )


@contextlib.contextmanager
def _started(run: Run, url: str, work: Path, first_pause: float) -> Iterator["subprocess.Popen[bytes]"]:
    asked = [str(number) for number in (run.first, run.days, run.jobs_in_flight, first_pause)]
    command = [sys.executable, "-m", "bench.several", run.family, url, str(work), *asked]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process
        finally:
            process.kill()


def _begin(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    process.stdin.write(b"\n")
    process.stdin.flush()


def _figures(process: "subprocess.Popen[bytes]") -> Figures:
    assert process.stdout is not None
    line = process.stdout.readline()
    if process.wait():
        raise Failed(f"{process.args!r} ended with {process.returncode}")
    return msgspec.json.decode(line, type=Figures)
