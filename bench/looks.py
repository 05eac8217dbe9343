"""How often a job is looked at while it takes longer and longer: pauses grow, so that looks do not."""

from collections.abc import Sequence
from pathlib import Path

from bench.figures import Figures
from bench.processes import measured, served, told
from bench.ways import OURS

FIRST_PAUSE = 0.1
SECONDS = (1.0, 2.0, 4.0, 8.0)


def measure_looks(recorded: Path, work: Path, seconds: Sequence[float] = SECONDS) -> list[tuple[float, float, Figures]]:
    """Of jobs that take so many seconds: those, the first pause, and the figures of landing one."""
    return [_landed(recorded, work, each) for each in seconds]


def _landed(recorded: Path, work: Path, seconds: float) -> tuple[float, float, Figures]:
    told(f"a job that takes {seconds:g} s")
    with served("bench.server", str(recorded), f"--job-seconds={seconds}") as url:
        command = [OURS.module, OURS.name, url, str(recorded), str(work), str(FIRST_PAUSE)]
        return seconds, FIRST_PAUSE, measured(command, work)
