"""An export is asked for once, whatever is killed or lost on the way, and lands as the file the vendor made."""

import csv
import dataclasses
import hashlib
import io
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from analytics_platform.catalogue.operations import CONVERSATION_JOBS
from analytics_platform.catalogue.operations.reporting import EXPORT_REQUEST
from analytics_platform.genesys_cloud.exports import Exports
from analytics_platform.lake import PartitionMissing
from analytics_platform.landing.errors import DayNotComplete, ExportNotDone, ExportUnusable
from analytics_platform.landing.exports import StagedExport
from analytics_platform.source.errors import BadRequest, JobFailed, ServerFault, SourceError
from analytics_platform_tests.genesys_cloud.scripted import Reply, Scripted
from analytics_platform_tests.landing import export_days
from analytics_platform_tests.landing.export_days import ExportPlace
from analytics_platform_tests.landing.workplace import DAYS, connected
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.waiting import wait_until

DAY = DAYS[1]
FILES = "export_queues_files"
ASK, LIST = "exports.request", "exports.list"


@pytest.fixture
def places(quick_org: SimulatedOrg, folder: Path) -> Iterator[Callable[..., ExportPlace]]:
    with ExitStack() as clients:
        yield lambda name="first", **times: ExportPlace(
            clients.enter_context(connected(quick_org.url)),
            folder / name,
            dataclasses.replace(export_days.QUICK, **times),
        )


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    server = Scripted()
    yield server
    server.close()


@pytest.fixture
def place(places: Callable[..., ExportPlace]) -> ExportPlace:
    return places()


def _asked(org: SimulatedOrg) -> list[dict[str, Any]]:
    """The bodies of all requests for an export that the org served."""
    return [json.loads(call["body"]) for call in org.requests()["calls"] if call["operation"] == ASK]


def _states(place: ExportPlace) -> list[str]:
    return [entry.state for entry in place.ledger.entries()]


def _as_filed(place: ExportPlace) -> list[list[str]]:
    content = place.lake.read_file(FILES, DAY, "export.csv").decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content, newline="")))


def test_a_day_lands_as_its_file_its_raw_row_and_its_table(quick_org: SimulatedOrg, place: ExportPlace) -> None:
    manifest = place.land(DAY)
    content = place.lake.read_file(FILES, DAY, "export.csv")
    (row,) = place.lake.read("export_queues_raw", DAY).to_pylist()
    assert (row["bytes"], row["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert (row["status"], row["content_type"]) == ("COMPLETED", "text/csv")
    assert json.loads(row["request"]) == _asked(quick_org)[0]
    headings, *lines = _as_filed(place)
    table = place.lake.read("export_queues", DAY)
    assert table.schema.field("offer").metadata[b"heading"] == b"Offer"
    assert table.num_rows == len(lines) == manifest.facts["file_rows"] > 10
    assert sorted(manifest.facts["headings"].values()) == sorted(headings)
    assert manifest.facts["as_told"] == [] and manifest.facts["state"] == "complete"
    for line, told in zip(lines, table.to_pylist(), strict=True):
        named = dict(zip(headings, line, strict=True))
        assert told["queue_name"] == named["Queue Name"]
        assert str(told["offer"] if told["offer"] is not None else "") == named["Offer"]
        assert told["interval_start"].isoformat(timespec="milliseconds") == named["Interval Start"]
    assert manifest.facts["run_id"] == row["run_id"] == place.ledger.entries()[0].job_id
    assert _states(place) == ["landed"]


def test_an_export_is_asked_for_by_a_name_of_its_own(quick_org: SimulatedOrg, place: ExportPlace) -> None:
    place.land(DAY)
    place.land(DAYS[0])
    place.land(DAY, request="read again")
    names = [body["name"] for body in _asked(quick_org)]
    assert len(set(names)) == 3
    assert all(name.startswith("analytics-platform queues 2026-03-0") for name in names)


def test_the_same_request_lands_a_day_once_and_another_reads_it_again(
    quick_org: SimulatedOrg, place: ExportPlace
) -> None:
    first = place.land(DAY)
    assert place.land(DAY) == first
    assert len(_asked(quick_org)) == 1
    again = place.land(DAY, request="read again")
    assert len(_asked(quick_org)) == 2
    assert again.facts["digest"] == first.facts["digest"]
    assert again.facts["run_id"] != first.facts["run_id"]


@pytest.mark.parametrize("operation", [ASK, LIST, "exports.download", "storage"])
def test_killed_at_any_call_the_next_run_goes_on_with_the_same_export(
    quick_org: SimulatedOrg, place: ExportPlace, operation: str
) -> None:
    quick_org.arm("hold", operation)
    command = [sys.executable, "-m", export_days.__name__, quick_org.url, str(place.folder), DAY.isoformat()]
    process = subprocess.Popen(command)
    wait_until(lambda: any(fault["waiting"] for fault in quick_org.faults()), "a held answer")
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    quick_org.clear_faults()
    assert place.lake.tables() == []
    (entry,) = place.ledger.entries()
    assert (entry.state, entry.job_id is None) == ("submitting" if operation == ASK else "submitted", operation == ASK)
    place.land(DAY, request="another run")
    assert len(_asked(quick_org)) == 1
    assert _states(place) == ["landed"]


def test_killed_before_it_was_asked_for_it_is_asked_for_without_a_search(
    quick_org: SimulatedOrg, place: ExportPlace
) -> None:
    export = place.landing().export
    place.ledger.begin(export.question("org", DAY), "run", datetime(2026, 3, 6, tzinfo=UTC))
    place.land(DAY)
    first = next(call for call in quick_org.requests()["calls"] if call["operation"] in (ASK, LIST))
    assert first["operation"] == ASK
    assert _states(place) == ["landed"]


@pytest.mark.parametrize("step", ["file", "raw", "table"])
def test_killed_between_the_parts_the_day_ends_as_if_nothing_had_happened(
    quick_org: SimulatedOrg, places: Callable[..., ExportPlace], step: str
) -> None:
    undisturbed, place = places("undisturbed"), places()
    undisturbed.land(DAY)
    quick_org.clear_requests()
    staged = place.landing().land(DAY, "run")
    assert isinstance(staged, StagedExport) and staged.table is not None
    for name, part in (("file", staged.file), ("raw", staged.raw), ("table", staged.table)):
        part.publish()
        if name == step:
            break
    staged.discard()  # as a killed run leaves it: the ledger still holds the export
    manifest = place.land(DAY)
    assert len(_asked(quick_org)) == 1 and _states(place) == ["landed"]
    assert manifest.facts["state"] == "complete"
    assert place.lake.read("export_queues", DAY).equals(undisturbed.lake.read("export_queues", DAY))


@pytest.mark.parametrize("fault", ["lost_answer", "cut", "not_json"])
def test_after_an_uncertain_request_the_list_tells_and_nothing_is_asked_twice(
    quick_org: SimulatedOrg, place: ExportPlace, fault: str
) -> None:
    quick_org.arm(fault, ASK)
    place.land(DAY)
    assert len(_asked(quick_org)) == 1
    assert _states(place) == ["landed"]


def test_what_the_vendor_did_not_take_is_asked_for_again_once_it_has_had_time_to_list_it(
    quick_org: SimulatedOrg, places: Callable[..., ExportPlace]
) -> None:
    place = places(until_listed=0.0)
    quick_org.arm("status", ASK, status=503)
    with pytest.raises(SourceError, match="looks for it in the list first"):
        place.land(DAY)
    assert _states(place) == ["submitting"] and _asked(quick_org) == []
    place.land(DAY)
    assert len(_asked(quick_org)) == 1
    assert _states(place) == ["landed"]


def test_a_request_that_is_refused_is_no_export_in_flight(quick_org: SimulatedOrg, place: ExportPlace) -> None:
    with pytest.raises(BadRequest):
        place.land(DAY, timeZone="Europe/Nowhere")
    assert _states(place) == ["lost"]


def test_a_failed_export_says_why_and_the_next_run_asks_anew(quick_org: SimulatedOrg, place: ExportPlace) -> None:
    quick_org.arm("export_failed", ASK, reason="TOO_MANY_SEARCH_CRITERIA")
    with pytest.raises(JobFailed, match="TOO_MANY_SEARCH_CRITERIA"):
        place.land(DAY)
    assert _states(place) == ["lost"] and place.lake.tables() == []
    place.land(DAY)
    assert _states(place) == ["lost", "landed"]
    assert len(_asked(quick_org)) == 2


def test_one_that_is_not_done_in_time_stays_in_the_ledger_and_is_landed_when_it_is(
    quick_org: SimulatedOrg, places: Callable[..., ExportPlace]
) -> None:
    hurried = places(deadline=0.0)
    with pytest.raises(ExportNotDone, match=r"exports_finished lands it when it is done"):
        hurried.land(DAY)
    assert _states(hurried) == ["submitted"]
    places().land(DAY, request="the sensor's")
    assert len(_asked(quick_org)) == 1
    assert _states(hurried) == ["landed"]


def test_an_export_of_another_content_is_another_export(
    quick_org: SimulatedOrg, places: Callable[..., ExportPlace]
) -> None:
    with pytest.raises(ExportNotDone):
        places(deadline=0.0).land(DAY)
    places().land(DAY, period="P1D")
    assert [body["period"] for body in _asked(quick_org)] == ["PT1H", "P1D"]


def test_exports_of_others_are_never_taken_for_ours(
    quick_org: SimulatedOrg, places: Callable[..., ExportPlace]
) -> None:
    foreign = places("foreign")
    body = {**export_days.CONTENT, "name": f"analytics-platform queues {DAY} somebody-else"}
    other = Exports(foreign.client).request({**body, "interval": "2026-03-03T00:00:00.000Z/2026-03-04T00:00:00.000Z"})
    manifest = places().land(DAY)
    assert manifest.facts["run_id"] != other.run_id


def test_partial_results_land_and_are_marked(quick_org: SimulatedOrg, place: ExportPlace) -> None:
    quick_org.arm("export_partial", ASK)
    manifest = place.land(DAY)
    assert (manifest.facts["partial"], manifest.facts["status"]) == (True, "COMPLETED_WITH_PARTIAL_RESULTS")


def test_a_pdf_is_kept_as_a_file_and_makes_no_table(quick_org: SimulatedOrg, place: ExportPlace) -> None:
    place.land(DAY)
    manifest = place.land(DAY, exportFormat="PDF")
    content = place.lake.read_file(FILES, DAY, "export.pdf")
    assert content.startswith(b"%PDF-")
    (row,) = place.lake.read("export_queues_raw", DAY).to_pylist()
    assert row["sha256"] == hashlib.sha256(content).hexdigest() == manifest.facts["digest"]
    assert "file_rows" not in {name for name, value in manifest.facts.items() if value is not None}
    with pytest.raises(PartitionMissing):
        place.lake.read_file(FILES, DAY, "export.csv")


def test_a_semicolon_divides_as_well(quick_org: SimulatedOrg, place: ExportPlace) -> None:
    commas = place.land(DAY)
    rows = place.lake.read("export_queues", DAY)
    semicolons = place.land(DAY, csvDelimiter="SEMICOLON")
    assert commas.facts["digest"] != semicolons.facts["digest"]
    assert place.lake.read("export_queues", DAY).equals(rows)


def test_a_day_past_the_watermark_is_not_asked_for(quick_org: SimulatedOrg, place: ExportPlace) -> None:
    quick_org.set_now("2026-03-03T20:00:00Z")
    with pytest.raises(DayNotComplete):
        place.land(DAY)
    assert _asked(quick_org) == [] and place.ledger.entries() == []
    assert place.land(DAY, provisional=True).facts["state"] == "provisional"


def test_a_file_that_is_no_table_is_refused_and_the_export_stays(folder: Path, scripted: Scripted) -> None:
    told = {"id": "e-1", "runId": "r-1", "status": "COMPLETED", "downloadUrl": "/api/v2/downloads/d-1"}
    scripted.on(
        "GET", CONVERSATION_JOBS.availability.path, Reply(json={"dataAvailabilityDate": "2026-03-07T00:00:00Z"})
    )
    scripted.on("POST", EXPORT_REQUEST.path, Reply(json={**told, "status": "SUBMITTED"}))
    scripted.on("GET", EXPORT_REQUEST.path, Reply(json={"entities": [told]}))
    ragged = Reply(body=b"Queue Name,Offer\r\nSales,3\r\nService\r\n", headers={"Content-Type": "text/csv"})
    whole = Reply(body=b"Queue Name,Offer\r\nSales,3\r\n", headers={"Content-Type": "text/csv"})
    scripted.on("GET", "/api/v2/downloads/d-1", ragged, whole)
    with connected(scripted.url) as client:
        place = ExportPlace(client, folder)
        with pytest.raises(ExportUnusable, match=r"row 3, .* has 1 values under 2 headings"):
            place.land(DAY)
        assert place.lake.tables() == [] and _states(place) == ["submitted"]
        place.land(DAY)
    assert place.lake.read("export_queues", DAY)["offer"].to_pylist() == [3]
    assert sum(asked.method == "POST" for asked in scripted.requests(EXPORT_REQUEST.path)) == 1


def test_a_storage_that_fails_leaves_nothing_behind(quick_org: SimulatedOrg, place: ExportPlace) -> None:
    quick_org.arm("status", "storage", status=503, times=None)
    with pytest.raises(ServerFault, match="where the vendor keeps the file"):
        place.land(DAY)
    quick_org.clear_faults()
    left = [path for path in (place.folder / "lake").rglob("*") if path.is_file() and not path.name.endswith(".lock")]
    assert left == [] and _states(place) == ["submitted"]


def test_days_land_side_by_side_and_come_oldest_first(quick_org: SimulatedOrg, place: ExportPlace) -> None:
    landed = [each for each in place.landing().land_all(list(reversed(DAYS)), "run", 3) if _published(each)]
    assert len(landed) == 3
    assert place.lake.days("export_queues") == list(DAYS)
    assert len(_asked(quick_org)) == 3


def _published(landed: object) -> bool:
    return isinstance(landed, StagedExport) and bool(landed.publish())
