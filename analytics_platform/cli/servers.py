"""Servers a command starts beside itself: each in a process group of its own, ready before it is used, ended after."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

_READY = "listening on "
_PATIENCE = 30.0
_PATIENCE_AT_START = 120.0
_CODE = "analytics_platform.definitions"
"""The module of the definitions; the code location is called the same, as Dagster calls it by default."""


class ServerFailed(Exception):
    """A server did not start; the text says which and what it said."""


@contextlib.contextmanager
def simulated_org(first_day: date, conversations_per_day: int, files: Path) -> Iterator[str]:
    """A simulated org whose world runs from `first_day` until yesterday (UTC), all of it complete; gives its URL."""
    now = datetime.now(UTC)
    today = datetime(now.year, now.month, now.day, tzinfo=UTC)
    # The watermark trails the clock by an hour: just after midnight the clock is put far enough for yesterday.
    clock = max(now, today + timedelta(hours=1, minutes=5))
    words = [sys.executable, "-m", "analytics_platform.simulator", "--port", "0", "--running", "--lag-hours", "1"]
    words += ["--start-day", first_day.isoformat(), "--days", str((today.date() - first_day).days + 31)]
    words += ["--conversations-per-day", str(conversations_per_day), "--now", f"{clock:%Y-%m-%dT%H:%M:%SZ}"]
    words += ["--rate-limit", "3000", "--gms-folder", str(files)]
    files.mkdir(parents=True, exist_ok=True)
    with running(words, "the simulated org", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if _READY not in line:
            raise ServerFailed(f"The simulated org did not start; it said {line.strip() or 'nothing'!r}.")
        yield line.partition(_READY)[2].strip()


@contextlib.contextmanager
def code_server(log: Path, env: Mapping[str, str] | None = None) -> "Iterator[tuple[Path, subprocess.Popen[str]]]":
    """Dagster's server of the platform's definitions: the workspace file that names it to others, and its process.

    Web server and daemon would otherwise start one each, and the daemon another every minute.
    """
    with tempfile.TemporaryDirectory(prefix="analytics-platform-") as folder:  # a socket's path must be short
        socket, workspace = Path(folder) / "code", Path(folder) / "workspace.yaml"
        words = [beside("dagster"), "code-server", "start", "--module-name", _CODE, "--location-name", _CODE]
        with running([*words, "--socket", str(socket)], "dagster code-server", env=env, log=log) as process:
            wait_for(process, socket.exists, f"Dagster's code server did not start; see {log}.")
            location = {"grpc_server": {"socket": str(socket), "location_name": _CODE}}
            workspace.write_text(json.dumps({"load_from": [location]}))  # which is YAML too
            yield workspace, process


def wait_for(process: "subprocess.Popen[str]", up: Callable[[], bool], otherwise: str) -> None:
    """Wait until a server is up; ServerFailed, saying `otherwise`, when it has ended or takes too long."""
    ends = time.monotonic() + _PATIENCE_AT_START
    while not up():
        if process.poll() is not None or time.monotonic() > ends:
            raise ServerFailed(otherwise)
        time.sleep(0.1)


def beside(program: str) -> str:
    """A program installed beside this Python; the name alone where there is none."""
    path = Path(sys.executable).parent / program
    return str(path) if path.exists() else program


@contextlib.contextmanager
def until_told_to_stop() -> Iterator[None]:
    """Interrupts and terminations both end the block, and nothing after it, so that what it started is ended too.

    Those that follow the first, as of an impatient hand, are passed over: they would leave behind what is being ended.
    """
    numbers = (signal.SIGINT, signal.SIGTERM)

    def stop(number: int, frame: object) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in numbers:
        signal.signal(number, stop)
    with contextlib.suppress(KeyboardInterrupt):
        yield


@contextlib.contextmanager
def running(
    words: Sequence[str],
    name: str,
    *,
    env: Mapping[str, str] | None = None,
    stdout: int | None = None,
    log: Path | None = None,
) -> "Iterator[subprocess.Popen[str]]":
    """A process that is ended, with all it started, when the block is left. ServerFailed when it cannot be started."""
    output = log.open("ab") if log else None
    try:
        process = subprocess.Popen(
            words,
            text=True,
            env={**os.environ, **env} if env else None,
            stdout=output or stdout,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
        )
    except OSError as fault:
        raise ServerFailed(f"{name} could not be started: {fault.strerror}.") from None
    try:
        yield process
    finally:
        _end(process)
        if output:
            output.close()


def _end(process: "subprocess.Popen[str]") -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE if number == signal.SIGTERM else None)
            break
    if process.stdout is not None:
        process.stdout.close()
