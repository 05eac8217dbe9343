"""Fixtures of the landing's tests: an org of their own without a request limit, and a workplace beside it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from analytics_platform_tests.landing.scratch import scratch
from analytics_platform_tests.landing.workplace import Workplace, connected
from analytics_platform_tests.simulated_org import OrgOptions, SimulatedOrg

UNHURRIED: dict[str, Any] = {"rate_limit": 1_000_000, "assume": ["queued_looks=0", "pending_looks=0"]}


@pytest.fixture(scope="session")
def landing_org() -> Iterator[SimulatedOrg]:
    with SimulatedOrg(**UNHURRIED) as running:
        yield running


@pytest.fixture
def quick_org(landing_org: SimulatedOrg) -> SimulatedOrg:
    """Three days from 2026-03-02 on, 60 conversations each; no faults, no requests counted, the clock at its start."""
    landing_org.reset()
    landing_org.set_lag(conversations=6, users=6)
    landing_org.set_now(OrgOptions.now)
    return landing_org


@pytest.fixture
def folder() -> Iterator[Path]:
    with scratch() as made:
        yield made


@pytest.fixture
def workplace_at(folder: Path) -> Iterator[Callable[..., Workplace]]:
    """`workplace_at(org, "name")`: a lake and a ledger under a folder of that name, and a client of the org."""
    with ExitStack() as clients:
        yield lambda org, name="first": Workplace(clients.enter_context(connected(org.url)), folder / name)


@pytest.fixture
def place(quick_org: SimulatedOrg, workplace_at: Callable[..., Workplace]) -> Workplace:
    """A workplace at the quick org."""
    return workplace_at(quick_org)
