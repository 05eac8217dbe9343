"""The request budget inside one process."""

import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analytics_platform.catalogue.operations import CONVERSATION_JOBS
from analytics_platform.genesys_cloud.budget import RequestBudget, Standing, Waiting
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.source.errors import BudgetUnusable, GivenUp, RateLimited
from analytics_platform.source.waiting import told_by
from analytics_platform_tests.genesys_cloud.scripted import Reply, Scripted, error

if TYPE_CHECKING:
    from analytics_platform.genesys_cloud.budget_file import Booking

GET = CONVERSATION_JOBS.availability
MakeBudget = Callable[..., RequestBudget]


@pytest.fixture
def waits() -> list[Waiting]:
    return []


@pytest.fixture
def make(tmp_path: Path, waits: list[Waiting]) -> MakeBudget:
    def budget(limit: int = 1000, window: float = 60.0, **options: object) -> RequestBudget:
        facts: dict[str, object] = {"client_id": "client-1", "api_url": "https://api.mypurecloud.ie", **options}
        facts.setdefault("on_wait", waits.append)
        made = RequestBudget(tmp_path, limit=limit, window=window, **facts)  # type: ignore[arg-type]
        with suppress(BudgetUnusable):
            made.learn({}, status=200)  # the vendor tells nothing of its count, so that nobody waits to be told
        return made

    return budget


def file_of(folder: Path) -> Path:
    (file,) = folder.glob("request-budget-*.sqlite")
    return file


def test_within_the_limit_nobody_waits(make: MakeBudget, waits: list[Waiting]) -> None:
    with make(limit=5) as budget:
        for _ in range(5):
            budget.acquire()
        assert len(budget.instants()) == 5
        assert all(instant.tzinfo is UTC for instant in budget.instants())
    assert not waits


def test_beyond_the_limit_the_window_is_waited_for(make: MakeBudget, waits: list[Waiting]) -> None:
    with make(limit=2, window=0.1) as budget:
        began = time.time()
        for _ in range(5):
            budget.acquire()
        assert time.time() - began >= 0.2
    assert waits
    assert not any(waiting.paused for waiting in waits)
    assert all(0 < waiting.seconds <= 0.1 for waiting in waits)


def test_threads_are_served_first_come_first_served(make: MakeBudget) -> None:
    with make(limit=3, window=0.15) as budget:
        with ThreadPoolExecutor(9) as threads:
            list(threads.map(lambda _: budget.acquire(), range(9)))
        instants = budget.instants()
    assert all(later >= earlier for earlier, later in pairwise(instants))


def test_budgets_of_one_client_are_one_and_of_others_are_others(make: MakeBudget, tmp_path: Path) -> None:
    same = make(api_url="https://API.mypurecloud.ie/"), make()
    others = make(client_id="client-2"), make(api_url="https://api.mypurecloud.de")
    for budget in (*same, *others):
        budget.acquire()
    assert [len(budget.instants()) for budget in (*same, *others)] == [2, 2, 1, 1]
    assert len(list(tmp_path.glob("*.sqlite"))) == 3
    assert not any("client" in file.name for file in tmp_path.iterdir())
    for budget in (*same, *others):
        budget.close()


def test_the_vendors_count_holds_back_even_when_ours_would_not(make: MakeBudget, waits: list[Waiting]) -> None:
    sent: list[Booking] = []

    def waiting(wait: Waiting) -> None:
        waits.append(wait)
        budget.answered(sent[-1])

    with make(limit=10, on_wait=waiting) as budget:
        for _ in range(8):
            sent.append(budget.acquire())
            budget.answered(sent[-1])
        began = time.time()
        budget.learn(_counted(count=8, allowed=9, reset=1), status=200)
        sent.append(budget.acquire())
        assert not waits
        budget.acquire()
        assert time.time() - began >= 1
    assert not waits[0].paused


def test_a_used_up_count_pauses_all(make: MakeBudget, waits: list[Waiting]) -> None:
    with make() as budget, make() as another:
        began = time.time()
        budget.learn(_counted(count=10, allowed=10, reset=1), status=200)
        another.acquire()
        assert time.time() - began >= 1
    assert waits[0].paused


def test_a_count_that_falls_is_believed_once_its_window_moves_on(make: MakeBudget, waits: list[Waiting]) -> None:
    with make() as budget:
        budget.learn(_counted(count=99, allowed=100, reset=30), status=200)
        budget.learn(_counted(count=1, allowed=100, reset=60), status=200)
        budget.acquire()
        budget.acquire()
    assert not waits


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"inin-ratelimit-count": "x", "inin-ratelimit-allowed": "0", "inin-ratelimit-reset": "60"},
        {"inin-ratelimit-count": "5", "inin-ratelimit-allowed": "0", "inin-ratelimit-reset": "60"},
        {"inin-ratelimit-count": "5", "inin-ratelimit-allowed": "5", "inin-ratelimit-reset": "nan"},
        {"inin-ratelimit-count": "5", "inin-ratelimit-allowed": "5", "inin-ratelimit-reset": "1700000000"},
        {"inin-ratelimit-count": "5", "inin-ratelimit-allowed": "5"},
        {"retry-after": "soon"},
    ],
)
def test_headers_that_say_nothing_change_nothing(
    make: MakeBudget, waits: list[Waiting], headers: dict[str, str]
) -> None:
    with make() as budget:
        budget.learn(headers, status=200)
        budget.acquire()
    assert not waits


def test_a_pause_reaches_who_already_waits(make: MakeBudget) -> None:
    waiting = threading.Event()
    reported: list[Waiting] = []

    def report(wait: Waiting) -> None:
        reported.append(wait)
        waiting.set()

    with make(limit=1, window=1, on_wait=report) as budget:
        budget.acquire()
        with ThreadPoolExecutor(1) as threads:
            waiter = threads.submit(budget.acquire)
            assert waiting.wait(30)
            paused = time.time()
            budget.pause(1.5)
            waiter.result(30)
            assert time.time() - paused >= 1.5
    assert [wait.paused for wait in reported] == [False, True]


def test_who_is_told_to_stop_stops_waiting_and_gives_its_booking_back(make: MakeBudget) -> None:
    waiting, stop = threading.Event(), threading.Event()

    def wait_in_vain(budget: RequestBudget) -> None:
        with told_by(stop):
            budget.acquire()

    with make(on_wait=lambda _: waiting.set()) as budget:
        budget.pause(250)
        with ThreadPoolExecutor(1) as threads:
            waiter = threads.submit(wait_in_vain, budget)
            assert waiting.wait(30)
            assert len(budget.instants()) == 1
            stop.set()
            with pytest.raises(GivenUp, match="run again"):
                waiter.result(30)
        assert not budget.instants()


def test_how_a_budget_stands_is_told(make: MakeBudget) -> None:
    with make(limit=2) as budget:
        budget.acquire()
        assert budget.standing() == Standing(used=1, limit=2, wait=0.0, paused_until=None)
        budget.acquire()
        assert 0 < budget.standing().wait <= 60
        budget.pause(200)
        standing = budget.standing()
        assert standing.paused_until is not None and standing.used == 2
        assert standing.paused_until - datetime.now(UTC) > timedelta(seconds=100)


def test_a_pause_too_long_to_wait_is_raised(make: MakeBudget, waits: list[Waiting]) -> None:
    with make(longest_pause=60) as budget:
        budget.learn({"retry-after": "7200"}, status=429)
        with pytest.raises(RateLimited, match=r"pause for 7200 s, until \d{4}-.* UTC") as caught:
            budget.acquire()
        assert caught.value.retry_after == pytest.approx(7200, abs=60)
        assert not budget.instants()
    assert not waits


def test_a_machine_started_anew_holds_nobody_up(make: MakeBudget, tmp_path: Path, waits: list[Waiting]) -> None:
    hour = 3_600_000_000_000
    with make(limit=1, window=0.2) as budget:
        budget.acquire()
        budget.pause(0.1)
        with sqlite3.connect(file_of(tmp_path)) as file:
            file.execute("UPDATE grants SET at = at + ?", (hour,))
            file.execute("UPDATE state SET seen = seen + ?, paused_until = paused_until + ?", (hour, hour))
        file.close()
        budget.acquire()
        assert datetime.now(UTC) >= budget.instants()[-1]
    assert all(waiting.seconds <= 0.2 for waiting in waits)


def test_a_folder_that_cannot_be_written_is_told(make: MakeBudget, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    budget = RequestBudget(tmp_path / "taken", client_id="c", api_url="https://api.mypurecloud.ie")
    with pytest.raises(BudgetUnusable, match="cannot be used"):
        budget.acquire()


def test_a_file_that_is_no_budget_is_told(make: MakeBudget, tmp_path: Path) -> None:
    with make() as budget:
        budget.acquire()
    file = file_of(tmp_path)
    file.write_bytes(b"not a database" * 100)
    with make() as budget, pytest.raises(BudgetUnusable, match="delete the file"):
        budget.acquire()
    file.unlink()
    with make() as budget:
        budget.acquire()


def test_a_budget_needs_a_limit_and_a_window(make: MakeBudget) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        make(limit=0)
    with pytest.raises(ValueError, match="above 0"):
        make(window=0)


def test_a_closed_budget_opens_again(make: MakeBudget) -> None:
    budget = make()
    budget.close()
    budget.acquire()
    budget.close()
    assert len(budget.instants()) == 1
    budget.close()


def test_an_unlimited_budget_touches_nothing(tmp_path: Path) -> None:
    with RequestBudget.unlimited() as budget:
        budget.pause(1000)
        budget.learn({"retry-after": "1000"}, status=429)
        budget.acquire()
        assert budget.instants() == []


def test_every_attempt_passes_the_budget(
    server: Scripted, connect: Callable[..., GenesysCloud], make: MakeBudget
) -> None:
    server.on("GET", GET.path, error(503, "later", "Later"), error(401, "bad.credentials", "No"), Reply(json={}))
    with make() as budget:
        connect(budget=budget).call(GET)
        assert len(budget.instants()) == len(server.requests()) == 5


def test_a_wait_told_in_words_alone_pauses_all(
    server: Scripted, connect: Callable[..., GenesysCloud], make: MakeBudget, waits: list[Waiting]
) -> None:
    words = "Rate limit exceeded the maximum. Retry the request in [1] seconds"
    server.on("GET", GET.path, error(429, "too.many.requests", words), Reply(json={}))
    with make() as budget, make() as another:
        with pytest.raises(RateLimited):
            connect(budget=budget).call(GET)
        connect(budget=another).call(GET)
    refused, again = server.requests(GET.path)
    assert again.at - refused.at >= 1
    assert any(waiting.paused for waiting in waits)


def _counted(*, count: int, allowed: int, reset: int) -> dict[str, str]:
    return {
        "inin-ratelimit-count": str(count),
        "inin-ratelimit-allowed": str(allowed),
        "inin-ratelimit-reset": str(reset),
    }


def test_an_answer_is_kept_when_the_budget_breaks_meanwhile(
    server: Scripted, connect: Callable[..., GenesysCloud], make: MakeBudget, tmp_path: Path
) -> None:
    def ruin(_: object) -> Reply:
        connection = sqlite3.connect(file_of(tmp_path))
        connection.executescript("DROP TABLE state")
        connection.close()
        return Reply(json={"jobId": "only-once"}, headers=_counted(count=1, allowed=300, reset=60))

    server.on("GET", GET.path, ruin)
    with make() as budget:
        client = connect(budget=budget)
        assert client.call(GET).value == {"jobId": "only-once"}
        with pytest.raises(BudgetUnusable):
            client.call(GET)
