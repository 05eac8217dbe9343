"""A process that executes one run after another, for those runs to which nothing is to happen.

It is forked from the season like all others, once: what a run builds up in its process is there for the next one.
"""

import os
import signal
import socket
from collections.abc import Callable

from soak.processes import LONGEST_LINE, Processes


class Runner:
    """Executes runs by `run`, given a run's id, in a process that is started for the first of them."""

    def __init__(self, processes: Processes, run: Callable[[str], None]) -> None:
        self._processes = processes
        self._run = run
        self._child: int | None = None

    def execute(self, run_id: str) -> None:
        """One run, to its end, well or not."""
        if self._child is None:
            self._ours, self._theirs = socket.socketpair()
            self._child = self._processes.start("run", self._serve)
            self._theirs.close()
        self._ours.sendall(run_id.encode())
        if not self._ours.recv(LONGEST_LINE):
            raise RuntimeError(f"the process of runs ended in run {run_id}; see {self._processes.log}")

    def end(self) -> None:
        """Let the process end; the next run starts another."""
        if self._child is not None:
            self._ours.close()
            self._processes.wait(self._child)
            self._child = None

    def kill(self) -> None:
        """Kill the process where it stands; the next run starts another."""
        if self._child is not None:
            os.kill(self._child, signal.SIGKILL)
            self.end()

    def leave(self) -> None:
        """In a process forked later: it keeps nothing of this one's channel, so that the end of the season is seen."""
        if self._child is not None:
            self._ours.close()

    def _serve(self) -> int:
        self._ours.close()
        while run_id := self._theirs.recv(LONGEST_LINE).decode():
            self._run(run_id)
            self._theirs.sendall(b"ended")
        return 0
