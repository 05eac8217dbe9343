"""The export to files: its names, folders and layouts; what it holds equals what a reading by id tells."""

import csv
import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.gms_asking import FILES, GmsAsker, asking_gms, at, day_of
from analytics_platform_tests.waiting import wait_until

StartOrg = Callable[..., SimulatedOrg]
Node = tuple[GmsAsker, Path]
WHOLE = {"time_from": at("2026-02-01", "00:00"), "time_to": at("2026-03-07", "00:00")}
NAME = re.compile(r"export\d{8}_\d{6}_\d{3}_(services|states|tasks)\.(csv|json)(\.gz|\.zip)?")
LISTS = {"states": ("active_states", "completed_states"), "tasks": ("active_tasks", "completed_tasks")}


@pytest.fixture
def node(start_org: StartOrg, tmp_path: Path) -> Iterator[Callable[..., Node]]:
    """Starts an org of one node with some assumptions: who asks, and the node's folder."""
    with ExitStack() as stack:

        def start(*assume: str) -> Node:
            org = start_org(gms_folder=[tmp_path], assume=assume)
            return stack.enter_context(asking_gms(org)), tmp_path

        yield start


@pytest.fixture(scope="module")
def exporting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SimulatedOrg, list[Path]]]:
    """An org of two nodes, the first a Windows machine, and their folders."""
    folders = [tmp_path_factory.mktemp("node") for _ in range(2)]
    with SimulatedOrg(gms_folder=folders) as org:
        yield org, folders


def by_id(asker: GmsAsker, **query: str) -> dict[str, dict[str, Any]]:
    return {each: asker.service(each) for each in asker.stream(**query)}


def base(created: str) -> str:
    return created.rpartition("/")[2]


def rows(text: str, separator: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=separator))


def unflattened(row: dict[str, str], own: set[str]) -> dict[str, Any]:
    """A row of a CSV as JSON would tell it, its own fields as text."""
    told: dict[str, Any] = {}
    for column, cell in row.items():
        event, _, name = column.partition("_")
        within = event in ("started", "completed")
        if not cell:
            continue
        if within and name in EVENT_FIELDS:
            told.setdefault(event, {})[name] = cell
        elif within:
            told.setdefault(event, {})[name] = json.loads(cell)
        else:
            told[column] = cell if column in own else json.loads(cell)
    return told


EVENT_FIELDS = {"timestamp", "session_id", "interaction_id", "application_type", "application_id", "resource_type"}
EVENT_FIELDS |= {"resource_id", "media_type", "ttl", "auto_complete_after", "disposition", "disposition_desc"}
OWN = {"service_id", "service_type", "customer_id", "contact_key", "est_duration", "state_id", "state_type"}
OWN |= {"previous_state_id", "task_id", "task_type"}


def as_text(told: dict[str, Any]) -> dict[str, Any]:
    """A record with the vendor's own fields as text, extensions as they are."""
    texts: dict[str, Any] = {}
    for name, value in told.items():
        if name in ("started", "completed"):
            texts[name] = {key: str(each) if key in EVENT_FIELDS else each for key, each in value.items()}
        elif name not in {*LISTS["states"], *LISTS["tasks"]}:
            texts[name] = str(value) if name in OWN else value
    return texts


def canonical(told: dict[str, Any]) -> str:
    return json.dumps(told, sort_keys=True)


def test_three_csv_files_hold_what_reading_by_id_tells(exporting: tuple[SimulatedOrg, list[Path]]) -> None:
    org, folders = exporting
    with asking_gms(org, 1) as asker:
        created, services = asker.files(**WHOLE), by_id(asker, **WHOLE)
    assert [NAME.fullmatch(base(name))[1] for name in created] == ["services", "states", "tasks"]  # type: ignore[index]
    told = [rows((folders[0] / base(name)).read_bytes().decode()) for name in created]
    assert len(services) > 30
    assert {row["service_id"]: unflattened(row, OWN) for row in told[0]} == {
        service_id: as_text(service) for service_id, service in services.items()
    }
    for kind, found in (("states", told[1]), ("tasks", told[2])):
        expected = [
            as_text({"service_id": service_id, **part})
            for service_id, service in services.items()
            for name in LISTS[kind]
            for part in service[name]
        ]
        assert len(expected) > 30
        assert sorted(canonical(unflattened(row, OWN)) for row in found) == sorted(map(canonical, expected))


def test_one_json_file_holds_whole_services(exporting: tuple[SimulatedOrg, list[Path]]) -> None:
    org, folders = exporting
    with asking_gms(org, 2) as asker:
        (created,), services = asker.files(**WHOLE, format="json"), by_id(asker, **WHOLE)
    told = json.loads((folders[1] / base(created)).read_bytes())
    assert {service["service_id"]: service for service in told} == services
    assert len(told) == len(services)


def test_each_node_writes_into_its_folder_and_names_it_its_own_way(
    exporting: tuple[SimulatedOrg, list[Path]],
) -> None:
    org, folders = exporting
    query = day_of("2026-03-04")
    for number, (folder, prefix) in enumerate(zip(folders, ("C:/", "/opt/genesys/gms/export/"), strict=True), 1):
        with asking_gms(org, number) as asker:
            created = asker.files(**query)
        assert all(name.startswith(prefix) and (folder / base(name)).exists() for name in created)
    with asking_gms(org) as asker:
        turns = [asker.files(**query)[0].rpartition("/")[0] for _ in range(4)]
    assert turns[0] != turns[1]
    assert turns[:2] == turns[2:]


def test_every_export_is_a_new_set(exporting: tuple[SimulatedOrg, list[Path]]) -> None:
    org, folders = exporting
    before = {path.name for folder in folders for path in folder.iterdir()}
    with asking_gms(org) as asker:
        names = [base(name) for _ in range(3) for name in asker.files(**day_of("2026-03-04"))]
    assert len(set(names)) == 9
    assert not before & set(names)


@pytest.mark.parametrize("form", ["csv", "json"])
def test_nothing_selected_is_still_a_set(exporting: tuple[SimulatedOrg, list[Path]], form: str) -> None:
    org, folders = exporting
    query = {**WHOLE, "filter_events": "completed", "filter_state": "active", "format": form}
    with asking_gms(org, 1) as asker:
        texts = [(folders[0] / base(name)).read_text(encoding="utf-8") for name in asker.files(**query)]
    assert texts == ["[]"] if form == "json" else all(text.count("\n") == 1 for text in texts)


def test_filters_are_those_of_the_stream_and_refusals_too(exporting: tuple[SimulatedOrg, list[Path]]) -> None:
    org, folders = exporting
    query = {**WHOLE, "filter_events": "started", "filter_state": "active"}
    with asking_gms(org, 1) as asker:
        told = json.loads((folders[0] / base(asker.files(**query, format="json")[0])).read_bytes())
        assert {service["service_id"] for service in told} == set(asker.stream(**query)) != set()
        for wrong in ({"format": "xml"}, {"time_to": WHOLE["time_from"]}, {"filter_state": "open"}):
            assert asker.http.post(FILES, params=WHOLE | wrong).status_code == 400


def test_a_csv_may_be_laid_out_otherwise(node: Callable[..., Node]) -> None:
    asker, folder = node("gms_csv_separator=;", "gms_csv_encoding=utf-16", "gms_format_parameter=type")
    text = (folder / base(asker.files(**WHOLE, type="csv")[0])).read_bytes().decode("utf-16")
    assert {row["service_id"] for row in rows(text, ";")} == set(asker.stream(**WHOLE))


@pytest.mark.parametrize("how", ["gz", "zip"])
def test_files_may_be_packed(node: Callable[..., Node], how: str) -> None:
    asker, folder = node(f"gms_packed={how}", "gms_default_format=json", "gms_created_is_list=false")
    created = asker.files(**WHOLE)
    assert isinstance(created, str)
    assert NAME.fullmatch(base(created))
    content = (folder / base(created)).read_bytes()
    if how == "zip":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.namelist() == [base(created).removesuffix(".zip")]
            content = archive.read(archive.namelist()[0])
    else:
        content = gzip.decompress(content)
    assert {service["service_id"] for service in json.loads(content)} == set(asker.stream(**WHOLE))


@pytest.mark.parametrize("within", ["true", "false"])
def test_json_may_be_one_file_a_type_of_data(node: Callable[..., Node], within: str) -> None:
    asker, folder = node(
        "gms_json_files=three", "gms_default_format=json", f"gms_tasks_within_states={within}", "gms_server_folders=/x/"
    )
    services, states, tasks = (json.loads((folder / base(name)).read_bytes()) for name in asker.files(**WHOLE))
    assert {service["service_id"] for service in services} == set(asker.stream(**WHOLE))
    assert not any("active_states" in service for service in services)
    assert not any("tasks" in state for state in states)
    known = {(state["service_id"], state["state_id"]) for state in states}
    assert all((task["service_id"], task["state_id"]) in known for task in tasks if "state_id" in task)
    assert len({(task["service_id"], task["task_id"]) for task in tasks}) == len(tasks) > 30


def test_files_grow_after_the_answer_until_they_are_released(exporting: tuple[SimulatedOrg, list[Path]]) -> None:
    org, folders = exporting
    org.arm("file_held", "services.files", fraction=0.4)
    with asking_gms(org, 1) as asker:
        held = [folders[0] / base(name) for name in asker.files(**WHOLE)]
        whole = [(folders[0] / base(name)).read_bytes() for name in asker.files(**WHOLE)]
    wait_until(lambda: org.faults()[0]["waiting"] == 1, "the export that is held")
    assert [path.read_bytes() for path in held] == [content[: int(len(content) * 0.4)] for content in whole]
    org.release()
    wait_until(lambda: [path.read_bytes() for path in held] == whole, "the whole export")
    org.reset()


def test_files_may_take_their_time(node: Callable[..., Node]) -> None:
    asker, folder = node("gms_files_seconds=0.2")
    first, second = ([folder / base(name) for name in asker.files(**WHOLE)] for _ in range(2))

    def sizes(paths: list[Path]) -> list[int]:
        return [path.stat().st_size for path in paths]

    services = len(asker.stream(**WHOLE))
    wait_until(lambda: len(rows(first[0].read_text(encoding="utf-8"))) == services, "all rows of services")
    wait_until(lambda: sizes(first) == sizes(second) and min(sizes(first)) > 1000, "two whole exports")


def test_an_export_fails_in_many_ways(exporting: tuple[SimulatedOrg, list[Path]]) -> None:
    org, folders = exporting
    folder = folders[0]
    with asking_gms(org, 1) as asker:
        org.arm("file_missing", "services.files")
        assert [(folder / base(name)).exists() for name in asker.files(**WHOLE)] == [True, True, False]
        org.arm("file_cut", "services.files", fraction=0.5)
        with pytest.raises(ValueError, match="line 1"):
            json.loads((folder / base(asker.files(**WHOLE, format="json")[0])).read_bytes())
        org.arm("file_elsewhere", "services.files")
        assert asker.files(**WHOLE)[0].startswith("C:/../elsewhere/export")
        org.arm("file_elsewhere", "services.files", reason="/etc/passwd")
        assert asker.files(**WHOLE)[0] == "/etc/passwd"
        org.arm("disk_full", "services.files")
        before = set(folder.iterdir())
        answer = asker.http.post(FILES, params=WHOLE)
        assert answer.status_code == 500
        assert "space" in answer.json()["message"]
        assert len(set(folder.iterdir()) - before) == 3
    org.reset()
