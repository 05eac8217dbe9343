"""What the benchmark is to show, and whether it does."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log
from statistics import median

from bench.figures import Figures
from bench.measurements import Measurements
from bench.ways import DLT, FLOOR_KEEPS_RAW, IN_DAGSTER, LEAN_FLOOR, OURS, SDK, WITHOUT_CHECKS, Way

_GROWTH = 1.5
"""By which a pause between two looks is longer than the one before, give or take a tenth."""


@dataclass(frozen=True)
class Target:
    """One sentence of what is to be reached, the figure, and whether it is."""

    wanted: str
    found: str
    reached: bool

    def __str__(self) -> str:
        return f"- **{'reached' if self.reached else 'not reached'}**: {self.wanted}: {self.found}"


def targets(results: Measurements) -> list[Target]:
    """Those that were measured."""
    day, large = results.day, results.large
    floor, lean = (_cpu_a_mb(day.of(OURS)) / _cpu_a_mb(day.of(way)) for way in (FLOOR_KEEPS_RAW, LEAN_FLOOR))
    wanted = "CPU of ours at most 1.15 times that of the floor that keeps raw"
    told = f"{floor:.2f}; {lean:.2f} times that of the lean one, which fetches nothing"
    found = [
        Target(wanted, told, floor <= 1.15),
        *(_fraction(results, way, parts) for way, parts in ((DLT, 10), (SDK, 18))),
    ]
    if large is not None:
        checked, bare = (_cpu_a_mb(large.of(w)) / _cpu_a_mb(large.of(OURS)) for w in (IN_DAGSTER, WITHOUT_CHECKS))
        wanted = f"CPU in Dagster at most 1.05 times that of ours, a day of {large.conversations:,} conversations"
        told = f"{bare:.2f} for the same work; {checked:.2f} with the checks, of which ours makes none"
        found.append(Target(wanted, told, bare <= 1.05))
    landed = [*day.of(OURS), *(large.of(OURS) if large else ()), *results.memory]
    found.append(_memory(landed, [figures for each in (day, large) if each for figures in each.of(IN_DAGSTER)]))
    found.append(_requests([*landed, *(figures for _, _, figures in results.looks)]))
    found.append(_looks(results.looks))
    return found


def _fraction(results: Measurements, way: Way, parts: int) -> Target:
    times = _cpu_a_mb(results.day.of(way)) / _cpu_a_mb(results.day.of(OURS))
    return Target(f"CPU of ours at most 1/{parts} of that of {way.name}", f"1/{times:.1f}", times >= parts)


def _memory(landed: Sequence[Figures], in_dagster: Sequence[Figures]) -> Target:
    peaks: dict[int, float] = {}
    for figures in landed:
        peaks[figures.conversations] = max(figures.peak_mb, peaks.get(figures.conversations, 0.0))
    told = ", ".join(f"{peak:.0f} MB at {size:,}" for size, peak in sorted(peaks.items()))
    most = max(in_dagster, key=lambda figures: figures.peak_mb)
    inside = f"in Dagster {most.peak_mb:.0f} MB, {most.loaded_mb:.0f} of it before the work"
    wanted = "peak memory of a landing below 350 MB, outside Dagster"
    return Target(wanted, f"{told} conversations a day; {inside}", max(peaks.values()) < 350)


def _requests(landed: Sequence[Figures]) -> Target:
    spare = [(figures, figures.requests - figures.fewest_requests) for figures in landed]
    most = max(more for figures, more in spare if figures.jobs == 1)
    cut = [
        f"; {more} more of {figures.conversations:,} conversations, for a first job that was full"
        for figures, more in spare
        if figures.jobs > 1
    ]
    wanted = "requests exactly the fewest and the looks at a job, where one delivers a day"
    return Target(wanted, f"{most} more at most{''.join(cut)}", most == 0)


def _looks(looked: Sequence[tuple[float, float, Figures]]) -> Target:
    told = ", ".join(f"{figures.looks} in {seconds:g} s" for seconds, _, figures in looked)
    most = [ceil(log(1 + seconds * (_GROWTH - 1) / (0.9 * pause), _GROWTH)) + 1 for seconds, pause, _ in looked]
    grown = all(figures.looks <= at_most for (_, _, figures), at_most in zip(looked, most, strict=True))
    return Target("looks at a job grow by its time's logarithm", told, grown)


def _cpu_a_mb(taken: Sequence[Figures]) -> float:
    return median(figures.cpu_seconds / figures.json_mb for figures in taken)
