"""Every way measured in turn, again and again, each time in a process of its own."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.figures import Figures
from bench.recording import Recording

OURS, FLOOR, FLOOR_KEEPS_RAW = "ours", "floor", "floor that keeps raw"
WAYS = (OURS, FLOOR, FLOOR_KEEPS_RAW)


@dataclass(frozen=True)
class Comparison:
    """All measurements of one recording, in the order taken."""

    recording: Recording
    measurements: tuple[Figures, ...]

    def of(self, way: str) -> list[Figures]:
        return [figures for figures in self.measurements if figures.way == way]

    @property
    def fewest_requests(self) -> int:
        """A token, the availability, the submit, one look at the job, and its pages."""
        return 4 + len(self.recording.pages)


def compare(recorded: Path, work: Path, repeat: int, ways: tuple[str, ...] = WAYS) -> Comparison:
    """Measure the ways one after the other, `repeat` times over: what disturbs the machine disturbs all of them."""
    with served("bench.server", str(recorded)) as url:
        commands = {
            OURS: ["bench.ours", url, str(work)],
            FLOOR: ["bench.floor", str(recorded), str(work)],
            FLOOR_KEEPS_RAW: ["bench.floor", str(recorded), str(work), "--keep-raw"],
        }
        taken = [measured(commands[way], work) for _ in range(repeat) for way in ways]
    return Comparison(Recording.read(recorded), tuple(taken))


def measured(command: list[str], work: Path) -> Figures:
    """The figures of a process, whose work is removed."""
    done = subprocess.run([sys.executable, "-m", *command], stdout=subprocess.PIPE, check=True)
    shutil.rmtree(work)
    return msgspec.json.decode(done.stdout, type=Figures)


@contextmanager
def served(*command: str) -> Iterator[str]:
    """The address of a server in a process of its own."""
    with subprocess.Popen([sys.executable, "-m", *command], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.terminate()
