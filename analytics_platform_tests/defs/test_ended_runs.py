"""A run that is ended while it waits ends at once, and gives back what it had booked."""

import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analytics_platform.connections import budgets_of
from analytics_platform.settings import load_settings
from analytics_platform_tests.defs.workplace import CHECKOUT, Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.waiting import wait_until

DAYS = ("2026-03-02", "2026-03-03")
ONE_DAY = ("2026-03-02", "2026-03-02")
SOON = 60.0
"""Seconds a run may take to end; each of the waits would take four times as long."""
_PAUSE = {"status": 429, "retry_after": 250}
_FAULT = {"status": 503, "retry_after": 250}


def booked(workplace: Workplace) -> list[datetime]:
    with workplace.entered():
        (budget,) = budgets_of(load_settings()).values()
        with budget:
            return budget.instants()


def paused(workplace: Workplace, org: SimulatedOrg) -> bool:
    now = datetime.now(UTC)
    return any(instant > now + timedelta(seconds=SOON) for instant in booked(workplace))


def refused(workplace: Workplace, org: SimulatedOrg) -> bool:
    return any(status != "200" for counts in org.requests()["counts"].values() for status in counts)


def submitted(jobs: int) -> Callable[[Workplace, SimulatedOrg], bool]:
    return lambda workplace, org: len(org.requests()["submits"]) == jobs


# A single day is landed by the run's main thread, several by threads of their own.
@pytest.mark.parametrize(
    "ending, fault, waits, days",
    [
        pytest.param(signal.SIGTERM, _PAUSE, paused, DAYS, id="a pause of the vendor's"),
        pytest.param(signal.SIGTERM, _PAUSE, refused, ONE_DAY, id="a pause of the vendor's, a single day"),
        pytest.param(signal.SIGINT, _FAULT, paused, DAYS, id="before a request is tried again"),
        pytest.param(signal.SIGINT, _FAULT, refused, ONE_DAY, id="before a request is tried again, a single day"),
        pytest.param(signal.SIGTERM, {}, submitted(2), DAYS, id="between two looks at a job"),
        pytest.param(signal.SIGTERM, {}, submitted(1), ONE_DAY, id="between two looks at the job of a single day"),
    ],
)
def test_a_run_ended_while_it_waits_ends_soon(
    start_org: Callable[..., SimulatedOrg],
    tmp_path: Path,
    ending: signal.Signals,
    fault: dict[str, int],
    waits: Callable[[Workplace, SimulatedOrg], bool],
    days: Sequence[str],
) -> None:
    org = start_org()
    workplace = Workplace(tmp_path, org.url, poll_seconds=250, retries=0)
    if fault:
        org.arm("status", "conversations.availability", times=1, **fault)
    run = subprocess.Popen(
        [sys.executable, "-m", "analytics_platform_tests.defs.run_days", "conversation_details", *days],
        env=workplace.environment,
        cwd=CHECKOUT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: waits(workplace, org), "the run waiting")
        run.send_signal(ending)
        run.wait(timeout=SOON)
    finally:
        run.kill()
    assert not [instant for instant in booked(workplace) if instant > datetime.now(UTC)]
