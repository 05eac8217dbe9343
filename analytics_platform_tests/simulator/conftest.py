"""Fixtures of the simulated org's own tests."""

from collections.abc import Iterator

import pytest

from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.asking import Asker, asking


@pytest.fixture
def asker(org: SimulatedOrg) -> Iterator[Asker]:
    """A client of the session's org."""
    with asking(org) as client:
        yield client


@pytest.fixture(scope="session")
def counted_org() -> Iterator[SimulatedOrg]:
    """An org whose truth is told as known at its clock, as aggregates are: no watermark trails it."""
    with SimulatedOrg(lag_hours=0, conversations_per_day=120) as running:
        yield running


@pytest.fixture(scope="session")
def counting(counted_org: SimulatedOrg) -> Iterator[Asker]:
    """A client of that org."""
    with asking(counted_org) as client:
        yield client
