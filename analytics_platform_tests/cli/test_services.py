"""`services export`: services onto the screen or into files, and what is refused before asking."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import Result

from analytics_platform.catalogue.services import SERVICES
from analytics_platform.cli import services as command
from analytics_platform_tests.cli.conftest import Run
from analytics_platform_tests.simulated_org import SimulatedOrg

DAYS = ("--from", "2026-03-02", "--to", "2026-03-05")


@pytest.fixture
def ask(run: Run, org: SimulatedOrg, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run a command of an environment that names the org's Context Services."""
    org.restore_services()
    monkeypatch.setenv("GMS_URL", org.url)
    monkeypatch.setenv("COLUMNS", "200")
    yield run
    org.restore_services()


def listed(org: SimulatedOrg) -> set[str]:
    """The services that were started or completed in the days, by the org's own truth."""
    return {
        told["service"]["service_id"]
        for told in org.truth_services()
        if told["gone_at"] is None
        and any(
            "2026-03-02" <= told["service"].get(event, {}).get("timestamp", "") < "2026-03-05"
            for event in ("started", "completed")
        )
    }


def refused(told: Result, org: SimulatedOrg) -> str:
    """The one sentence a command ended with, before anything was asked."""
    assert told.exit_code == 1, told.output
    assert told.stdout == ""
    assert told.stderr.count("\n") == 1
    assert org.requests()["total"] == 0
    return told.stderr


def test_the_screen_shows_the_first_services_and_reads_few_more(ask: Run, org: SimulatedOrg) -> None:
    told = ask("services", "export", *DAYS)
    assert told.exit_code == 0, told.output
    lines = told.stdout.splitlines()
    assert lines[0].split()[:1] == ["service_id"]
    assert len(lines) == 2 + 20
    count = len(listed(org))
    assert told.stderr == (
        f"The first 20 services of {count} with an event in the range; --output writes all to a file or folder.\n"
    )
    assert count > 24


def test_lines_and_json_on_the_screen_are_the_services_as_sent(ask: Run, org: SimulatedOrg) -> None:
    lines = ask("services", "export", *DAYS, "--format", "jsonl").stdout.splitlines()
    assert {json.loads(line)["service_id"] for line in lines} == listed(org)
    told = json.loads(ask("services", "export", *DAYS, "--format", "json").stdout)
    assert told == [json.loads(line) for line in lines]


@pytest.mark.parametrize("way", [[], ["--content"]])
def test_a_folder_holds_the_tables(ask: Run, org: SimulatedOrg, tmp_path: Path, way: list[str]) -> None:
    told = ask("services", "export", *DAYS, *way, "--output", str(tmp_path / "out"))
    assert told.exit_code == 0, told.output
    assert told.stdout == f"{tmp_path / 'out'} holds {len(listed(org))} services.\n"
    assert set(pq.read_table(tmp_path / "out" / "services.parquet")["service_id"].to_pylist()) == listed(org)
    assert len(pq.read_table(tmp_path / "out" / "service_states.parquet")) > 0


def test_filters_and_instants_select(ask: Run, org: SimulatedOrg, tmp_path: Path) -> None:
    named = org.put_only_services(figure="2026-03-03")
    org.set_now("2026-03-03T18:00:00Z")
    names = {service_id: name for name, service_id in named.items()}

    def told(*words: str) -> set[str]:
        result = ask(
            *("services", "export", "--from", "2026-03-03T08:00Z", "--to", "2026-03-03T12:00"),
            *("--format", "jsonl", *words),
        )
        assert result.exit_code == 0, result.output
        return {names[json.loads(line)["service_id"]] for line in result.stdout.splitlines()} & {"S1", "S2", "S3"}

    assert told() == {"S1", "S2", "S3"}
    assert told("--events", "started") == {"S1", "S2"}
    assert told("--events", "any", "--state", "inactive") == {"S1", "S3"}
    assert told("--state", "active", "--content") == {"S2"}
    assert told("--events", "completed", "--state", "inactive") == {"S3"}


def test_what_was_deleted_meanwhile_is_told(ask: Run, org: SimulatedOrg, tmp_path: Path) -> None:
    org.arm("service_deleted", "services.read")
    told = ask("services", "export", *DAYS, "--output", str(tmp_path / "out.jsonl"))
    assert told.exit_code == 0
    assert told.stderr == "Deleted between the list and the reading: 1.\n"


def test_too_many_in_one_answer_are_refused_unless_insisted(
    ask: Run, org: SimulatedOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_MOST_AT_ONCE", 5)
    told = ask("services", "export", *DAYS, "--content")
    assert told.exit_code == 1
    assert "over 5 in one answer may bring GMS down" in told.stderr
    assert [call["query"].get("export_content") for call in org.requests()["calls"]] == [None]
    assert ask("services", "export", *DAYS, "--content", "--force").exit_code == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--events", "completed", "--state", "active"], "completed and active select nothing"),
        (["--output", "services.csv"], "'services.csv' is nothing services can be written to"),
        (["--from", "yesterday"], "'yesterday' of --from is neither day nor instant"),
        (["--to", "2026-03-02"], "does not end after it begins"),
        (["--files", "--content"], "leave out --content or --files"),
        (["--files", "--output", "out"], "set GMS_FILE_FOLDERS"),
    ],
)
def test_what_cannot_be_asked_is_refused(ask: Run, org: SimulatedOrg, words: list[str], sentence: str) -> None:
    assert sentence in refused(ask("services", "export", *DAYS, *words), org)


def test_without_a_gms_it_says_what_to_set(run: Run, org: SimulatedOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GMS_URL", raising=False)
    assert "set GMS_URL" in refused(run("services", "export", *DAYS), org)


def test_files_are_named_as_the_server_names_them(
    run: Run, start_org: Callable[..., SimulatedOrg], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nodes = [tmp_path / "one", tmp_path / "two"]
    org = start_org(gms_folder=nodes)
    monkeypatch.setenv("GMS_URL", org.url)
    monkeypatch.setenv("GMS_FILES_URL", f"{org.url}/node-2")
    told = run("services", "export", *DAYS, "--files")
    assert told.exit_code == 0, told.output
    folder = "/opt/genesys/gms/export/"
    assert {file.removeprefix(folder) for file in told.stdout.splitlines()} == {
        file.name for file in nodes[1].iterdir()
    }
    assert "nothing tells when they are whole" in told.stderr
    assert org.requests()["counts"] == {"POST /genesys/1/cs/maintenance/services/files": {"200": 1}}


@pytest.mark.parametrize("form", ["csv", "json"])
def test_files_are_read_where_their_folder_is_reached(
    run: Run, start_org: Callable[..., SimulatedOrg], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, form: str
) -> None:
    monkeypatch.setattr(command, "_FIRST_LOOK", 0.01)
    org = start_org(gms_folder=[tmp_path / "server"], assume=["gms_format_parameter=fmt"])
    for name, value in {
        "GMS_URL": org.url,
        "GMS_FILE_FOLDERS": f"C:/={tmp_path / 'server'}",
        "GMS_FILE_FORMAT": form,
        "GMS_FILE_FORMAT_PARAMETER": "fmt",
    }.items():
        monkeypatch.setenv(name, value)
    told = run("services", "export", *DAYS, "--files", "--output", str(tmp_path / "files"))
    assert told.exit_code == 0, told.output
    assert told.stdout == f"{tmp_path / 'files'} holds {len(listed(org))} services.\n"
    assert told.stderr.splitlines()[0].startswith("C:/export2026")
    assert run("services", "export", *DAYS, "--output", str(tmp_path / "by id")).exit_code == 0
    for table in SERVICES.tables:
        read, expected = (pq.read_table(tmp_path / way / f"{table.name}.parquet") for way in ("files", "by id"))
        assert read.num_rows == expected.num_rows > 0
        if table.name == SERVICES.typed:
            assert read.sort_by("service_id").equals(expected.sort_by("service_id"))


def test_files_elsewhere_are_not_opened(
    run: Run, start_org: Callable[..., SimulatedOrg], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    org = start_org(gms_folder=[tmp_path / "server"])
    monkeypatch.setenv("GMS_URL", org.url)
    monkeypatch.setenv("GMS_FILE_FOLDERS", f"D:/={tmp_path / 'server'}")
    told = run("services", "export", *DAYS, "--files", "--output", str(tmp_path / "out"))
    assert told.exit_code == 1
    assert "lies in no folder that GMS_FILE_FOLDERS maps" in told.stderr
    assert not (tmp_path / "out").exists()


def test_files_whose_request_failed_are_not_asked_for_again(ask: Run, org: SimulatedOrg) -> None:
    org.arm("lost_answer", "services.files")
    told = ask("services", "export", *DAYS, "--files")
    assert told.exit_code == 1
    assert told.stderr.startswith("Nobody knows whether GMS writes the files it was asked for: look for new ones")
    assert org.requests()["total"] == 1
