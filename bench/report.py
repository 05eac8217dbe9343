"""What was measured, in Markdown."""

import os
import platform
from collections.abc import Sequence
from statistics import median

import pyarrow as pa

from bench.comparison import Comparison
from bench.concurrency import ARRANGEMENTS, Arranged
from bench.figures import Figures
from bench.ways import WAYS

_HEADINGS = (
    "way",
    "conversations",
    "MB of JSON per CPU-second",
    "conversations per second",
    "CPU s",
    "wall s",
    "peak MB",
    "bytes per conversation",
    "requests (fewest)",
)
_ARRANGED = ("arrangement", "MB of JSON per second", "wall s", "CPU s", "cores busy", "peak MB, all runs", "limited by")
_BUSY = 0.8
"""Share of the cores from which on they are what limits."""


def compared(comparison: Comparison) -> str:
    """A row a way: medians, with the least and the greatest in brackets."""
    rows = [_row(comparison.of(way)) for way in WAYS if comparison.of(way)]
    lines = [f"### A day of {comparison.conversations:,} conversations", ""]
    whole = max(comparison.measurements, key=lambda figures: figures.pages)
    wire = f", {comparison.gzip_bytes / 1e6:,.0f} MB on the wire" if comparison.gzip_bytes else ""
    taken = max(len(comparison.of(way)) for way in WAYS)
    lines += [f"{whole.json_mb:,.0f} MB of JSON{wire}, {whole.pages} pages; medians of {taken} runs in turn.", ""]
    lines += table(_HEADINGS, rows)
    lines += ["", *_parts(comparison)]
    if comparison.equal:
        lines += ["", "Compared with the floor's tables, and equal:", ""]
        lines += [f"- {way}: {what}" for way, what in comparison.equal.items()]
    return "\n".join(lines)


def _parts(comparison: Comparison) -> list[str]:
    told = []
    for way in WAYS:
        taken = comparison.of(way)
        if taken and taken[0].parts:
            parts = ", ".join(f"{name} {median(each.parts[name] for each in taken):.2f}" for name in taken[0].parts)
            events = f"; {taken[0].events} events stored" if taken[0].events else ""
            told.append(
                f"- {way.name}, CPU seconds by part: {parts}; {median(f.loaded_mb for f in taken):.0f} MB are the "
                f"interpreter and its libraries{events}"
            )
    return [*told, "- earlier home days, definitions and asking for the runs are not in the table"]


def _row(taken: Sequence[Figures]) -> list[str]:
    first = taken[0]
    return [
        first.way,
        f"{first.conversations:,}",
        spread([f.json_mb / f.cpu_seconds for f in taken], 1),
        spread([f.conversations / f.wall_seconds for f in taken], 0),
        spread([f.cpu_seconds for f in taken], 2),
        spread([f.wall_seconds for f in taken], 2),
        spread([f.peak_mb for f in taken], 0),
        f"{median(f.bytes_written / f.conversations for f in taken):,.0f}",
        f"{max(f.requests for f in taken)} ({first.fewest_requests})" if first.requests else "–",
    ]


def arranged(measurements: Sequence[Arranged], cores: int) -> str:
    """A row for each arrangement, by a server that answers at once and by one that takes its time."""
    lines = [
        "### Several days, both families, one budget",
        "",
        "Medians of runs in turn; peaks of runs at once added up.",
    ]
    for page_seconds in sorted({each.page_seconds for each in measurements}):
        of_server = [each for each in measurements if each.page_seconds == page_seconds]
        first = of_server[0]
        lines += [
            "",
            f"{first.json_mb:,.0f} MB of JSON on {first.pages} pages; a page takes the server {page_seconds} s, so "
            f"that one thing after another waits {first.waiting_seconds:.1f} s for it:",
            "",
            *table(_ARRANGED, [_arranged([e for e in of_server if e.arrangement == n], cores) for n in ARRANGEMENTS]),
        ]
    return "\n".join(lines)


def _arranged(taken: Sequence[Arranged], cores: int) -> list[str]:
    busy = median(each.cores_busy for each in taken)
    return [
        taken[0].arrangement,
        spread([each.json_mb / each.wall_seconds for each in taken], 1),
        spread([each.wall_seconds for each in taken], 2),
        spread([each.cpu_seconds for each in taken], 2),
        f"{busy:.2f} of {cores}",
        spread([each.peak_mb for each in taken], 0),
        "CPU" if busy >= _BUSY * cores else f"waiting: {1 - busy / cores:.0%} of the cores idle",
    ]


def looked(measurements: Sequence[tuple[float, float, Figures]]) -> str:
    """How often jobs that take longer and longer are looked at."""
    rows = [
        [
            f"{seconds:g}",
            f"{figures.looks}",
            f"{seconds / pause:.0f}",
            f"{figures.requests} ({figures.fewest_requests})",
        ]
        for seconds, pause, figures in measurements
    ]
    headings = ("seconds a job takes", "looks at it", "looks, if one every first pause", "requests (fewest)")
    return "\n".join(["### Looks at a job", "", *table(headings, rows)])


def spread(values: Sequence[float], digits: int) -> str:
    """The median, with the least and the greatest in brackets."""
    return f"{median(values):,.{digits}f} ({min(values):,.{digits}f}–{max(values):,.{digits}f})"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table, its first column of words and the others of numbers."""
    return [line(headings), line(["---"] + ["---:"] * (len(headings) - 1)), *(line(row) for row in rows)]


def line(cells: Sequence[str]) -> str:
    """A line of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


def machine() -> str:
    """What was measured on."""
    return f"{platform.machine()}, {cores()} cores, Python {platform.python_version()}, pyarrow {pa.__version__}."


def cores() -> int:
    """Those this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
