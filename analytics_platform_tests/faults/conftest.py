"""Fixtures of the tests of faults: a small org that misbehaves, and a workplace beside it."""

from collections.abc import Iterator

import pytest

from analytics_platform_tests.faults.comparing import NOW
from analytics_platform_tests.landing.conftest import UNHURRIED
from analytics_platform_tests.landing.scratch import scratch
from analytics_platform_tests.landing.workplace import Workplace, connected
from analytics_platform_tests.simulated_org import SimulatedOrg


@pytest.fixture(scope="session")
def faulty_org() -> Iterator[SimulatedOrg]:
    with SimulatedOrg(**UNHURRIED, conversations_per_day=12, agents=4, now=NOW) as running:
        yield running


@pytest.fixture
def vendor(faulty_org: SimulatedOrg) -> SimulatedOrg:
    """Three days from 2026-03-02 on, 12 conversations each, nothing amiss yet, a day after its last watermark."""
    faulty_org.reset()
    faulty_org.take_back_changes()
    faulty_org.set_now(NOW)
    return faulty_org


@pytest.fixture
def place(vendor: SimulatedOrg) -> Iterator[Workplace]:
    with connected(vendor.url) as client, scratch() as folder:
        yield Workplace(client, folder)
