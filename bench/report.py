"""What was measured, as a Markdown table and as JSON."""

import platform
from collections.abc import Callable, Sequence
from statistics import median

import msgspec
import pyarrow as pa

from bench.comparison import FLOOR, FLOOR_KEEPS_RAW, OURS, WAYS, Comparison
from bench.figures import Figures

_HEADINGS = (
    "way",
    "MB of JSON per CPU-second",
    "conversations per second",
    "CPU s",
    "wall s",
    "peak MB",
    "bytes per conversation",
)


def markdown(comparisons: Sequence[Comparison]) -> str:
    """Medians, with the least and the greatest in brackets."""
    return "\n\n".join(_section(comparison) for comparison in comparisons) + "\n"


def json(comparisons: Sequence[Comparison]) -> bytes:
    """Every single measurement, and the ratios."""
    told = [
        {"conversations": c.recording.conversations, "ratios": ratios(c), "measurements": c.measurements}
        for c in comparisons
    ]
    return msgspec.json.format(msgspec.json.encode({"machine": machine(), "comparisons": told}))


def ratios(comparison: Comparison) -> dict[str, float]:
    """Our CPU time by that of each floor, medians of the same run."""
    ours = median(figures.cpu_seconds for figures in comparison.of(OURS))
    return {
        floor: ours / median(figures.cpu_seconds for figures in comparison.of(floor))
        for floor in (FLOOR, FLOOR_KEEPS_RAW)
        if comparison.of(floor)
    }


def _section(comparison: Comparison) -> str:
    recording, ours = comparison.recording, comparison.of(OURS)
    rows = [_row(way, comparison.of(way)) for way in WAYS if comparison.of(way)]
    table = [line(_HEADINGS), line(["---"] + ["---:"] * (len(_HEADINGS) - 1)), *(line(row) for row in rows)]
    parts = {name: median(figures.parts[name] for figures in ours) for name in ours[0].parts}
    return "\n".join(
        [
            f"### {recording.conversations:,} conversations a day",
            "",
            f"{recording.json_bytes / 1e6:,.0f} MB of JSON, {recording.gzip_bytes / 1e6:,.0f} MB on the wire, "
            f"{len(recording.pages)} pages; medians of {len(ours)} runs in turn. {machine()}",
            "",
            *table,
            "",
            *(f"- CPU of ours by that of the {floor}: **{ratio:.2f}**" for floor, ratio in ratios(comparison).items()),
            "- CPU seconds of ours by part, earlier home days not in the figures above: "
            + ", ".join(f"{name} {cpu:.2f}" for name, cpu in parts.items()),
            f"- HTTP requests: {max(figures.requests for figures in ours)}, the fewest possible "
            f"{comparison.fewest_requests}",
            f"- peak before the work, interpreter and libraries: {median(f.loaded_mb for f in ours):.0f} MB",
        ]
    )


def _row(way: str, taken: Sequence[Figures]) -> list[str]:
    def spread(value: Callable[[Figures], float], digits: int) -> str:
        values = [value(figures) for figures in taken]
        return f"{median(values):,.{digits}f} ({min(values):,.{digits}f}–{max(values):,.{digits}f})"

    return [
        way,
        spread(lambda f: f.json_mb / f.cpu_seconds, 1),
        spread(lambda f: f.conversations / f.wall_seconds, 0),
        spread(lambda f: f.cpu_seconds, 2),
        spread(lambda f: f.wall_seconds, 2),
        spread(lambda f: f.peak_mb, 0),
        f"{median(f.bytes_written / f.conversations for f in taken):,.0f}",
    ]


def line(cells: Sequence[str]) -> str:
    """A line of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


def machine() -> str:
    """What was measured on."""
    return f"{platform.machine()}, Python {platform.python_version()}, pyarrow {pa.__version__}."
