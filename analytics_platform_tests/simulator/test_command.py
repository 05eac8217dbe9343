"""The command line, and what it refuses."""

import inspect
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from analytics_platform.simulator.assumptions import Assumptions
from analytics_platform.simulator.options import ALL_PERMISSIONS, OAuthClient, SimulatorOptions
from analytics_platform_tests.simulated_org import SimulatedOrg, command_line

StartOrg = Callable[..., SimulatedOrg]


def refused(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "analytics_platform.simulator", *words], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    return done.stderr.replace("\n", " ")


def test_every_assumption_can_be_named() -> None:
    assumed = (
        Assumptions().assume("max_page_size=5").assume("queued_seconds=0.5").assume("delete_forgets_finished=false")
    )
    assert (assumed.max_page_size, assumed.queued_seconds, assumed.delete_forgets_finished) == (5, 0.5, False)


@pytest.mark.parametrize("text", ["nothing=1", "max_page_size", "max_page_size=many", "delete_forgets_finished=1"])
def test_an_assumption_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"assumption|takes"):
        Assumptions().assume(text)


def test_every_assumption_says_so() -> None:
    source = inspect.getsource(Assumptions)
    assert source.count('"""Assumed: ') == len(Assumptions.__dataclass_fields__)


def test_clients_are_read_from_text() -> None:
    assert OAuthClient.parse("a:b") == OAuthClient("a", "b", ALL_PERMISSIONS)
    assert OAuthClient.parse("a:b:x:y:z,u:v:w").permissions == {"x:y:z", "u:v:w"}
    with pytest.raises(ValueError, match="id:secret"):
        OAuthClient.parse("a")


def test_by_default_the_world_ends_yesterday() -> None:
    before = datetime.now(UTC).date()
    world = SimulatorOptions(days=5).world()
    assert world.start_day in (before - timedelta(days=5), datetime.now(UTC).date() - timedelta(days=5))


@pytest.mark.parametrize(
    "words",
    [("--now", "soon"), ("--assume", "x=1"), ("--client", "a"), ("--start-day", "1.1."), ("--gms-user", "a")],
)
def test_nonsense_is_refused_in_a_sentence(words: tuple[str, str]) -> None:
    assert "Traceback" not in refused(*words)


def test_a_running_clock_runs(start_org: StartOrg) -> None:
    org = start_org(conversations_per_day=1, running=True)
    first = org.now
    while org.now == first:
        pass
    assert org.now > first


def test_the_world_is_told(start_org: StartOrg) -> None:
    org = start_org(conversations_per_day=4, days=2, seed=3)
    assert org.world() == {
        "seed": 3,
        "firstDay": "2026-03-02",
        "lastDay": "2026-03-03",
        "days": 2,
        "conversationsPerDay": 4,
        "agents": 12,
        "lateChanges": True,
    }


def test_a_port_that_is_taken_is_an_error(start_org: StartOrg) -> None:
    org = start_org(conversations_per_day=1)
    port = int(org.url.rpartition(":")[2])
    done = subprocess.run(command_line(port=port), capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "listening" not in done.stdout


def test_only_loopback_is_served(start_org: StartOrg) -> None:
    assert start_org(conversations_per_day=1).url.startswith("http://127.0.0.1:")
