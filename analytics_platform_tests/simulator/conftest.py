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
