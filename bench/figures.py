"""What one measurement says of the process it ran in."""

import resource
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import msgspec


@dataclass(frozen=True)
class Figures:
    """One measurement. CPU is that of the whole process, all its threads and the processes it waited for, user and
    system; MB are 10**6 bytes.
    """

    way: str
    conversations: int
    json_mb: float
    cpu_seconds: float
    wall_seconds: float
    peak_mb: float
    loaded_mb: float
    """The peak before the work began: the interpreter and its libraries."""
    bytes_written: int
    pages: int = 0
    requests: int = 0
    looks: int = 0
    """Requests that looked how a job was doing."""
    jobs: int = 0
    events: int = 0
    """That Dagster stored."""
    peak_raw_mb: float = 0.0
    """The peak when raw had been published, before typed tables were made."""
    parts: dict[str, float] = field(default_factory=dict)
    """CPU seconds by part of the work."""

    @property
    def fewest_requests(self) -> int:
        """A token, the availability, a submit a job, the looks at them, and the pages of what landed."""
        return 2 + max(1, self.jobs) + self.looks + self.pages

    def print(self) -> None:
        """Tell the figures to the process that started this one."""
        sys.stdout.write(msgspec.json.encode(self).decode() + "\n")


class Stopwatch:
    """CPU and wall time since it was started; libraries are loaded before."""

    def __init__(self) -> None:
        self.loaded_mb = peak_mb()
        self._wall = time.perf_counter()
        self._cpu = _cpu_seconds()

    @classmethod
    def started(cls) -> Self:
        return cls()

    @property
    def cpu_seconds(self) -> float:
        return _cpu_seconds() - self._cpu

    @property
    def wall_seconds(self) -> float:
        return time.perf_counter() - self._wall


def _cpu_seconds() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def peak_mb() -> float:
    """The most memory this process has ever held.

    Linux hands `ru_maxrss` of a parent down to the program it starts, so that the kernel's own mark is read there.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def bytes_below(folder: Path) -> int:
    """The bytes of all Parquet files below `folder`."""
    return sum(file.stat().st_size for file in folder.rglob("*.parquet"))
