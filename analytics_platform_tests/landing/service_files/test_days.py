"""Services land from exported files as they do one by one, once a day however often they are asked for."""

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from analytics_platform.catalogue.service_files import KEPT_NAMES
from analytics_platform.gms.client import Access
from analytics_platform.lake import PartitionMissing
from analytics_platform.landing.errors import DayNotComplete, OtherSource
from analytics_platform.landing.service_file_following import KEPT_FILES
from analytics_platform.source.errors import GivenUp, MissingPermission
from analytics_platform_tests.landing.service_file_days import ServiceFilePlace, file_place
from analytics_platform_tests.landing.service_files.asking import DAY, Places, asked
from analytics_platform_tests.simulated_org import SimulatedOrg


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
    (query,) = asked(org)
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
    assert place.land_files(DAY) == first and len(asked(org)) == 1
    org.set_now("2026-03-07T00:02:00Z")  # when the watermark is three days past the day's end
    again = place.land_files(DAY, request="again")
    assert len(asked(org)) == 2
    assert (again.facts["state"], again.facts["digest"]) == ("settled", first.facts["digest"])


def test_a_day_that_is_not_complete_is_not_asked_for(place: ServiceFilePlace, org: SimulatedOrg) -> None:
    org.set_now("2026-03-04T00:01:00Z")
    with pytest.raises(DayNotComplete):
        place.land_files(DAY)
    assert not asked(org)
    org.set_now("2026-03-04T00:02:00Z")
    place.land_files(DAY)


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
    assert not asked(org)


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
