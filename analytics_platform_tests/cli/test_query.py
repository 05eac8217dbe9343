"""`query` and `index-property`: details onto the screen or into a file, and what is refused before asking."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import Result

from analytics_platform.catalogue.operations.details import (
    CONVERSATION_PROPERTIES,
    CONVERSATION_QUERY,
    CONVERSATIONS_BY_IDS,
)
from analytics_platform_tests.cli.conftest import Run
from analytics_platform_tests.simulated_org import SimulatedOrg

ALL_DAYS = "2026-03-02/2026-03-05"


@pytest.fixture
def org(prompt_org: SimulatedOrg) -> SimulatedOrg:
    prompt_org.reset()
    return prompt_org


@pytest.fixture
def ask(run: Run, org: SimulatedOrg, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command of an environment that names the org."""
    for name, value in {
        "GENESYSCLOUD_REGION": "",
        "GENESYSCLOUD_LOGIN_URL": "",
        "GENESYSCLOUD_API_URL": org.url,
        "GENESYSCLOUD_OAUTHCLIENT_ID": org.client_id,
        "GENESYSCLOUD_OAUTHCLIENT_SECRET": org.client_secret,
        "ANALYTICS_PLATFORM_REQUESTS_PER_MINUTE": "100000",
        "COLUMNS": "200",
    }.items():
        monkeypatch.setenv(name, value)
    return run


def truth(org: SimulatedOrg, first: str = "2026-03-02", last: str = "2026-03-04") -> list[dict[str, Any]]:
    told = org.truth_conversations(first, last)
    for conversation in told:
        for participant in conversation.get("participants", []):
            participant.pop("attributes", None)
    return told


def asked(org: SimulatedOrg, path: str) -> int:
    return sum(sum(counts.values()) for called, counts in org.requests()["counts"].items() if called.endswith(path))


def refused(told: Result) -> str:
    """The one sentence a command ended with."""
    assert told.exit_code == 1, told.output
    assert told.stdout == ""
    assert told.stderr.count("\n") == 1
    return told.stderr


def test_the_screen_shows_the_first_records_and_asks_for_no_more_pages(ask: Run, org: SimulatedOrg) -> None:
    told = ask("query", "conversations", "--interval", ALL_DAYS)
    assert told.exit_code == 0
    lines = told.stdout.splitlines()
    ids = org.truth_conversation_ids("2026-03-02", "2026-03-04")
    assert [line.split()[0] for line in lines[2:]] == ids[:20]
    assert "conversation" in lines[0] and "queues" in lines[0] and "agents" in lines[0]
    assert told.stderr == "The first 20 records; --limit 0 gives all, --to writes them to a file.\n"
    assert asked(org, CONVERSATION_QUERY.path) == 1


def test_all_records_as_sent_are_json_or_lines(ask: Run, org: SimulatedOrg) -> None:
    wanted = truth(org)
    assert json.loads(ask("query", "conversations", "--interval", ALL_DAYS, "--format", "json").stdout) == wanted
    lines = ask("query", "conversations", "--interval", ALL_DAYS, "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == wanted
    few = ask("query", "conversations", "--interval", ALL_DAYS, "--format", "jsonl", "--limit", "3", "--order", "desc")
    assert [json.loads(line) for line in few.stdout.splitlines()] == wanted[::-1][:3]


def test_nothing_found_is_told(ask: Run) -> None:
    words = ("query", "conversations", "--interval", "2026-01-01")
    assert "nothing found" in ask(*words).stdout
    assert json.loads(ask(*words, "--format", "json").stdout) == []


def test_a_parquet_file_has_a_row_a_conversation(ask: Run, org: SimulatedOrg, tmp_path: Path) -> None:
    told = ask("query", "conversations", "--interval", "2026-03-02T12:00Z/2026-03-04", "--to", "found.parquet")
    wanted = [each for each in truth(org, last="2026-03-03") if each["conversationStart"] >= "2026-03-02T12"]
    table = pq.read_table(tmp_path / "found.parquet")
    assert table.column("conversationId").to_pylist() == [each["conversationId"] for each in wanted]
    size = (tmp_path / "found.parquet").stat().st_size
    assert told.stdout == f"found.parquet holds {len(wanted)} records in {size} bytes.\n"
    assert "Left out, as they started outside the interval" in told.stderr


def test_filters_and_a_body_of_the_vendors_are_one_question(ask: Run, org: SimulatedOrg, tmp_path: Path) -> None:
    body = {"segmentFilters": [{"type": "and", "predicates": [{"dimension": "mediaType", "value": "email"}]}]}
    (tmp_path / "body.json").write_text(json.dumps(body))
    words = ("query", "conversations", "--interval", ALL_DAYS, "--format", "jsonl")
    by_file = ask(*words, "--query", "body.json", "--filter", "userId exists").stdout
    by_words = ask(*words, "--query", json.dumps(body), "--filter", "userId exists").stdout
    by_filters = ask(*words, "--filter", "mediaType=email", "--filter", "userId exists").stdout
    assert by_file == by_words == by_filters != ""
    assert len(by_file.splitlines()) < len(truth(org))


def test_conversations_by_ids_keep_their_order_also_from_the_input(ask: Run, org: SimulatedOrg) -> None:
    wanted = truth(org)[::-1]
    ids = [each["conversationId"] for each in wanted]
    told = ask("query", "conversations", "-", "--format", "jsonl", input="\n".join([*ids, "nobody", ""]))
    assert [json.loads(line) for line in told.stdout.splitlines()] == wanted
    assert told.stderr == "Not found: nobody.\n"
    assert asked(org, CONVERSATIONS_BY_IDS.path) == 2
    shown = ask("query", "conversations", *ids[:2])
    assert [line.split()[0] for line in shown.stdout.splitlines()[2:]] == ids[:2]


def test_one_conversation_is_json(ask: Run, org: SimulatedOrg) -> None:
    wanted = truth(org)[5]
    assert json.loads(ask("query", "conversation", wanted["conversationId"]).stdout) == [wanted]
    assert "nobody" in refused(ask("query", "conversation", "nobody", "--format", "table"))


def test_users_are_told_in_a_line_each(ask: Run, org: SimulatedOrg) -> None:
    told = ask("query", "users", "--interval", ALL_DAYS, "--limit", "0")
    users = {line.split()[0] for line in told.stdout.splitlines()[2:]}
    assert {row["userId"] for row in org.truth_statuses("2026-03-02", "2026-03-04")} <= users
    assert told.stderr == ""


def test_transcripts_are_searched_for_phrases(ask: Run, org: SimulatedOrg) -> None:
    words = ("--interval", ALL_DAYS, "--format", "jsonl")
    told = ask("query", "transcripts", "cancel my contract", "how can I help you", *words)
    found = [json.loads(line) for line in told.stdout.splitlines()]
    assert found == [each for each in truth(org) if each in found] != []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--filter", "meadiaType=voice"), "nearest are mediaType"),
        (("--filter", "queueId"), "'queueId' is no filter"),
        (("--query", '{"segmentFilter": []}'), "segmentFilters"),
        (("--query", "{"), "The query is not JSON"),
        (("--query", "absent.json"), "cannot be read from absent.json"),
        (("--query", "[]"), "cannot be read from []"),
        (("--order", "up"), "asc, desc, unordered"),
        (("--last", "3d"), "give one of them"),
        (("--to", "found.csv"), "must end in .parquet or .jsonl"),
        (("--interval", "March"), "neither day nor instant"),
        (("some-id",), "either by ids or by interval"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence_and_no_request(
    ask: Run, org: SimulatedOrg, words: tuple[str, ...], said: str
) -> None:
    told = ask("query", "conversations", "--interval", "2026-03-02", *words)
    assert said in refused(told)
    assert org.requests()["total"] == 0


def test_a_question_without_an_interval_says_how_to_write_one(ask: Run) -> None:
    for subject in ("conversations", "users", "transcripts"):
        assert "needs an interval, such as 2026-03-02/2026-03-04" in refused(ask("query", subject))


def test_help_lists_what_can_be_asked(run: Run) -> None:
    told = run("query", "--help")
    assert told.exit_code == 0
    for name in ("conversations", "conversation", "users", "transcripts"):
        assert f" {name} " in told.stdout


def test_properties_are_indexed_and_found_and_a_dry_run_sends_nothing(ask: Run, org: SimulatedOrg) -> None:
    chosen = truth(org)[7]
    session = chosen["participants"][0]["sessions"][0]
    words = (
        "index-property",
        chosen["conversationId"],
        "--session",
        session["sessionId"],
        "--date",
        session["segments"][0]["segmentStart"],
        "order=4711:integer",
    )
    dry = ask(*words, "--dry-run")
    assert dry.exit_code == 0
    assert dry.stdout.startswith("Nothing was sent. It would be POST ")
    assert json.loads(dry.stdout.split(" with\n")[1])["properties"] == [
        {"property": "order", "propertyType": "integer", "value": "4711"}
    ]
    assert org.requests()["total"] == 0
    done = ask(*words)
    assert (done.exit_code, done.stdout.split()[:2]) == (0, ["Indexed", "order"])
    assert asked(org, CONVERSATION_PROPERTIES.path) == 1
    found = ask(
        "query", "conversations", "--interval", ALL_DAYS, "--filter", "property.order=4711", "--format", "jsonl"
    )
    assert [json.loads(line)["conversationId"] for line in found.stdout.splitlines()] == [chosen["conversationId"]]


def test_a_property_of_another_type_is_refused(ask: Run, org: SimulatedOrg) -> None:
    told = ask("index-property", "c-1", "--session", "s-1", "--date", "2026-03-02T10:00Z", "order=many:integer")
    assert "The value 'many' of the property 'order' is no integer" in refused(told)
    assert org.requests()["total"] == 0
