"""Starts processes that spend from a request budget: see `budget_worker`."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

Worker = subprocess.Popen[str]
Start = Callable[..., Worker]


@contextmanager
def workers() -> Iterator[Start]:
    """Starts workers; whatever still runs at the end is killed."""
    with ExitStack() as running:

        def run(*arguments: object) -> Worker:
            worker = subprocess.Popen(
                [sys.executable, "-m", "analytics_platform_tests.genesys_cloud.budget_worker", *map(str, arguments)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            running.enter_context(worker)
            running.callback(worker.kill)
            return worker

        yield run
