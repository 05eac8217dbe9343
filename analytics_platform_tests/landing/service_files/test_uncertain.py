"""Whatever is killed or unanswered, GMS is asked once, and no half of an export ever lands."""

import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analytics_platform.gms.selection import Selection
from analytics_platform.landing.service_file_asking import FileTimes
from analytics_platform.landing.service_files import StagedServiceFiles
from analytics_platform.source.errors import SubmitUncertain
from analytics_platform_tests.landing import service_file_days
from analytics_platform_tests.landing.service_file_days import ServiceFilePlace
from analytics_platform_tests.landing.service_files.asking import ASK, DAY, IMPATIENT, Places, asked, nothing_landed
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.waiting import wait_until


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
    assert nothing_landed(place)
    assert [(entry.state, entry.job_id) for entry in place.entries()] == [("submitting", None)]
    manifest = place.land_files(DAY, request="another run")
    assert len(asked(org)) == 1
    assert manifest.rows > 10 and [entry.state for entry in place.entries()] == ["landed"]


def test_after_a_time_out_the_files_it_made_are_found(places: Places, org: SimulatedOrg) -> None:
    org.arm("lost_answer", ASK)
    manifest = places().land_files(DAY)
    assert len(asked(org)) == 1 and manifest.rows > 10


def test_where_nothing_came_of_a_request_it_is_made_once_more(
    place: ServiceFilePlace, org: SimulatedOrg, exports: Path
) -> None:
    org.put_only_services()  # an empty export could be anybody's, so it is not taken for ours
    org.arm("lost_answer", ASK)
    manifest = place.land_files(DAY, times=IMPATIENT)
    assert len(asked(org)) == 2
    assert (manifest.rows, manifest.facts["state"]) == (0, "complete")


def test_uncertain_twice_it_is_given_up_until_another_run(place: ServiceFilePlace, org: SimulatedOrg) -> None:
    org.put_only_services()
    org.arm("lost_answer", ASK, times=2)
    with pytest.raises(SubmitUncertain):
        place.land_files(DAY, times=IMPATIENT)
    assert len(asked(org)) == 2 and nothing_landed(place)


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
    assert [query["time_from"][:10] for query in asked(org)] == ["2026-03-05", "2026-03-02"]
    assert "hold services of another range" in caplog.text


def test_what_a_full_disk_left_is_not_taken_for_the_files(place: ServiceFilePlace, org: SimulatedOrg) -> None:
    org.arm("disk_full", ASK)
    manifest = place.land_files(DAY, times=IMPATIENT)
    assert len(asked(org)) == 2 and manifest.rows > 10
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
    assert len(asked(org)) == 1 and manifest.facts["state"] == "complete"
    place.build()
    assert len(place.services()) == manifest.rows
