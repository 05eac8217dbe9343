"""`rebuild`: typed tables from raw, where no org is named at all."""

from datetime import date

import pytest

from analytics_platform.lake import Lake
from analytics_platform_tests.cli.conftest import Run, script
from analytics_platform_tests.landing.raw_days import conversation, write_raw_day

FIRST, SECOND = date(2026, 1, 3), date(2026, 1, 4)


@pytest.fixture
def filled(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Lake:
    for name in ("REGION", "API_URL", "OAUTHCLIENT_ID", "OAUTHCLIENT_SECRET"):
        monkeypatch.setenv(f"GENESYSCLOUD_{name}", "")
    write_raw_day(lake, FIRST, [conversation("a", FIRST)])
    write_raw_day(lake, SECOND, [conversation("a", FIRST, "newer"), conversation("b", SECOND, children=2)], asked=1)
    return lake


def test_all_days_are_made_and_told(filled: Lake) -> None:
    told = script("rebuild")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.splitlines() == ["conversations 2026-01-03: 4 rows", "conversations 2026-01-04: 7 rows"]
    assert filled.read("conversations", FIRST)["external_tag"].to_pylist() == ["newer"]
    assert filled.read("participants", SECOND).num_rows == 2


def test_the_days_and_streams_asked_for_alone(filled: Lake, run: Run) -> None:
    told = run("rebuild", "--stream", "conversations", "--from", "2026-01-04", "--to", "2026-01-04")
    assert told.stdout == "conversations 2026-01-04: 7 rows\n" and filled.days("conversations") == [SECOND]
    refused = script("rebuild", "--stream", "conversation")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "There is no stream with raw in the lake 'conversation'; nearest are conversations.\n"


def test_an_empty_lake_is_told(lake: Lake, run: Run) -> None:
    assert run("rebuild").stdout == f"There is nothing to make tables from at {lake.place.name}.\n"
