"""Ways to end badly, chosen beforehand: a process that is killed at a step of its work, a disk that takes no more.

A step is what the interpreter is about to do to a file under a folder: open it to write, move it, remove it, make a
folder, open a database. The same work has the same steps, so that a death replays.
"""

import os
import resource
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_STEPS = frozenset(
    {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate", "sqlite3.connect"}
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True)
class Death:
    """SIGKILL before the `step`-th step, from 1, of a victim's work: the `run`-th run of a wake, or the daemon.

    `host` takes the daemon and the run together, as a machine that loses its power does.
    """

    victim: str
    run: int
    step: int


def die_at(step: int, folder: Path) -> None:
    """Kill this process before its `step`-th step under `folder`."""
    under = str(folder) + os.sep
    left = step

    def counting(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if event in _STEPS and _is_step(event, arguments, under):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(counting)


def fill_disk(largest: int) -> None:
    """From now on no file of this process grows past `largest` bytes: writing more is an OSError, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))


def _is_step(event: str, arguments: tuple[Any, ...], under: str) -> bool:
    path = arguments[0]
    if not isinstance(path, str | bytes | os.PathLike) or not os.fsdecode(path).startswith(under):
        return False
    return event != "open" or not isinstance(arguments[2], int) or bool(arguments[2] & _WRITING)
