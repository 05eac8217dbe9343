"""Python processes of their own for tests: they talk by lines, and may be killed at any line."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_BEFORE = """
import sys
from datetime import date
from pathlib import Path
from analytics_platform.lake import Lake, Layout, LakeError
from analytics_platform_tests.lake.conftest import DAY, LAYOUT, SCHEMA, land, rows

def say(text):
    print(text, flush=True)

def say_and_wait(text):
    say(text)
    sys.stdin.readline()

root = Path(sys.argv[1])
lake = Lake.open(root)
"""


@contextmanager
def python(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A process that runs `code` with `lake`, `say` and `say_and_wait`; killed on leaving where it still lives."""
    process = subprocess.Popen(
        [sys.executable, "-c", _BEFORE + code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        with process:
            try:
                yield process
            finally:
                process.kill()
    finally:
        process.wait()


def heard(process: subprocess.Popen[str]) -> str:
    """The next line the process says; empty when it has ended."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> int:
    """Close the process's input and wait for its end; its return code."""
    assert process.stdin is not None
    process.stdin.close()
    return process.wait()
