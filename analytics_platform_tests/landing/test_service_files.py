"""Services land from exported files as they do one by one; GMS is asked once, and no half of an export ever lands."""

import hashlib
import itertools
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from analytics_platform.catalogue.service_files import KEPT_NAMES
from analytics_platform.catalogue.services import Events, State
from analytics_platform.gms.client import Access
from analytics_platform.gms.selection import Selection
from analytics_platform.lake import Lake, PartitionMissing
from analytics_platform.landing.errors import (
    DayNotComplete,
    FilesNotDone,
    FilesRefused,
    FilesUnusable,
    GivenUp,
    OtherSource,
)
from analytics_platform.landing.service_file_asking import FileTimes
from analytics_platform.landing.service_file_following import KEPT_FILES, follow
from analytics_platform.landing.service_files import StagedServiceFiles
from analytics_platform.landing.service_folders import ServiceFolders
from analytics_platform.source.errors import MissingPermission, SubmitUncertain
from analytics_platform_tests.gms.test_against_gms import AT_END, AT_START, BOUNDS, INSIDE, T1, T2, T3, TABLE
from analytics_platform_tests.gms.test_against_gms import DAY as FIGURE_DAY
from analytics_platform_tests.landing import service_file_days
from analytics_platform_tests.landing.scratch import scratch
from analytics_platform_tests.landing.service_file_days import ServiceFilePlace, file_place
from analytics_platform_tests.simulated_org import OrgOptions, SimulatedOrg
from analytics_platform_tests.waiting import wait_until

DAY = date(2026, 3, 3)
ASK = "services.files"
IMPATIENT = FileTimes(first_pause=0.01, patience=0.5, until_seen=0.1)
Places = Callable[..., ServiceFilePlace]


@pytest.fixture(scope="module")
def nodes() -> Iterator[tuple[SimulatedOrg, Path, Path]]:
    """An org with two nodes, and the folder each writes to; the first calls its own C:/."""
    with scratch() as made:
        folders = made / "first", made / "second"
        with SimulatedOrg(gms_folder=folders) as running:
            yield running, *folders


@pytest.fixture
def org(nodes: tuple[SimulatedOrg, Path, Path]) -> SimulatedOrg:
    running, *folders = nodes
    running.reset()
    running.restore_services()
    running.set_now(OrgOptions.now)
    for each in folders:
        each.mkdir(exist_ok=True)
        for file in each.iterdir():
            file.unlink()
    return running


@pytest.fixture
def exports(nodes: tuple[SimulatedOrg, Path, Path]) -> Path:
    return nodes[1]


@pytest.fixture
def places(org: SimulatedOrg, exports: Path, folder: Path) -> Iterator[Places]:
    """A place by name; its files are asked of the org's first node."""
    with ExitStack() as clients:

        def make(name: str = "first", *mapped: tuple[str, Path], **options: Any) -> ServiceFilePlace:
            given = {"files_url": f"{org.url}/node-1", "file_format_parameter": "format", **options}
            where = mapped or (("C:/", exports),)
            return clients.enter_context(file_place(org.url, folder / name, *where, **given))

        yield make


@pytest.fixture
def place(places: Places) -> ServiceFilePlace:
    return places()


def _asked(org: SimulatedOrg) -> list[dict[str, str]]:
    """The queries of all requests for files that the org served."""
    return [call["query"] for call in org.requests()["calls"] if call["operation"] == ASK]


def _nothing_landed(place: ServiceFilePlace) -> bool:
    return place.lake.tables() == []


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_day_by_files_is_the_day_by_ids(places: Places, org: SimulatedOrg, form: str) -> None:
    by_ids, by_files = places("ids"), places("files")
    by_ids.land(DAY)
    by_files.land_files(DAY, file_format=form)
    by_ids.build()
    by_files.build()
    told = by_files.tables()
    assert told == by_ids.tables()
    assert all(len(rows) > 10 for rows in told.values())
    (query,) = _asked(org)
    assert query == {
        "time_from": "2026-03-02T23:45:00.000Z",
        "time_to": "2026-03-04T00:15:00.000Z",
        "filter_events": "any",
        "format": form,
    }


@pytest.mark.parametrize(
    "assume",
    [
        ["gms_csv_separator=;", "gms_csv_encoding=utf-8-sig", "gms_packed=gz"],
        ["gms_csv_separator=\t", "gms_csv_encoding=utf-16", "gms_tasks_within_states=true"],
        ["gms_default_format=json", "gms_json_files=three", "gms_packed=zip"],
        ["gms_default_format=json", "gms_created_is_list=false", "gms_files_seconds=0.5"],
        ["gms_files_seconds=0.5", "gms_server_folders=D:\\exports\\daily\\"],
    ],
    ids=lambda assume: " ".join(assume),
)
def test_a_day_is_the_same_however_files_are_written(
    start_org: Callable[..., SimulatedOrg], folder: Path, assume: list[str]
) -> None:
    (folder / "exports").mkdir()
    org = start_org(gms_folder=[folder / "exports"], assume=assume)
    server = next((each.partition("=")[2] for each in assume if "server" in each), "C:/")
    with file_place(org.url, folder / "place", (server, folder / "exports")) as place:
        place.land_files(DAY)
        place.build()
        by_files = place.tables()
    with file_place(org.url, folder / "ids", ("C:/", folder)) as place:
        place.land(DAY)
        place.build()
        assert place.tables() == by_files and by_files["services"]


def test_both_routes_of_a_day_are_one_row_a_service(place: ServiceFilePlace, org: SimulatedOrg) -> None:
    place.land_files(DAY)
    place.build()
    first = place.tables()
    place.land(DAY)
    place.build()
    assert place.tables() == first
    assert place.services()


def test_files_are_kept_as_they_came_and_told_of(place: ServiceFilePlace, exports: Path) -> None:
    manifest = place.land_files(DAY)
    rows = place.files(DAY)
    assert set(rows) == {"services", "states", "tasks"}
    for kind, row in rows.items():
        content = (exports / row["file"]).read_bytes()
        assert place.lake.read_file(KEPT_FILES, DAY, f"{kind}.csv") == content
        assert (row["bytes"], row["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
        assert (row["format"], row["rows"] > 10) == ("csv", True)
    assert manifest.facts["created"] == [f"C:/{rows[kind]['file']}" for kind in rows]
    assert manifest.facts["state"] == "complete" and manifest.rows == rows["services"]["rows"]
    assert manifest.facts["as_of"] == "2026-03-07T00:00:00Z"
    assert [entry.state for entry in place.entries()] == ["landed"]


def test_a_day_landed_again_in_another_format_keeps_no_file_of_the_former(
    place: ServiceFilePlace, exports: Path
) -> None:
    before = place.land_files(DAY)
    again = place.land_files(DAY, request="again", file_format="json")
    kept = []
    for name in KEPT_NAMES:
        try:
            kept.append(place.lake.read_file(KEPT_FILES, DAY, name) and name)
        except PartitionMissing:
            continue
    assert kept == ["services.json"]
    assert again.facts["home_days"] == before.facts["home_days"]
    assert len(list(exports.iterdir())) == 4  # nothing on the server was deleted


def test_the_same_request_lands_a_day_once_and_another_reads_it_again(
    place: ServiceFilePlace, org: SimulatedOrg
) -> None:
    first = place.land_files(DAY)
    assert place.land_files(DAY) == first and len(_asked(org)) == 1
    again = place.land_files(DAY, request="again")
    assert len(_asked(org)) == 2
    assert (again.facts["state"], again.facts["digest"]) == ("settled", first.facts["digest"])


def test_a_day_that_is_not_complete_is_not_asked_for(place: ServiceFilePlace, org: SimulatedOrg) -> None:
    org.set_now("2026-03-04T00:01:00Z")
    with pytest.raises(DayNotComplete):
        place.land_files(DAY)
    assert not _asked(org)
    org.set_now("2026-03-04T00:02:00Z")
    place.land_files(DAY)


def test_files_that_grow_are_read_when_they_are_whole(place: ServiceFilePlace, org: SimulatedOrg) -> None:
    org.arm("file_held", ASK, fraction=0.4)
    with pytest.raises((FilesNotDone, FilesUnusable)):
        place.land_files(DAY, times=IMPATIENT)
    assert _nothing_landed(place)
    org.arm("file_held", ASK, fraction=0.6)
    done: list[Any] = []
    landing = threading.Thread(target=lambda: done.append(place.land_files(DAY)))
    landing.start()
    wait_until(lambda: sum(fault["waiting"] for fault in org.faults()) == 2, "a held export")
    org.release()
    landing.join(30)
    rows = place.files(DAY)
    assert done and done[0].rows == rows["services"]["rows"] > 10


def test_files_that_grow_until_the_end_are_gone_on_with_by_the_next_run(
    place: ServiceFilePlace, org: SimulatedOrg, exports: Path
) -> None:
    growing = threading.Event()

    def grow() -> None:
        wait_until(lambda: any(exports.iterdir()), "a file")
        file = next(exports.glob("*services.csv"))
        whole = file.read_bytes()
        lengths = itertools.cycle(range(1, 8))
        while not growing.is_set():
            file.write_bytes(whole + b"\r\n" * next(lengths))
        file.write_bytes(whole)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with pytest.raises(FilesNotDone, match="still grows"):
            place.land_files(DAY, times=IMPATIENT)
    finally:
        growing.set()
        writer.join(30)
    assert [entry.state for entry in place.entries()] == ["submitted"]
    place.land_files(DAY, request="another run")
    assert len(_asked(org)) == 1
    assert [entry.state for entry in place.entries()] == ["landed"]


@pytest.mark.parametrize(
    ("fault", "says"),
    [("file_missing", r"export\S+_tasks.csv did not appear"), ("file_cut", "does not|breaks off|tells of service")],
)
def test_what_is_missing_or_cut_short_lands_nothing_and_is_asked_for_anew_by_the_next_run(
    place: ServiceFilePlace, org: SimulatedOrg, fault: str, says: str
) -> None:
    org.arm(fault, ASK)
    with pytest.raises(FilesUnusable, match=says):
        place.land_files(DAY, times=IMPATIENT)
    assert _nothing_landed(place)
    assert [entry.state for entry in place.entries()] == ["lost"]
    place.land_files(DAY, request="another run")
    assert len(_asked(org)) == 2


def test_a_truncated_json_lands_nothing(place: ServiceFilePlace, org: SimulatedOrg) -> None:
    org.arm("file_cut", ASK)
    with pytest.raises(FilesUnusable, match="is no whole JSON"):
        place.land_files(DAY, file_format="json", times=IMPATIENT)
    assert _nothing_landed(place)


@pytest.mark.parametrize(
    "named",
    [
        None,
        "D:/export20260303_160508_183_services.csv",
        "C:/../export20260303_160508_183_services.csv",
        "/etc/passwd",
        "C:/passwd",
        "C:/export20260303_160508_183_services.csv",
    ],
)
def test_a_name_outside_the_mapping_is_refused_and_never_opened(
    place: ServiceFilePlace, org: SimulatedOrg, named: str | None
) -> None:
    org.arm("file_elsewhere", ASK, reason=named)
    with pytest.raises(FilesRefused, match="are not opened"):
        place.land_files(DAY)
    assert _nothing_landed(place)


def test_a_mapping_put_right_goes_on_with_what_was_created(
    places: Places, org: SimulatedOrg, exports: Path, folder: Path
) -> None:
    with pytest.raises(FilesRefused, match="GMS_FILE_FOLDERS"):
        places("first", ("D:/", exports)).land_files(DAY)
    places("first").land_files(DAY, request="another run")
    assert len(_asked(org)) == 1


def test_a_folder_that_is_not_mounted_is_told_of_before_anything_is_asked(
    places: Places, org: SimulatedOrg, folder: Path
) -> None:
    with pytest.raises(FilesRefused, match="elsewhere, which GMS_FILE_FOLDERS maps C:/ to, cannot be read"):
        places("first", ("C:/", folder / "elsewhere")).land_files(DAY)
    assert not _asked(org)


def test_a_day_has_one_writer(place: ServiceFilePlace, org: SimulatedOrg) -> None:
    held, ended = threading.Event(), threading.Event()

    def hold() -> None:
        with place.ledger.claim("service_files", DAY):
            held.set()
            ended.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(30)
    with pytest.raises(GivenUp, match="another run held"):
        place.files_landing().land(DAY, place.gms.now(), "run", held)
    ended.set()
    holder.join(30)
    assert not _asked(org)


def test_a_link_that_leads_out_of_its_folder_is_refused(
    place: ServiceFilePlace, org: SimulatedOrg, exports: Path, folder: Path
) -> None:
    org.arm("file_missing", ASK)
    outside = folder / "outside.csv"
    outside.write_bytes(b"service_id,task_id\n")

    def link() -> None:
        wait_until(lambda: len(list(exports.iterdir())) == 2, "two files")
        states = next(exports.glob("*states.csv"))
        (exports / states.name.replace("states", "tasks")).symlink_to(outside)

    linking = threading.Thread(target=link)
    linking.start()
    with pytest.raises(FilesRefused, match="a link that leads out"):
        place.land_files(DAY)
    linking.join(30)
    assert _nothing_landed(place)


def test_each_node_writes_to_a_folder_of_its_own(
    nodes: tuple[SimulatedOrg, Path, Path], org: SimulatedOrg, places: Places
) -> None:
    mapped = ("C:/", nodes[1]), ("/opt/genesys/gms/export", nodes[2])
    for name, number in (("one", 1), ("two", 2)):
        place = places(name, *mapped, files_url=f"{org.url}/node-{number}")
        manifest = place.land_files(DAY)
        assert all((nodes[number] / row["file"]).exists() for row in place.files(DAY).values())
        assert manifest.rows > 10


def test_killed_after_the_request_the_next_run_finds_the_files_and_does_not_ask_again(
    place: ServiceFilePlace, org: SimulatedOrg, exports: Path
) -> None:
    org.arm("hold", ASK)
    words = [org.url, str(place.folder), str(exports), DAY.isoformat()]
    process = subprocess.Popen([sys.executable, "-m", service_file_days.__name__, *words])
    wait_until(lambda: any(fault["waiting"] for fault in org.faults()), "a held answer")
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    org.clear_faults()
    assert _nothing_landed(place)
    assert [(entry.state, entry.job_id) for entry in place.entries()] == [("submitting", None)]
    manifest = place.land_files(DAY, request="another run")
    assert len(_asked(org)) == 1
    assert manifest.rows > 10 and [entry.state for entry in place.entries()] == ["landed"]


def test_after_a_time_out_the_files_it_made_are_found(places: Places, org: SimulatedOrg) -> None:
    org.arm("lost_answer", ASK)
    manifest = places().land_files(DAY)
    assert len(_asked(org)) == 1 and manifest.rows > 10


def test_where_nothing_came_of_a_request_it_is_made_once_more(
    place: ServiceFilePlace, org: SimulatedOrg, exports: Path
) -> None:
    org.put_only_services()  # an empty export could be anybody's, so it is not taken for ours
    org.arm("lost_answer", ASK)
    manifest = place.land_files(DAY, times=IMPATIENT)
    assert len(_asked(org)) == 2
    assert (manifest.rows, manifest.facts["state"]) == (0, "complete")


def test_uncertain_twice_it_is_given_up_until_another_run(place: ServiceFilePlace, org: SimulatedOrg) -> None:
    org.put_only_services()
    org.arm("lost_answer", ASK, times=2)
    with pytest.raises(SubmitUncertain):
        place.land_files(DAY, times=IMPATIENT)
    assert len(_asked(org)) == 2 and _nothing_landed(place)


def test_an_export_of_another_range_is_not_taken_for_the_days(
    place: ServiceFilePlace, org: SimulatedOrg, caplog: pytest.LogCaptureFixture
) -> None:
    named = org.put_only_services(
        {"name": "mine", "started": "2026-03-03T09:00:00.000Z", "completed": "2026-03-03T10:00:00.000Z"},
        {"name": "another's", "started": "2026-03-05T09:00:00.000Z"},
    )
    another = Selection(datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 6, tzinfo=UTC))
    org.arm("status", ASK, status=503)  # nothing is written for us

    def somebody_else() -> None:
        wait_until(lambda: any(fault["fired"] for fault in org.faults()), "our request")
        place.gms.request_files(another)

    asking = threading.Thread(target=somebody_else)
    asking.start()
    place.land_files(DAY, times=FileTimes(first_pause=0.01, patience=20.0, until_seen=1.0))
    asking.join(30)
    place.build()
    assert set(place.services()) == {named["mine"]}
    assert [query["time_from"][:10] for query in _asked(org)] == ["2026-03-05", "2026-03-02"]
    assert "hold services of another range" in caplog.text


def test_what_a_full_disk_left_is_not_taken_for_the_files(place: ServiceFilePlace, org: SimulatedOrg) -> None:
    org.arm("disk_full", ASK)
    manifest = place.land_files(DAY, times=IMPATIENT)
    assert len(_asked(org)) == 2 and manifest.rows > 10
    org.arm("disk_full", ASK, times=2)
    with pytest.raises(SubmitUncertain, match="not enough space"):
        place.land_files(DAY, request="again", times=IMPATIENT)
    assert place.lake.manifest(manifest.table, DAY) == manifest


@pytest.mark.parametrize("step", ["file", "beside", "raw"])
def test_killed_between_the_parts_the_day_ends_as_if_nothing_had_happened(
    place: ServiceFilePlace, org: SimulatedOrg, step: str
) -> None:
    staged = place.files_landing().land(DAY, datetime(2026, 3, 7, tzinfo=UTC), "run")
    assert isinstance(staged, StagedServiceFiles)
    parts = {
        "file": [*staged.files.copies.values()],
        "beside": [staged.services.beside],
        "raw": [staged.services.raw],
    }
    for name, some in parts.items():
        for part in some:
            part.publish()
        if name == step:
            break
    staged.discard()
    manifest = place.land_files(DAY)
    assert len(_asked(org)) == 1 and manifest.facts["state"] == "complete"
    place.build()
    assert len(place.services()) == manifest.rows


def test_services_without_a_start_are_set_aside_whole(
    place: ServiceFilePlace, org: SimulatedOrg, exports: Path
) -> None:
    org.arm("file_held", ASK, fraction=0.0)

    def write() -> None:
        wait_until(lambda: any(fault["waiting"] for fault in org.faults()), "a held export")
        for file in exports.iterdir():
            kind = file.name.rpartition("_")[2].removesuffix(".csv")
            file.write_text("service_id,note\n1,lost\n" if kind == "services" else "service_id\n")

    writing = threading.Thread(target=write)
    writing.start()
    manifest = place.land_files(DAY)
    writing.join(30)
    (row,) = place.lake.read("service_file_records_quarantine", DAY).to_pylist()
    assert (row["service_id"], row["reason"]) == ("1", "started.timestamp is missing")
    assert (manifest.rows, manifest.facts["set_aside"]) == (0, 1)
    place.land_files(DAY, request="again")
    assert place.lake.days("service_file_records_quarantine") == []


def test_a_lake_of_another_gms_takes_no_files(place: ServiceFilePlace, org: SimulatedOrg) -> None:
    place.land_files(DAY)
    landing = place.files_landing()
    other = type(landing)(landing.gms, landing.lake, landing.ledger, "other", landing.folders, landing.options)
    with pytest.raises(OtherSource):
        list(other.land_all([DAY], "again"))


def test_files_need_an_administrator_and_the_refusal_says_so(
    start_org: Callable[..., SimulatedOrg], folder: Path
) -> None:
    (folder / "exports").mkdir()
    org = start_org(gms_folder=[folder / "exports"], gms_user=["reader:secret:Supervisor"])
    with file_place(org.url, folder / "p", ("C:/", folder / "exports"), access=Access("reader", "secret")) as place:
        with pytest.raises(MissingPermission, match="Administrator") as caught:
            place.land_files(DAY)
        assert "secret" not in str(caught.value)
        assert [entry.state for entry in place.entries()] == ["lost"]


@pytest.fixture(scope="module", params=BOUNDS)
def figure(request: pytest.FixtureRequest) -> Iterator[tuple[SimulatedOrg, dict[str, str], str, Path]]:
    """Nothing but the services of the vendor's figure, by each rule for bounds, and the folder files come to."""
    with scratch() as made, SimulatedOrg(assume=[f"gms_bounds={request.param}"], gms_folder=[made]) as org:
        named = org.put_only_services(figure=FIGURE_DAY)
        org.set_now(T3)
        yield org, {service_id: name for name, service_id in named.items()}, request.param, made


@pytest.mark.parametrize("form", ["csv", "json"])
@pytest.mark.parametrize("row", TABLE, ids="-".join)
def test_a_row_of_the_vendors_table_is_told_by_files_by_whatever_rule_for_bounds(
    figure: tuple[SimulatedOrg, dict[str, str], str, Path], folder: Path, row: tuple[str, str], form: str
) -> None:
    org, names, bounds, exports = figure
    wanted = f"{TABLE[row]} {INSIDE[row]}"
    wanted += f" {AT_START[row]}" if bounds[0] == "[" else ""
    wanted += f" {AT_END[row]}" if bounds[1] == "]" else ""
    lake, mapped = Lake.open(folder), ServiceFolders((("C:/", exports),))
    with file_place(org.url, folder, file_format_parameter="format") as place:
        created = place.gms.request_files(Selection(T1, T2, Events(row[0]), State(row[1])), form)
    files = follow(lake, FIGURE_DAY, mapped.export(created.files), first_pause=0.001, patience=20.0)
    files.discard()
    assert sorted(names[each.service_id] for each in files.read.services) == sorted(wanted.split())


def test_the_figures_day_lands_by_files_under_every_rule_for_bounds(
    figure: tuple[SimulatedOrg, dict[str, str], str, Path], folder: Path
) -> None:
    org, names, _, exports = figure
    org.set_now("2014-09-03T12:00:00Z")
    try:
        with file_place(org.url, folder / "place", ("C:/", exports)) as place:
            place.land_files(FIGURE_DAY)
            place.build()
            assert {names[each] for each in place.services()} == set(names.values())
    finally:
        org.set_now(T3)
