"""Processes of their own: of what is measured, and of who serves it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bench.figures import Figures


class Failed(Exception):
    """A measured process ended with a fault; what it said last."""


@contextmanager
def served(*command: str) -> Iterator[str]:
    """The address of a server in a process of its own."""
    with subprocess.Popen([sys.executable, "-m", *command], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def run(command: Sequence[str]) -> Figures:
    """The figures a process tells in the end."""
    done = subprocess.run([sys.executable, "-m", *command], env=_environment(), capture_output=True, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(command)}\n{done.stderr.decode(errors='replace')[-4000:]}")
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Figures)


def _environment() -> dict[str, str]:
    """This process's own, without what the platform has set in it for itself: no other way is to have it by that."""
    return {name: value for name, value in os.environ.items() if name != "ARROW_DEFAULT_MEMORY_POOL"}


def measured(command: Sequence[str], work: Path, look: Callable[[Path], object] = lambda work: None) -> Figures:
    """The figures of a process, whose work is removed after it has been looked at."""
    figures = run(command)
    look(work)
    shutil.rmtree(work)
    return figures


def told(sentence: str) -> None:
    """Say how far it is to whoever waits."""
    print(sentence, file=sys.stderr, flush=True)
