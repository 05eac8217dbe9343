"""Files that grow are waited for; of what is missing, cut short or of no use nothing lands."""

import itertools
import threading
from pathlib import Path
from typing import Any

import pytest

from analytics_platform.landing.errors import FilesNotDone, FilesUnusable
from analytics_platform_tests.landing.service_file_days import ServiceFilePlace
from analytics_platform_tests.landing.service_files.asking import ASK, DAY, IMPATIENT, asked, nothing_landed
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.waiting import wait_until


def test_files_that_grow_are_read_when_they_are_whole(place: ServiceFilePlace, org: SimulatedOrg) -> None:
    org.arm("file_held", ASK, fraction=0.4)
    with pytest.raises((FilesNotDone, FilesUnusable)):
        place.land_files(DAY, times=IMPATIENT)
    assert nothing_landed(place)
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
    assert len(asked(org)) == 1
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
    assert nothing_landed(place)
    assert [entry.state for entry in place.entries()] == ["lost"]
    place.land_files(DAY, request="another run")
    assert len(asked(org)) == 2


def test_a_truncated_json_lands_nothing(place: ServiceFilePlace, org: SimulatedOrg) -> None:
    org.arm("file_cut", ASK)
    with pytest.raises(FilesUnusable, match="is no whole JSON"):
        place.land_files(DAY, file_format="json", times=IMPATIENT)
    assert nothing_landed(place)


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
