"""The request budget among processes: counted together, killed, and paused together."""

import signal
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analytics_platform.catalogue.operations import CONVERSATION_JOBS
from analytics_platform.genesys_cloud.budget_file import SECOND
from analytics_platform_tests.genesys_cloud.budget_worker import LIMIT, WINDOW, budget_in
from analytics_platform_tests.genesys_cloud.scripted import Reply, Scripted, error
from analytics_platform_tests.genesys_cloud.workers import Start, workers

GET = CONVERSATION_JOBS.availability


@pytest.fixture
def start() -> Iterator[Start]:
    with workers() as run:
        yield run


def log_bookings(folder: Path) -> Path:
    """Make the budget's file write down every booking for good, as it forgets those older than a window."""
    with budget_in(folder) as budget:
        budget.instants()
    (file,) = folder.glob("*.sqlite")
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE booked (at INTEGER)")
        connection.execute(
            "CREATE TRIGGER remember AFTER INSERT ON grants BEGIN INSERT INTO booked VALUES (new.at); END"
        )
    connection.close()
    return file


def booked(file: Path) -> list[int]:
    connection = sqlite3.connect(file)
    try:
        return sorted(at for (at,) in connection.execute("SELECT at FROM booked"))
    finally:
        connection.close()


@pytest.mark.parametrize("threads", [1, 3])
def test_four_processes_keep_one_limit_and_one_of_them_is_killed(tmp_path: Path, start: Start, threads: int) -> None:
    file = log_bookings(tmp_path)
    each = 12 // threads
    workers = [start("spend", tmp_path, each, threads) for _ in range(4)]
    victim, *others = workers
    assert victim.stdout is not None
    first = victim.stdout.readline()
    victim.send_signal(signal.SIGKILL)
    allowed = [float(first), *map(float, victim.communicate()[0].split())]
    for worker in others:
        output, _ = worker.communicate(timeout=60)
        assert worker.returncode == 0
        assert len(output.split()) == each * threads
        allowed += map(float, output.split())

    bookings = booked(file)
    window = int(WINDOW * SECOND)
    assert all(later - earlier >= window for earlier, later in zip(bookings, bookings[LIMIT:], strict=False))
    # Nobody went before the instant booked: the n-th to go went at or after the n-th booking.
    assert len(allowed) <= len(bookings)
    assert all(at * SECOND >= instant - 1000 for at, instant in zip(sorted(allowed), bookings, strict=False))


def test_a_process_killed_in_the_middle_of_booking_leaves_no_trace(tmp_path: Path, start: Start) -> None:
    with budget_in(tmp_path) as budget:
        budget.acquire()
        (file,) = tmp_path.glob("*.sqlite")
        holder = start("hold", file)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holding\n"
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        budget.acquire()
        assert budget.instants()[-1] <= datetime.now(UTC)


def test_many_processes_may_open_a_new_budget_at_once(tmp_path: Path, start: Start) -> None:
    workers = [start("spend", tmp_path / "new" / "folder", 1, 1) for _ in range(6)]
    assert [len(worker.communicate(timeout=60)[0].split()) for worker in workers] == [1] * 6


def test_a_429_in_one_process_pauses_the_others(tmp_path: Path, start: Start, server: Scripted) -> None:
    server.on("GET", GET.path, error(429, "too.many.requests", "Slow down", Retry_After="2"), Reply(json={}))
    limited = start("call", tmp_path, server.url)
    assert limited.communicate(timeout=60)[0] == "RateLimited\n"
    others = [start("call", tmp_path, server.url) for _ in range(2)]
    assert [other.communicate(timeout=60)[0] for other in others] == ["ok\n"] * 2
    refused, *later = server.requests(GET.path)
    assert len(later) == 2
    assert all(asked.at - refused.at >= 2 for asked in later)
    # Not even a token was asked for in the pause.
    assert all(asked.at - refused.at >= 2 for asked in server.requests("/oauth/token")[1:])
