"""Deployments for the tests of what may befall a Dagster instance."""

from collections.abc import Callable
from pathlib import Path

import pytest

from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg


@pytest.fixture
def workplace(tmp_path: Path, org: SimulatedOrg) -> Workplace:
    """A fresh deployment beside the session's small org."""
    return Workplace(tmp_path / "first", org.url)


@pytest.fixture
def beside(tmp_path: Path, org: SimulatedOrg) -> Callable[[Workplace], Workplace]:
    """`beside(workplace)`: a deployment with an instance of its own and the same lake and ledger."""

    def anew(workplace: Workplace) -> Workplace:
        other = Workplace(tmp_path / "anew", org.url)
        for name in ("ANALYTICS_PLATFORM_LAKE", "ANALYTICS_PLATFORM_STATE"):
            other.set(name, workplace.settings[name])
        return other

    return anew
