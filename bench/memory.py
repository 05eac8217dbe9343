"""How much memory landing a day takes when the day grows: each size once, in a process of its own."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.figures import Figures
from bench.processes import measured, served, told
from bench.report import line, machine
from bench.ways import OURS

_SMALLEST = 10_000
_HEADINGS = (
    "conversations",
    "MB of JSON",
    "jobs",
    "requests (fewest)",
    "peak MB, raw landed",
    "peak MB, typed made",
    "by the smallest",
    "CPU s, raw",
    "CPU s, typed",
    "wall s",
    "bytes per conversation",
)


def measure(recorded: Path, work: Path, largest: int) -> list[Figures]:
    """Land days of ten thousand conversations, ten times as many and so on, made from a recording's."""
    return [_landed(recorded, work, conversations) for conversations in sizes(_SMALLEST, largest)]


def sizes(smallest: int, largest: int) -> Iterator[int]:
    """Each ten times the one before; the last is `largest`."""
    size = smallest
    while size < largest:
        yield size
        size *= 10
    yield largest


def _landed(recorded: Path, work: Path, conversations: int) -> Figures:
    told(f"a day of {conversations:,} conversations")
    with served("bench.generating", str(recorded), str(conversations)) as url:
        return measured([OURS.module, OURS.name, url, str(recorded), str(work)], work)


def markdown(measurements: Sequence[Figures]) -> str:
    """A table, and what a day of two million would take if memory went on growing as it did last."""
    smallest = measurements[0]
    rows = [_row(figures, smallest) for figures in measurements]
    lines = [
        f"### Memory of days of {measurements[0].conversations:,} to {measurements[-1].conversations:,} conversations",
        "",
        f"Each once, in a process of its own, raw and typed. {machine()}",
        "",
        line(_HEADINGS),
        line(["---:"] * len(_HEADINGS)),
        *(line(row) for row in rows),
        "",
        f"- peak before the work, interpreter and libraries: {smallest.loaded_mb:.0f} MB",
    ]
    if len(measurements) > 1:
        before, last = measurements[-2:]
        growth = (last.peak_mb - before.peak_mb) / (last.conversations - before.conversations)
        two_million = last.peak_mb + growth * (2_000_000 - last.conversations)
        lines.append(
            f"- growth between the last two: {growth * 1e6:.0f} MB a million conversations; a day of two million would "
            f"take {two_million:.0f} MB, {two_million / smallest.peak_mb:.2f} times the smallest"
        )
    return "\n".join(lines) + "\n"


def _row(figures: Figures, smallest: Figures) -> list[str]:
    return [
        f"{figures.conversations:,}",
        f"{figures.json_mb:,.0f}",
        f"{figures.jobs}",
        f"{figures.requests:,} ({figures.fewest_requests:,})",
        f"{figures.peak_raw_mb:.0f}",
        f"{figures.peak_mb:.0f}",
        f"{figures.peak_mb / smallest.peak_mb:.2f}",
        f"{figures.parts['raw']:,.1f}",
        f"{figures.parts['typed']:,.1f}",
        f"{figures.wall_seconds:,.0f}",
        f"{figures.bytes_written / figures.conversations:,.0f}",
    ]
