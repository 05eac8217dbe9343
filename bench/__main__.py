"""`python -m bench` measures what landing a day costs, by the floor that a bare script sets."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from bench.comparison import FLOOR, OURS, WAYS, compare
from bench.memory import markdown as memory_markdown
from bench.memory import measure
from bench.recording import record
from bench.report import json, markdown

_RESULTS = Path(__file__).parent / "results"
_MEMORY_RUNS = 2


def bench(
    conversations: Annotated[int, typer.Option(min=1, help="Conversations of the measured day.")] = 10_000,
    repeat: Annotated[int, typer.Option(min=1, help="Measurements of each way.")] = 5,
    quick: Annotated[bool, typer.Option(help="A small day, three times: a first look.")] = False,
    memory: Annotated[bool, typer.Option(help="Instead, the memory of ever larger days.")] = False,
    largest: Annotated[int, typer.Option(min=1000, help="Conversations of the largest such day.")] = 1_000_000,
) -> None:
    """Land a day of a simulated org, and measure it by two bare scripts over the same pages, in turn.

    A day three times as large follows, measured for its memory. With --memory days of ten thousand conversations, of
    ten times as many and so on are landed instead.
    """
    if memory:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            record(Path(folder) / "day", 1000)
            told = memory_markdown(measure(Path(folder) / "day", Path(folder) / "work", largest))
        (_RESULTS / "memory.md").write_text(told)
        typer.echo(told)
        return
    if quick:
        conversations, repeat = min(conversations, 3000), min(repeat, 3)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        scratch = Path(folder)
        record(scratch / "day", conversations)
        compared = [compare(scratch / "day", scratch / "work", repeat, WAYS)]
        if not quick:
            record(scratch / "larger", 3 * conversations)
            compared.append(compare(scratch / "larger", scratch / "work", _MEMORY_RUNS, (OURS, FLOOR)))
    told = markdown(compared)
    _RESULTS.mkdir(exist_ok=True)
    (_RESULTS / "latest.md").write_text(told)
    (_RESULTS / "latest.json").write_bytes(json(compared))
    typer.echo(told)


if __name__ == "__main__":
    typer.run(bench)
