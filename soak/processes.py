"""Processes forked from the season's own: what they write goes to its log, what they cost is counted by kind."""

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

LONGEST_LINE = 4096
"""Bytes of what processes say to each other, at most: ids of runs."""


class Processes:
    """The processes of a season under `folder`. `cpu` counts the seconds of those that have ended, by kind."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "season.log"
        self.cpu: dict[str, float] = {}
        self._kinds: dict[int, str] = {}

    def start(self, kind: str, work: Callable[[], int]) -> int:
        """The id of a process that does the work, whose result is its exit code, and ends."""
        child = os.fork()
        if child:
            self._kinds[child] = kind
            return child
        status = 70
        try:
            log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(log, 1)
            os.dup2(log, 2)
            status = work()
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def look(self, child: int) -> int | None:
        """How a process ended, as `subprocess` tells it; None while it goes on."""
        return self._ended(child, os.WNOHANG)

    def wait(self, child: int) -> int:
        """How a process ended, once it has: its exit code, or minus the signal it was killed by."""
        status = self._ended(child, 0)
        assert status is not None
        return status

    def _ended(self, child: int, options: int) -> int | None:
        ended, status, used = os.wait4(child, options)
        if not ended:
            return None
        kind = self._kinds.pop(child)
        self.cpu[kind] = self.cpu.get(kind, 0.0) + used.ru_utime + used.ru_stime
        return os.waitstatus_to_exitcode(status)
