"""`forget`: what it tells before and after, and that its exit code is the proof."""

import json
from datetime import date

import pyarrow as pa
import pytest

from analytics_platform.lake import Lake
from analytics_platform_tests.cli.conftest import Run
from analytics_platform_tests.landing.raw_days import conversation, write_raw_day

D0 = date(2026, 3, 2)
GONE, OTHER = "0c5b3bd1-7f0d-4b6e-9f7e-1d9e6a2f0001", "0c5b3bd1-7f0d-4b6e-9f7e-1d9e6a2f0002"


@pytest.fixture
def held(lake: Lake) -> Lake:
    write_raw_day(lake, D0, [conversation(GONE, D0), conversation(OTHER, D0)])
    return lake


def test_a_dry_run_tells_what_would_go_and_changes_nothing(held: Lake, run: Run) -> None:
    before = held.manifest("conversation_details", D0)
    told = run("forget", "--conversation", GONE, "--dry-run")
    assert told.exit_code == 0 and "Conversations that would go: 1. Nothing was changed." in told.stdout
    assert "conversation_details" in told.stdout and "2026-03-02" in told.stdout
    assert held.manifest("conversation_details", D0) == before and held.tables() == ["conversation_details"]


def test_forgotten_is_proven_by_looking_everywhere(held: Lake, run: Run) -> None:
    told = run("forget", "--conversation", GONE)
    assert told.exit_code == 0
    assert told.stdout == f"0 rows in {len(held.tables())} tables name what was forgotten.\n"
    assert held.read("conversations", D0)["conversation_id"].to_pylist() == [OTHER]


def test_what_cannot_be_erased_is_told_and_is_a_fault(held: Lake, run: Run) -> None:
    rows = pa.table({"conversation_id": [GONE, OTHER]})
    with held.stage_file("export_calls_files", D0, "export.csv") as writer:
        writer.sink.write(f"Conversation ID\n{GONE}\n{OTHER}\n".encode())
        file = writer.seal()
    with held.stage("export_calls", D0, rows.schema) as staged:
        staged.write(rows)
        staged.seal({"file": f"{file.folder}/day={file.day}/{file.name}"}).publish()
    file.publish()
    told = run("forget", "--conversation", GONE)
    assert told.exit_code == 1 and "days of exports" in told.stderr
    assert "2 rows in " in told.stdout and "export_calls_files" in told.stdout
    assert held.read("conversations", D0).num_rows == 1


def test_a_conversation_that_another_one_tells_of_is_told_with_where(held: Lake, run: Run) -> None:
    write_raw_day(held, D0, [conversation(GONE, D0), conversation(OTHER, D0, json.dumps(GONE))])
    told = run("forget", "--conversation", GONE)
    assert told.exit_code == 1 and "external_tag" in told.stdout and "other conversations" in told.stderr
    assert run("forget", "--conversation", GONE, "--conversation", OTHER).exit_code == 0


@pytest.mark.parametrize("words", [(), ("--user", "abc")], ids=["nothing", "too short"])
def test_nothing_or_no_id_is_refused(held: Lake, run: Run, words: tuple[str, ...]) -> None:
    told = run("forget", *words)
    assert told.exit_code == 1 and told.stderr.strip().count("\n") == 0 and "forgotten" not in held.tables()
