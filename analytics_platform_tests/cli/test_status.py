"""`status`: every day of every stream, from the manifests alone."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from analytics_platform.lake import Lake
from analytics_platform_tests.cli.conftest import Run, land, script
from analytics_platform_tests.lake.open_days import D1, D2, SIX, end_of, home, reading


def _day(number: int) -> date:
    return date(2026, 1, number)


@pytest.fixture
def filled(lake: Lake) -> Lake:
    land(lake, "conversation_details", _day(3), 1200, state="settled")
    land(lake, "conversations", _day(3), 1100, state="complete")
    land(lake, "conversation_details", _day(4), 10, state="rebuilt")
    land(lake, "conversations", _day(2), 3, state="partial")
    land(lake, "conversations", _day(4), 9, state="provisional")
    land(lake, "user_details", _day(4), 0, state="complete")
    land(lake, "user_primary_presence", _day(4), 0, state="complete")
    land(lake, "user_routing_status", _day(4), 0)
    land(lake, "conversation_details", _day(6), 5, state="provisional")
    return lake


def _states(told: str) -> dict[str, dict[str, str]]:
    return {
        stream["stream"]: {day["day"]: day["state"] for day in stream["days"]} for stream in json.loads(told)["streams"]
    }


def test_the_states_of_all_days(filled: Lake, run: Run) -> None:
    assert _states(run("status", "--json").stdout) == {
        "conversation_details": {
            "2026-01-03": "settled",
            "2026-01-04": "rebuilt",
            "2026-01-05": "missing",
            "2026-01-06": "provisional",
        },
        "conversations": {
            "2026-01-03": "complete",
            "2026-01-04": "provisional",
            "2026-01-05": "missing",
            "2026-01-06": "missing",
        },
        "user_details": {
            "2026-01-03": "missing",
            "2026-01-04": "complete",
            "2026-01-05": "missing",
            "2026-01-06": "missing",
        },
        "user_statuses": {
            "2026-01-03": "missing",
            "2026-01-04": "complete",
            "2026-01-05": "missing",
            "2026-01-06": "missing",
        },
    }


def test_home_days_before_the_first_landed_day_are_shown_where_they_are_asked_for(filled: Lake, run: Run) -> None:
    told = _states(run("status", "--json", "--from", "2026-01-02", "--to", "2026-01-02").stdout)
    assert {stream: states["2026-01-02"] for stream, states in told.items()} == {
        "conversation_details": "missing",
        "conversations": "partial",
        "user_details": "missing",
        "user_statuses": "missing",
    }


def test_a_stream_without_a_job_of_its_own_stands_there_once_it_has_landed(filled: Lake, run: Run) -> None:
    land(filled, "queue_observations", _day(5), 7, state="provisional")
    land(filled, "service_records", _day(6), 2, state="complete")
    land(filled, "services", _day(6), 2, state="complete")
    land(filled, "conversation_aggregates", _day(5), 48, state="complete")
    told = _states(run("status", "--json").stdout)
    assert list(told) == [
        "conversation_details",
        "conversations",
        "user_details",
        "user_statuses",
        "conversation_aggregates",
        "queue_observations",
        "service_records",
        "services",
    ]
    assert told["queue_observations"]["2026-01-05"] == "provisional"
    assert told["conversation_aggregates"]["2026-01-05"] == "complete"
    assert told["conversation_aggregates"]["2026-01-04"] == "missing"


def test_the_rows_of_raw_and_head_tables(filled: Lake, run: Run) -> None:
    told = json.loads(run("status", "--json").stdout)
    records, conversations, users, statuses = told["streams"]
    assert told["lake"] == filled.place.name
    assert (records["tables"], conversations["tables"]) == (["conversation_details"], ["conversations"])
    assert (users["tables"], statuses["tables"]) == (["user_details"], ["user_primary_presence", "user_routing_status"])
    assert records["days"][0]["rows"] == {"conversation_details": 1200}
    assert [day["rows"]["conversations"] for day in conversations["days"]] == [1100, 9, None, None]
    assert users["days"][1]["rows"] == {"user_details": 0}
    assert statuses["days"][1]["rows"] == {"user_primary_presence": 0, "user_routing_status": 0}


def test_the_table_a_person_reads(filled: Lake) -> None:
    told = script("status")
    assert told.returncode == 0
    lines = [line.replace("│", " ").replace("┃", " ").split() for line in told.stdout.splitlines()]
    assert lines[2] == ["2026-01-03", "settled", "1,200", "complete", "1,100", "missing", "missing"]
    assert lines[3] == ["2026-01-04", "rebuilt", "10", "provisional", "9", "complete", "0", "complete", "0", "0"]
    assert lines[4] == ["2026-01-05", *["missing"] * 4]
    assert "conversation_details: 1 settled, 1 rebuilt, 1 missing, 1 provisional" in told.stdout
    assert "user_details: 3 missing, 1 complete" in told.stdout


@pytest.mark.parametrize(
    ("words", "days"),
    [
        (("--from", "2026-01-06"), ["2026-01-06"]),
        (("--to", "2026-01-03"), ["2026-01-03"]),
        (("--from", "2026-01-01", "--to", "2026-01-02"), ["2026-01-01", "2026-01-02"]),
        (("--to", "2026-01-07", "--from", "2026-01-06"), ["2026-01-06", "2026-01-07"]),
        (("--from", "2026-02-01"), []),
    ],
)
def test_the_days_asked_for(filled: Lake, run: Run, words: tuple[str, ...], days: list[str]) -> None:
    told = run("status", "--json", *words)
    assert [list(states) for states in _states(told.stdout).values()] == [days] * 4


def test_an_empty_lake(lake: Lake, run: Run) -> None:
    told = run("status")
    assert (told.exit_code, told.stdout) == (0, f"Nothing has landed at {lake.place.name} yet.\n")
    assert not Path(lake.place.name).exists()


def test_an_empty_lake_misses_the_days_since_the_first_to_land(lake: Lake, run: Run) -> None:
    told = run("status", "--json", "--to", "2026-01-02")
    assert _states(told.stdout)["user_details"] == {"2026-01-01": "missing", "2026-01-02": "missing"}


def test_the_open_conversations(lake: Lake, run: Run) -> None:
    assert run("status", "--open").stdout.splitlines() == [
        "Open conversations: 0.",
        "0 stuck, open for more than 60 days.",
        "0 open in the lake and no longer told by the vendor.",
    ]
    told = end_of(D1) + SIX
    home(lake, D1 - timedelta(days=70), {"stuck": (D1, told)})
    home(lake, D1, {"gone": (D1, told), "open": (D2, told + timedelta(days=1))})
    reading(lake, D1, "stuck", "gone", "open")
    reading(lake, D2, "stuck", "open")
    assert run("status", "--open").stdout.splitlines() == [
        "Open conversations: 3 (2 of 1-7 days, 1 of 60+ days).",
        "1 stuck, open for more than 60 days:",
        "  stuck",
        "1 open in the lake and no longer told by the vendor:",
        "  gone",
    ]
    found = json.loads(run("status", "--open", "--json").stdout)["open"]
    assert found["ages"]["1-7"] == 2 and found["stuck"] == {"count": 1, "ids": ["stuck"]}


def test_exchanged_days_are_told(lake: Lake) -> None:
    told = script("status", "--from", "2026-01-02", "--to", "2026-01-01")
    assert (told.returncode, told.stderr) == (1, "--from 2026-01-02 is after --to 2026-01-01: exchange them.\n")


def test_a_word_that_is_no_day_is_told(lake: Lake) -> None:
    told = script("status", "--from", "yesterday")
    assert told.returncode == 2
    assert "yesterday" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_damaged_partition_is_told(filled: Lake) -> None:
    damaged = Path(filled.place.path("conversations", _day(4)))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    told = script("status")
    assert told.returncode == 1
    assert str(damaged) in told.stderr
    assert "land the day again" in told.stderr
    assert told.stderr.count("\n") == 1
