"""Fixtures that every test may use."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from analytics_platform_tests.simulated_org import OrgOptions, SimulatedOrg


@pytest.fixture(scope="session")
def session_org() -> Iterator[SimulatedOrg]:
    """One org for the whole session: 3 days of 60 conversations from 2026-03-02 on."""
    with SimulatedOrg() as running:
        yield running


@pytest.fixture
def org(session_org: SimulatedOrg) -> SimulatedOrg:
    """The session's org with no faults armed, no requests counted, and its clock where it started."""
    session_org.reset()
    session_org.set_now(OrgOptions.now)
    return session_org


@pytest.fixture
def start_org() -> Iterator[Callable[..., SimulatedOrg]]:
    """Starts orgs of their own, `start_org(days=5, seed=3, assume=["max_page_size=10"])`; all stop after the test."""
    started: list[SimulatedOrg] = []

    def start(**options: Any) -> SimulatedOrg:
        started.append(SimulatedOrg(**options))
        return started[-1]

    yield start
    for running in started:
        running.stop()
