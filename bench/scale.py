"""`python -m bench.scale`: what a conversation costs in larger days, and in a lake that holds more of them.

Days of a thousand conversations, ten times as many and so on are landed one after another; then small ones, of which
the lake holds 1, 30 and 365. Each night that counts runs in a process of its own, as a run of Dagster's does.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Annotated

import msgspec
import typer

from bench.memory import sizes
from bench.next_day import Night
from bench.processes import served, told
from bench.recording import DAY, record
from bench.report import machine, table

_RESULTS = Path(__file__).parent / "results"
_SMALLEST = 1000
_LATE = 2
"""How many days old the conversation is that comes late in a day whose size is measured: the third day brings it."""
_SMALL_DAY = 30
_AGES = (2, 30, 364)
_BY_SIZE = (
    "conversations a day",
    "raw, µs each",
    "typed, µs each",
    "a late one, ms",
    "of what making all anew takes",
)


class Scale(msgspec.Struct):
    """Nights by the size of the day, each once, and by the days that were stored before, each several times."""

    by_size: list[Night]
    by_stored: list[list[Night]]


def measure(recorded: Path, work: Path, largest: int, stored: Sequence[int], repeat: int) -> Scale:
    """Land days of up to `largest` conversations, and small ones on top of so many `stored`, `repeat` nights each."""
    return Scale(
        [_by_size(recorded, work, size) for size in sizes(_SMALLEST, largest)],
        _by_stored(recorded, work, stored, repeat),
    )


def _by_size(recorded: Path, work: Path, size: int) -> Night:
    told(f"days of {size:,} conversations")
    with served("bench.many_days", str(recorded), str(size), str(_LATE)) as url:
        last = _nights(url, work, 0, _LATE + 1)
    shutil.rmtree(work)
    return last


def _by_stored(recorded: Path, work: Path, stored: Sequence[int], repeat: int) -> list[list[Night]]:
    taken, landed = [], 0
    with served("bench.many_days", str(recorded), str(_SMALL_DAY), *map(str, _AGES)) as url:
        for days in stored:
            told(f"a lake of {days} days")
            if days > landed:
                _nights(url, work, landed, days - landed)
                landed = days
            taken.append([_nights(url, work, landed + number, 1) for number in range(repeat)])
            landed += repeat
    shutil.rmtree(work)
    return taken


def _nights(url: str, work: Path, first: int, days: int) -> Night:
    """Land so many days one after another in a process of its own; what the last one cost."""
    command = ["bench.next_day", url, str(work), (DAY + timedelta(days=first)).isoformat(), str(days)]
    done = subprocess.run([sys.executable, "-m", *command], stdout=subprocess.PIPE, check=True)
    return msgspec.json.decode(done.stdout, type=Night)


def markdown(scale: Scale) -> str:
    """Two tables: by the size of a day, and by the days that are stored."""
    return "\n".join([*_sizes_told(scale.by_size), "", *_stored_told(scale.by_stored)]) + "\n"


def _sizes_told(nights: Sequence[Night]) -> Iterator[str]:
    yield f"### Days of {nights[0].conversations:,} to {nights[-1].conversations:,} conversations"
    yield ""
    yield (
        f"CPU; the third of three days, each once. One conversation of the first day comes with the third: making that "
        f"day anew, and its part of making all of a day. {machine()}"
    )
    yield ""
    yield from table(_BY_SIZE, [_sized(night) for night in nights])


def _sized(night: Night) -> list[str]:
    each, late = 1000 / night.conversations, night.late[_LATE]
    cells = [f"{night.conversations:,}", f"{night.raw * each:.0f}", f"{night.own * each:.0f}", f"{late:.0f}"]
    return [*cells, f"{late / night.own:.2f}"]


def _stored_told(taken: Sequence[Sequence[Night]]) -> Iterator[str]:
    headings = ("days stored", "landing the next, ms", "looking what it touched, ms", "its tables, ms")
    late = [f"one conversation {age} days late, ms" for age in _AGES]
    yield f"### Days of {_SMALL_DAY} conversations, in a lake that grows"
    yield ""
    yield f"CPU; medians of {len(taken[0])} nights, each in a process of its own. {machine()}"
    yield ""
    yield from table([*headings, *late], [_stored(nights) for nights in taken])


def _stored(nights: Sequence[Night]) -> list[str]:
    parts = [[night.raw for night in nights], [night.look for night in nights], [night.own for night in nights]]
    parts += [[night.late[age] for night in nights if age in night.late] for age in _AGES]
    return [str(nights[0].stored), *(f"{median(part):.0f}" if part else "–" for part in parts)]


def main(
    largest: Annotated[int, typer.Option(min=1000, help="Conversations of the largest day.")] = 100_000,
    days: Annotated[int, typer.Option(min=31, help="Days that the lake holds in the end.")] = 365,
    repeat: Annotated[int, typer.Option(min=1, help="Nights that are measured of each.")] = 3,
) -> None:
    """Measure what a conversation costs by the size of its day, and a night by the age of the lake."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        record(Path(folder) / "day", 1000)
        scale = measure(Path(folder) / "day", Path(folder) / "work", largest, (1, 30, days), repeat)
    (_RESULTS / "scale.json").write_bytes(msgspec.json.format(msgspec.json.encode(scale)))
    (_RESULTS / "scale.md").write_text(markdown(scale))
    typer.echo(markdown(scale))


if __name__ == "__main__":
    typer.run(main)
