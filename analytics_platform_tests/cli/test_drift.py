"""`drift`: what the catalogue does not know, by its place, from the manifests of all days."""

import csv
import io
import json
from datetime import date

import pytest

from analytics_platform.lake import Lake
from analytics_platform_tests.cli.conftest import Run, land, script


def _day(number: int) -> date:
    return date(2026, 1, number)


@pytest.fixture
def filled(lake: Lake) -> Lake:
    news, colour = "news: unknown field (object)", "participants.colour: unknown value (text)"
    for number, drift in ((3, {news: 2}), (4, {}), (6, {news: 1, colour: 40})):
        land(lake, "conversation_details", _day(number), 0, drift=drift, looked_at=100, records=400)
    land(lake, "user_details", _day(3), 0, drift={"x: wrong type": 1}, records=10)
    land(lake, "queue_observations", _day(3), 0, drift={"data.stats.p50: unknown field (whole number)": 7})
    land(lake, "conversations", _day(3), 0)
    return lake


def test_each_difference_is_told_with_its_days_and_how_much_was_looked_at(filled: Lake, run: Run) -> None:
    told = run("drift", "--format", "json")
    found = {(each["stream"], each["path"]): each for each in json.loads(told.stdout)}
    assert found["conversation_details", "news"] == {
        "stream": "conversation_details",
        "path": "news",
        "kind": "unknown field",
        "value": "object",
        "days": 2,
        "first_day": "2026-01-03",
        "last_day": "2026-01-06",
        "seen": 3,
        "share": 0.25,
    }
    assert [path for stream, path in found if stream == "conversation_details"] == ["participants.colour", "news"]
    assert (found["queue_observations", "data.stats.p50"]["share"], found["user_details", "x"]["share"]) == (1.0, None)
    assert told.stderr.splitlines() == [
        "conversation_details: 300 of 1,200 records looked at, on 3 days.",
        "user_details: nobody knows how many records looked at, on 1 day.",
        "queue_observations: all looked at, on 1 day.",
    ]


def test_only_the_days_asked_for_are_told(filled: Lake, run: Run) -> None:
    rows = csv.DictReader(io.StringIO(run("drift", "--from", "2026-01-04", "--format", "csv").stdout))
    assert [(row["path"], row["days"], row["seen"]) for row in rows] == [
        ("participants.colour", "1", "40"),
        ("news", "1", "1"),
    ]


def test_a_lake_in_which_all_is_known_shows_the_headings_alone(lake: Lake, run: Run) -> None:
    assert "Nothing has landed" in run("drift").stderr
    land(lake, "conversation_details", _day(3), 0, drift={}, looked_at=5, records=5)
    told = run("drift")
    assert told.exit_code == 0 and "first_day" in told.stdout and "2026" not in told.stdout
    assert told.stderr == "conversation_details: 5 of 5 records looked at, on 1 day.\n"


def test_exchanged_days_are_told(lake: Lake) -> None:
    told = script("drift", "--from", "2026-01-02", "--to", "2026-01-01")
    assert (told.returncode, told.stderr) == (1, "--from 2026-01-02 is after --to 2026-01-01: exchange them.\n")
