"""The request budget against an org that enforces one: several processes, and nothing is ever refused for the rate."""

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import httpx
import pytest

from analytics_platform.catalogue.operations import CONVERSATION_JOBS
from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.hosts import Hosts
from analytics_platform.source.retries import Retries
from analytics_platform_tests.genesys_cloud.budget_worker import DemoSecret
from analytics_platform_tests.genesys_cloud.workers import Start, Worker, workers
from analytics_platform_tests.simulated_org import NO_TLS, SimulatedOrg
from analytics_platform_tests.waiting import wait_until

GET = CONVERSATION_JOBS.availability
ALLOWED, SECONDS, WINDOW = 20, 4.0, 5.0
"""What the org allows in so many seconds; our window is a second longer, as it is beside the vendor's minute."""


@pytest.fixture
def strict(start_org: Callable[..., SimulatedOrg]) -> SimulatedOrg:
    return start_org(rate_limit=ALLOWED, assume=[f"rate_window_seconds={SECONDS}"])


@pytest.fixture
def start() -> Iterator[Start]:
    with workers() as run:
        yield run


def spent(org: SimulatedOrg) -> list[float]:
    return [at for _, at in org.requests()["spent"]]


def assert_kept(org: SimulatedOrg) -> None:
    """No request was refused, and none of the org's windows, wherever it began, held more than it allows."""
    assert not [asked for asked, statuses in org.requests()["counts"].items() if "429" in statuses]
    instants = spent(org)
    pairs = zip(instants, islice(instants, ALLOWED, None), strict=False)
    assert all(later - earlier >= SECONDS for earlier, later in pairs)


def finish(*running: Worker) -> list[str]:
    return [line for worker in running for line in worker.communicate(timeout=120)[0].split()]


def test_all_processes_together_keep_the_rate_while_some_are_killed(
    strict: SimulatedOrg, tmp_path: Path, start: Start
) -> None:
    ask = ("ask", tmp_path, strict.url)
    first = [start(*ask, 100, ALLOWED, WINDOW) for _ in range(2)]
    others = [start(*ask, 10, ALLOWED, WINDOW) for _ in range(2)]
    wait_until(lambda: len(spent(strict)) >= ALLOWED + 5, "the second window of requests")
    for worker in first:
        worker.send_signal(signal.SIGKILL)
    later = start(*ask, 15, ALLOWED, WINDOW)
    assert finish(*others, later) == ["ok"] * 35
    assert_kept(strict)


def test_an_org_that_allows_less_than_was_configured_is_heard_before_there_is_a_rush(
    strict: SimulatedOrg, tmp_path: Path, start: Start
) -> None:
    asking = [start("ask", tmp_path, strict.url, 9, 10 * ALLOWED, WINDOW) for _ in range(5)]
    assert finish(*asking) == ["ok"] * 45
    assert not [asked for asked, statuses in strict.requests()["counts"].items() if "429" in statuses]


def test_what_another_machine_sends_is_known_by_the_vendors_count_alone(strict: SimulatedOrg, tmp_path: Path) -> None:
    at_once, left = 6, 2
    hosts = Hosts.of(api_url=strict.url)
    with (
        httpx.Client(base_url=strict.url, verify=NO_TLS) as machine,
        RequestBudget(tmp_path, client_id="demo", api_url=strict.url, limit=ALLOWED, window=WINDOW) as budget,
        GenesysCloud(hosts, "demo", DemoSecret(), budget, retries=Retries(attempts=1)) as client,
        ThreadPoolExecutor(at_once) as threads,
    ):
        form = {"grant_type": "client_credentials"}
        token = machine.post("/oauth/token", data=form, auth=("demo", "demo")).json()["access_token"]
        for _ in range(ALLOWED - left):
            machine.get(GET.path, headers={"Authorization": f"Bearer {token}"}).raise_for_status()
        assert len(list(threads.map(lambda _: client.call(GET), range(at_once)))) == at_once
    assert not [asked for asked, statuses in strict.requests()["counts"].items() if "429" in statuses]


@pytest.mark.parametrize("spoil", ["deleted", "overwritten"])
def test_a_budget_that_goes_while_processes_work_is_made_anew_or_ends_them_and_nobody_rushes(
    strict: SimulatedOrg, tmp_path: Path, start: Start, spoil: str
) -> None:
    asking = [start("ask", tmp_path, strict.url, 12, ALLOWED, WINDOW) for _ in range(3)]
    wait_until(lambda: len(spent(strict)) >= ALLOWED // 2, "half a window of requests")
    (file,) = tmp_path.glob("*.sqlite")
    if spoil == "deleted":
        file.unlink()
    else:
        file.write_bytes(b"no database" * 5000)
    told = finish(*asking)
    # Who is in the middle of a booking when the file goes is told so, once.
    assert set(told) <= {"ok", "BudgetUnusable"} and len(told) == 36
    assert spoil == "overwritten" or told.count("BudgetUnusable") <= len(asking)
    assert not [asked for asked, statuses in strict.requests()["counts"].items() if "429" in statuses]
