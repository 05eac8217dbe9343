"""What was measured, as a picture."""

from pathlib import Path
from statistics import median

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot
from matplotlib.axes import Axes

from bench.measurements import Measurements
from bench.ways import WAYS

_OURS, _OTHERS = "#1f6f8b", "#b8c4cc"


def plot(results: Measurements, file: Path) -> None:
    """Write an SVG: throughput of each way, beside memory by the size of a day."""
    matplotlib.rcParams["svg.hashsalt"] = "bench"
    sizes = {figures.conversations: figures.peak_mb for figures in results.memory}
    figure, axes = pyplot.subplots(1, 2 if sizes else 1, figsize=(11 if sizes else 7, 4), squeeze=False)
    _throughput(axes[0][0], results)
    if sizes:
        _memory(axes[0][1], sizes)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)


def _throughput(axes: Axes, results: Measurements) -> None:
    ways = [way for way in reversed(WAYS) if results.day.of(way)]
    rates = [[figures.json_mb / figures.cpu_seconds for figures in results.day.of(way)] for way in ways]
    middle = [median(rate) for rate in rates]
    apart = [
        [m - min(r) for m, r in zip(middle, rates, strict=True)],
        [max(r) - m for m, r in zip(middle, rates, strict=True)],
    ]
    colours = [_OURS if way.name.startswith("ours") else _OTHERS for way in ways]
    axes.barh([way.name for way in ways], middle, xerr=apart, color=colours, ecolor="#444444", capsize=2)
    for row, (rate, taken) in enumerate(zip(middle, rates, strict=True)):
        beyond = (max(taken), row)
        axes.annotate(f"{rate:,.1f}", beyond, xytext=(5, 0), textcoords="offset points", va="center", fontsize=8)
    axes.margins(x=0.12)
    axes.set_title(f"MB of JSON per CPU-second, {results.day.conversations:,} conversations", fontsize=10)


def _memory(axes: Axes, sizes: dict[int, float]) -> None:
    axes.plot(list(sizes), list(sizes.values()), marker="o", color=_OURS)
    axes.axhline(350, color="#c0504d", linestyle="--", linewidth=1)
    axes.set_xscale("log")
    axes.set_ylim(0, 400)
    axes.set_title("peak MB of landing a day, by its conversations", fontsize=10)
