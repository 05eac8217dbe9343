"""`python -m bench.readers` measures what users ask of a month, in every layout that was tried."""

import itertools
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import polars as pl
import typer

from analytics_platform.lake import Lake
from bench.readers.asking import Asked
from bench.readers.questions import Subject
from bench.readers.report import Round, json, markdown
from bench.readers.rewriting import Written, rewrite
from bench.readers.tried import LAYOUTS, Tried

_RESULTS = Path(__file__).parents[1] / "results"


def readers(
    conversations: Annotated[int, typer.Option(min=100, help="Conversations a day.")] = 4000,
    days: Annotated[int, typer.Option(min=1, help="Days of the month.")] = 31,
    subjects: Annotated[int, typer.Option(min=1, help="Days, conversations and customers asked for.")] = 2,
    repeat: Annotated[int, typer.Option(min=1, help="Rounds in which all is written and asked for.")] = 4,
    month: Annotated[Path | None, typer.Option(help="Where the month is kept, or is already.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="A layout to try beside what is shipped; repeat.")] = None,
) -> None:
    """Land a month of a simulated org, write it in every layout, and ask each the same, in turn."""
    layouts = [tried for number, tried in enumerate(LAYOUTS) if not number or not only or tried.name in only]
    with tempfile.TemporaryDirectory(prefix="readers-") as folder:
        month = month or Path(folder) / "month"
        if not month.exists():
            _run("bench.readers.month", str(month), str(conversations), str(days))
        lake = Lake.open(month / "lake")
        wanted, written, rounds = _subjects(lake, subjects), list[Written](), list[Round]()
        for turn in range(repeat):
            first = turn * len(layouts) // repeat
            made, asked = _turn(lake, [*layouts[first:], *layouts[:first]], wanted)
            written, rounds = written + made, rounds + asked
            told = markdown(written, rounds)
            _RESULTS.mkdir(exist_ok=True)
            (_RESULTS / "readers.md").write_text(told)
            (_RESULTS / "readers.json").write_bytes(json(written, rounds))
    typer.echo(told)


def _turn(lake: Lake, layouts: Sequence[Tried], subjects: Sequence[Subject]) -> tuple[list[Written], list[Round]]:
    """Write the month in every layout, then ask each for every subject.

    Files are written anew each time: where they come to lie in memory makes answers dearer by up to a quarter.
    """
    with tempfile.TemporaryDirectory(prefix="readers-") as folder:
        written = rewrite(lake, layouts, Path(folder))
        lakes = {tried.name: Path(folder) / str(number) for number, tried in enumerate(layouts)}
        return written, [_ask_all(lakes, subject) for subject in subjects]


def _ask_all(lakes: Mapping[str, Path], subject: Subject) -> Round:
    """Ask of every layout in turn, and see to it that all answers are equal."""
    told = msgspec.json.encode(subject).decode()
    asked = {
        name: msgspec.json.decode(_run("bench.readers.asking", str(folder), told), type=list[Asked])
        for name, folder in lakes.items()
    }
    answers: dict[str, set[object]] = {}
    for each in itertools.chain.from_iterable(asked.values()):
        answers.setdefault(each.question, set()).add(each.answer)
    if differing := [question for question, found in answers.items() if len(found) > 1]:
        raise AssertionError(f"Not every layout and engine gives the same answer: {', '.join(differing)}.")
    return Round(subject, asked)


def _subjects(lake: Lake, count: int) -> list[Subject]:
    """Conversations of customers with a number of their own, on days all over the month."""
    days = lake.days("conversations")
    found = []
    for number in range(count):
        day = days[(number * len(days) + len(days) // 2) // count % len(days)]
        customers = lake.scan("participants", [day]).filter(pl.col("external_contact_id").is_not_null())
        callers = lake.scan("sessions", [day]).filter(pl.col("direction") == "inbound", pl.col("ani").is_not_null())
        both = customers.join(callers, on=["conversation_id", "participant_index"])
        wanted = both.select("conversation_id", "external_contact_id", "ani").sort("conversation_id").collect()
        found.append(Subject(day, *wanted.row(len(wanted) * (number + 1) // (count + 2))))
    return found


def _run(*command: str) -> bytes:
    return subprocess.run([sys.executable, "-m", *command], stdout=subprocess.PIPE, check=True).stdout


if __name__ == "__main__":
    typer.run(readers)
