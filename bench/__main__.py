"""`python -m bench` measures what landing a day costs, beside other ways of doing it."""

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from bench.comparison import compare, compare_large
from bench.concurrency import measure_arrangements
from bench.looks import measure_looks
from bench.measurements import Measurements
from bench.memory import markdown as memory_markdown
from bench.memory import measure
from bench.plot import plot
from bench.processes import told
from bench.recording import record
from bench.report import arranged, compared, cores, looked, machine
from bench.targets import targets
from bench.ways import IN_DAGSTER, OURS, WAYS, WITHOUT_CHECKS

_RESULTS = Path(__file__).parent / "results"
_DOCS = Path(__file__).parents[1] / "docs"
_PICTURE = "![Throughput of each way, and memory by the size of a day](images/benchmarks.svg)"
_QUICK = "A first look alone: small days, each way once."
_INTRODUCTION = (
    "Written by `make bench ARGS=--publish`; [bench/README.md](../bench/README.md) tells what is measured, and how."
)


def bench(
    conversations: Annotated[int, typer.Option(min=1, help="Conversations of the day every way is given.")] = 10_000,
    repeat: Annotated[
        int, typer.Option(min=1, help="Measurements of each way, nearly twice as many of a large day.")
    ] = 5,
    slow_pages: Annotated[int, typer.Option(min=1, help="Pages of it for the ways that take long.")] = 4,
    large: Annotated[int, typer.Option(min=1000, help="Conversations of the day for ours in and outside Dagster.")] = (
        100_000
    ),
    largest: Annotated[int, typer.Option(help="Conversations of the largest day of which memory is measured.")] = (
        1_000_000
    ),
    quick: Annotated[bool, typer.Option(help="Small days, each way once: a first look.")] = False,
    memory: Annotated[bool, typer.Option(help="Only the memory of ever larger days.")] = False,
    publish: Annotated[bool, typer.Option(help="Write docs/benchmarks.md and its picture, too.")] = False,
) -> None:
    """Measure every way over one day in turn; ours in Dagster over a large one; memory, days at once, looks at a job.

    Writes `results/latest.md`, `.json` and `.svg`. Fails where two ways do not make the same tables.
    """
    if quick:
        conversations, repeat, slow_pages, large, largest = 3000, 1, 1, 10_000, 10_000
    _RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        scratch = Path(folder)
        if memory:
            record(scratch / "templates", 1000)
            sizes = measure(scratch / "templates", scratch / "work", largest)
            (_RESULTS / "memory.md").write_text(memory_markdown(sizes))
            typer.echo(memory_markdown(sizes))
            return
        results = _measured(scratch, conversations, repeat, slow_pages, large, largest)
    text = _text(results, _QUICK if quick else "")
    _write(results, text)
    if publish:
        (_DOCS / "benchmarks.md").write_text(text.replace("\n", f"\n\n{_INTRODUCTION}\n\n{_PICTURE}\n", 1))
        shutil.copy(_RESULTS / "latest.svg", _DOCS / "images" / "benchmarks.svg")
    typer.echo(text)


def _measured(
    scratch: Path, conversations: int, repeat: int, slow_pages: int, large: int, largest: int
) -> Measurements:
    told("pages of a simulated org are recorded")
    record(scratch / "day", conversations)
    record(scratch / "templates", 1000)
    work = scratch / "work"
    return Measurements(
        day=compare(scratch / "day", work, repeat, WAYS, slow_pages),
        # What is judged by a twentieth takes more measurements than what is by a tenth and more.
        large=compare_large(scratch / "templates", work, 2 * repeat - 1, (OURS, IN_DAGSTER, WITHOUT_CHECKS), large),
        looks=tuple(measure_looks(scratch / "templates", work)),
        arranged=tuple(measure_arrangements(scratch, conversations // 2, min(repeat, 3))),
        memory=tuple(measure(scratch / "templates", work, largest)),
    )


def _text(results: Measurements, note: str) -> str:
    sections = [
        "# What landing a day costs",
        " ".join(filter(None, (note, machine()))),
        "\n".join(map(str, targets(results))),
        compared(results.day),
        *([compared(results.large)] if results.large else []),
        memory_markdown(results.memory).rstrip(),
        arranged(results.arranged, cores()),
        looked(results.looks),
    ]
    return "\n\n".join(sections) + "\n"


def _write(results: Measurements, text: str) -> None:
    (_RESULTS / "latest.md").write_text(text)
    whole = {"machine": machine(), "cores": cores(), "targets": targets(results), "results": results}
    (_RESULTS / "latest.json").write_bytes(msgspec.json.format(msgspec.json.encode(whole)))
    plot(results, _RESULTS / "latest.svg")


if __name__ == "__main__":
    typer.run(bench)
