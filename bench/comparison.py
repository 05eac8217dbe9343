"""Every way measured in turn, again and again, each time in a process of its own, and its tables compared."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.figures import Figures
from bench.processes import measured, run, served, told
from bench.recording import Recording
from bench.ways import FLOOR, Way


@dataclass(frozen=True)
class Comparison:
    """All measurements of one day, in the order taken."""

    conversations: int
    measurements: tuple[Figures, ...]
    gzip_bytes: int | None = None
    equal: Mapping[str, str] = field(default_factory=dict)
    """By way what of its tables was compared with the floor's and found equal."""

    def of(self, way: Way) -> list[Figures]:
        """Those of one way."""
        return [figures for figures in self.measurements if figures.way == way.name]


def compare(recorded: Path, work: Path, repeat: int, ways: Sequence[Way], slow_pages: int) -> Comparison:
    """Measure ways over a recorded day, of which slow ones are given the first `slow_pages`.

    Raises Unequal where a way's tables, looked at once, are not those of the floor.
    """
    recording = Recording.read(recorded)
    equal: dict[str, str] = {}
    with served("bench.server", str(recorded)) as url:

        def command(way: Way, folder: Path, slow: bool) -> list[str]:
            share = ["--pages", str(slow_pages)] if slow else []
            return [way.module, way.name, url, str(recorded), str(folder), *way.options, *share]

        def compared(way: Way, made: Path) -> None:
            if way.name not in equal:
                equal[way.name] = way.refuse_unequal(made, work / f"expected-{way.slow}")

        for slow in (False, True):
            run(command(FLOOR, work / f"expected-{slow}", slow))
        taken = alternated(
            {way: command(way, work / "made", way.slow) for way in ways}, work / "made", repeat, compared
        )
    shutil.rmtree(work)
    return Comparison(recording.conversations, taken, recording.gzip_bytes, equal)


def compare_large(templates: Path, work: Path, repeat: int, ways: Sequence[Way], conversations: int) -> Comparison:
    """Measure ways over a day of so many conversations that are made from those of a recording when asked for."""
    with served("bench.generating", str(templates), str(conversations)) as url:
        commands = {way: [way.module, way.name, url, str(templates), str(work), *way.options] for way in ways}
        return Comparison(conversations, alternated(commands, work, repeat))


def alternated(
    commands: Mapping[Way, Sequence[str]],
    work: Path,
    repeat: int,
    look: Callable[[Way, Path], object] = lambda way, made: None,
) -> tuple[Figures, ...]:
    """Measure the ways one after the other, `repeat` times over: what disturbs the machine disturbs all of them."""
    taken = []
    for turn in range(repeat):
        for way, command in commands.items():
            figures = measured(command, work, partial(look, way))
            told(f"{turn + 1}/{repeat} {way.name}: {figures.cpu_seconds:.2f} s of CPU, {figures.wall_seconds:.1f} s")
            taken.append(figures)
    return tuple(taken)
