"""A lake named by the environment, and the console script."""

import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner, Result

from analytics_platform.cli.app import app
from analytics_platform.lake import Lake

SCRIPT = Path(sys.executable).parent / "analytics-platform"
Run = Callable[..., Result]


def land(lake: Lake, table: str, day: date, rows: int, **facts: object) -> None:
    """A partition of `rows` numbered rows."""
    data = pa.table({"number": pa.array(range(rows), pa.int64()), "name": [f"row {index}" for index in range(rows)]})
    with lake.stage(table, day, data.schema) as writer:
        writer.write(data)
        writer.seal(facts).publish()


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """An empty lake which the settings name; no `.env` of the working folder plays in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANALYTICS_PLATFORM_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("ANALYTICS_PLATFORM_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("ANALYTICS_PLATFORM_START_DAY", "2026-01-01")
    monkeypatch.setenv("COLUMNS", "80")
    return Lake.open(tmp_path / "lake")


@pytest.fixture
def run(lake: Lake) -> Run:
    """Run a command in this process."""

    def invoke(*words: str, input: str | None = None) -> Result:
        return CliRunner().invoke(app, list(words), input=input)

    return invoke


def script(*words: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    """Run the installed console script."""
    return subprocess.run([str(SCRIPT), *words], input=stdin, capture_output=True, text=True, check=False)
