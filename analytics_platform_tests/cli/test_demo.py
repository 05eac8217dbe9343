"""The README's commands, run as a newcomer would in an empty folder."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil
import pytest

from analytics_platform.catalogue.aggregates import AGGREGATES
from analytics_platform.catalogue.services import SERVICES
from analytics_platform.catalogue.streams import STREAMS
from analytics_platform_tests.waiting import wait_until

PROGRAM = Path(sys.executable).parent / "analytics-platform"
_IGNORING_INTERRUPTS = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
)
_BY_DAY = {each.name for each in STREAMS} | {each.typed for each in STREAMS}
_BY_DAY |= {*(each.stream for each in AGGREGATES), "bot_turns", SERVICES.raw.name, SERVICES.typed}


def _surroundings() -> dict[str, str]:
    dropped = ("GENESYSCLOUD", "ANALYTICS", "GMS", "DAGSTER")
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)} | {"COLUMNS": "200"}


def _run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a shell does in the background: with interrupts ignored."""
    return subprocess.run(
        [sys.executable, "-c", _IGNORING_INTERRUPTS, str(PROGRAM), *words],
        cwd=folder,
        env=_surroundings(),
        capture_output=True,
        text=True,
    )


@pytest.fixture
def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Demo(NamedTuple):
    """A folder in which the demo ran, what it printed, and what `status --json` told right after it."""

    folder: Path
    told: str
    status: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("newcomer")
    done = _run(folder, "demo", "--days", "2", "--conversations-per-day", "40")
    assert done.returncode == 0, done.stdout + done.stderr
    # Asked before any other test: a day read again later is "rebuilt" where a conversation has ended meanwhile.
    status = _run(folder, "status", "--json")
    assert status.returncode == 0, status.stderr
    return Demo(folder, done.stdout, status.stdout)


def test_the_demo_tells_what_landed_per_table_and_day_and_answers_a_question(demo: Demo) -> None:
    folder, told, _ = demo
    assert str(folder / "data" / "lake") in told
    rows = re.search(r"^\s*conversations\s*[│|]\s*(\d+)\s*[│|]\s*(\d+)", told, re.MULTILINE)
    assert rows and rows.groups() == ("40", "40")
    assert "voice" in told and "handle_seconds" in told


def test_a_second_demo_changes_no_row(demo: Demo) -> None:
    folder = demo.folder
    query = "select conversation_id, conversation_start, conversation_end from conversations order by 1"
    before = _run(folder, "sql", "--format", "csv", query)
    assert _run(folder, "demo", "--days", "2", "--conversations-per-day", "40").returncode == 0
    after = _run(folder, "sql", "--format", "csv", query)
    ids = {line.split(",")[0] for line in before.stdout.splitlines()}
    # The org's clock has gone on meanwhile: what was open may have ended, but nothing is lost or twice.
    assert len(before.stdout.splitlines()) == len(after.stdout.splitlines())
    assert ids == {line.split(",")[0] for line in after.stdout.splitlines()}
    ended = [states for name, states in _states(_run(folder, "status", "--json").stdout).items() if name in _BY_DAY]
    assert len(ended) == len(_BY_DAY)
    assert {state for states in ended for state in states[:2]} <= {"complete", "rebuilt"}


def test_status_shows_each_ended_day_complete_and_what_is_known_of_today(demo: Demo) -> None:
    days = _states(demo.status)
    snapshots = {f"{each}_observations" for each in ("queue", "user", "flow")}
    assert all(days.pop(each) == ["missing", "missing", "provisional"] for each in snapshots)
    assert set(days) == _BY_DAY
    assert all(states == ["complete", "complete", "missing"] for states in days.values())


def _states(status: str) -> dict[str, list[str]]:
    """By stream the states of its days, from what `status --json` told."""
    return {each["stream"]: [day["state"] for day in each["days"]] for each in json.loads(status)["streams"]}


@contextmanager
def _ui(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [PROGRAM, "ui", "--port", str(port), "--conversations-per-day", "40"],
        cwd=folder,
        env=_surroundings(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        started = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        wait_until(lambda: not all(each.is_running() for each in started), "the first of what was started to end")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
        wait_until(lambda: not any(each.is_running() for each in started), "the end of all that was started")


def test_the_ui_serves_the_landed_partitions_until_it_is_interrupted_and_an_impatient_hand_leaves_nothing_behind(
    demo: Demo, free_port: int
) -> None:
    folder = demo.folder
    address = f"http://127.0.0.1:{free_port}"
    query = '{assetNodeOrError(assetKey:{path:["conversations"]}){... on AssetNode{partitionStats{numMaterialized}}}}'
    with _ui(folder, free_port) as process:
        assert process.stdout is not None
        told = next((line for line in process.stdout if address in line), "")
        assert told, "the address was never told"
        answer = httpx.post(f"{address}/graphql", json={"query": query}, timeout=60, trust_env=False).json()
        assert answer["data"]["assetNodeOrError"]["partitionStats"]["numMaterialized"] == 2
    assert process.returncode == 0
    with pytest.raises(httpx.TransportError):
        httpx.get(address, trust_env=False)
