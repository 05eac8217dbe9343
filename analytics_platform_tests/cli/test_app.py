"""The console script: its commands, and how faults end."""

import subprocess
import sys

import pytest

from analytics_platform.lake import Lake
from analytics_platform_tests.cli.conftest import SCRIPT, Run, script

COMMANDS = (
    "demo",
    "ui",
    "check",
    "status",
    "sql",
    "drift",
    "rebuild",
    "query",
    "index-property",
    "reports",
    "schedules",
    "settings",
    "simulate",
)


def test_help_lists_every_command(run: Run) -> None:
    told = run("--help")
    assert told.exit_code == 0
    for name in COMMANDS:
        assert f" {name} " in told.output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(run: Run, name: str) -> None:
    told = run(name, "--help")
    assert told.exit_code == 0
    assert f"Usage: root {name}" in told.output or f"{name} [OPTIONS]" in told.output


def test_an_unknown_command_is_told(run: Run) -> None:
    told = run("stat")
    assert told.exit_code == 2
    assert "No such command 'stat'" in told.output


def test_heavy_modules_are_not_imported_for_help() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from analytics_platform.cli.app import app; "
        "asked = [CliRunner().invoke(app, [*words, '--help']) for words in (['sql'], ['query', 'users'])]; "
        "assert [told.exit_code for told in asked] == [0, 0]; "
        "print(sorted({'pyarrow', 'polars', 'duckdb', 'httpx', 'dagster', 'arro3'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


@pytest.mark.parametrize("words", [("status",), ("sql", "SELECT 1")])
@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        (
            "ANALYTICS_PLATFORM_LAKE",
            "ftp://somewhere",
            "The lake cannot live at ftp://somewhere: the scheme ftp:// is unknown; use a folder, s3://, gs:// or "
            "abfs://.\n",
        ),
        ("ANALYTICS_PLATFORM_LAKE", "/dev/null", "Cannot read at /dev/null while listing the tables (ENOTDIR)"),
        ("ANALYTICS_PLATFORM_PAGE_SIZE", "many", "ANALYTICS_PLATFORM_PAGE_SIZE cannot be used: "),
    ],
)
def test_an_expected_fault_is_one_sentence_and_exit_code_1(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], name: str, value: str, wanted: str
) -> None:
    monkeypatch.setenv(name, value)
    told = script(*words)
    assert told.returncode == 1
    assert told.stdout == ""
    assert told.stderr.count("\n") == 1
    if words == ("sql", "SELECT 1") or "listing" not in wanted:
        assert told.stderr.startswith(wanted)


def test_an_unexpected_fault_traces_without_secrets(lake: Lake) -> None:
    code = """
import sys
import analytics_platform.cli.status as status
from analytics_platform.cli import main

def broken(settings):
    password = "hunter" + str(2)
    raise RuntimeError("nobody thought of this")

status.opened_lake = broken
sys.argv = ["analytics-platform", "status"]
main()
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert "nobody thought of this" in told.stderr
    assert "hunter2" not in told.stderr


def test_simulate_serves_until_it_is_interrupted(lake: Lake) -> None:
    words = [str(SCRIPT), "simulate", "--port", "0", "--days", "1", "--conversations-per-day", "1", "--agents", "1"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "listening on http://127.0.0.1:" in process.stdout.readline()
        process.terminate()
        process.communicate()
    assert process.returncode in (0, -15)
