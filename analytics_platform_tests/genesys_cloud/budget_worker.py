"""A process that spends from a request budget, for tests to start, watch and kill.

Arguments: what to do, the folder, and further ones. Prints one line an event, with seconds of the
machine's monotonic clock where it counts.
"""

import sqlite3
import sys
import threading
import time
from pathlib import Path

from analytics_platform.catalogue.operations import CONVERSATION_JOBS
from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.hosts import Hosts
from analytics_platform.source.errors import SourceError
from analytics_platform.source.retries import Retries

LIMIT, WINDOW = 10, 0.5


class PlainSecret:
    """A secret without pydantic, whose import costs a process more than the test."""

    def get_secret_value(self) -> str:
        return "hush"


class DemoSecret:
    """That of the simulated org's client."""

    def get_secret_value(self) -> str:
        return "demo"


def budget_in(
    folder: Path, *, limit: int = LIMIT, window: float = WINDOW, url: str = "http://127.0.0.1"
) -> RequestBudget:
    return RequestBudget(folder, client_id="client-1", api_url=url, limit=limit, window=window)


def spend(folder: Path, count: int, threads: int) -> None:
    """Take `count` requests in each of some threads, printing when each was allowed."""
    printing = threading.Lock()
    budget = budget_in(folder)
    budget.learn({}, status=200)  # the vendor tells nothing of its count, so that nobody waits to be told

    def run() -> None:
        for _ in range(count):
            budget.acquire()
            with printing:
                print(f"{time.monotonic():.6f}", flush=True)

    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


def hold(file: Path) -> None:
    """Die in the middle of a transaction: hold the file's lock with an unfinished booking until killed."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO grants (id, at) VALUES (1, 9000000000000000000)")
    print("holding", flush=True)
    sys.stdin.read()


def call(folder: Path, url: str) -> None:
    """Make one call, once, and print how it ended."""
    hosts = Hosts.of(api_url=url)
    budget = budget_in(folder, limit=1000, url=url)
    with GenesysCloud(hosts, "client-1", PlainSecret(), budget, retries=Retries(attempts=1)) as client:
        try:
            client.call(CONVERSATION_JOBS.availability)
        except SourceError as fault:
            print(type(fault).__name__, flush=True)
        else:
            print("ok", flush=True)


def ask(folder: Path, url: str, count: int, limit: int, window: float) -> None:
    """Ask an org as its client `demo`, one request after the other and each once; print how each ended."""
    budget = RequestBudget(folder, client_id="demo", api_url=url, limit=limit, window=window)
    hosts = Hosts.of(api_url=url)
    with GenesysCloud(hosts, "demo", DemoSecret(), budget, retries=Retries(attempts=1)) as client:
        for _ in range(count):
            try:
                client.call(CONVERSATION_JOBS.availability)
            except SourceError as fault:
                print(type(fault).__name__, flush=True)
            else:
                print("ok", flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["spend", folder, count, threads]:
            spend(Path(folder), int(count), int(threads))
        case ["hold", file]:
            hold(Path(file))
        case ["call", folder, url]:
            call(Path(folder), url)
        case ["ask", folder, url, count, limit, window]:
            ask(Path(folder), url, int(count), int(limit), float(window))
