"""Landing services by day: what is asked for, what is kept, what is read again, what is gone, and what is told."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics_platform.catalogue.services import SERVICE_IDS, SERVICES
from analytics_platform.landing.answers import LandedAnswers
from analytics_platform.landing.errors import DayNotComplete, OtherSource
from analytics_platform.landing.home_days import home_days
from analytics_platform.landing.service_days import StagedServices
from analytics_platform.landing.services import ServicesLanding
from analytics_platform.source.errors import SourceError
from analytics_platform_tests.landing import land_services
from analytics_platform_tests.landing.service_places import ServicePlace, connected, day_after, expected
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.waiting import wait_until

FIRST, SECOND, THIRD, FOURTH = (date(2026, 3, day) for day in (2, 3, 4, 5))
STREAM = "GET /genesys/1/cs/maintenance/services/stream"
READ = "GET /genesys/1/cs/services/{serviceId}"


@pytest.fixture(scope="module")
def gms_org() -> Iterator[SimulatedOrg]:
    with SimulatedOrg(days=1, conversations_per_day=1) as running:
        yield running


@pytest.fixture
def org(gms_org: SimulatedOrg) -> SimulatedOrg:
    """A GMS without services on the day after the first."""
    gms_org.reset()
    gms_org.put_only_services()
    gms_org.set_now(day_after(FIRST))
    return gms_org


@pytest.fixture
def place(org: SimulatedOrg, folder: Path) -> Iterator[ServicePlace]:
    with connected(org.url) as gms:
        yield ServicePlace(gms, folder)


def service(number: int, started: str, completed: str | None = None, **more: Any) -> dict[str, Any]:
    told = {"service_id": f"{number}-a bü", "started": f"2026-03-{started}Z", "service_type": 7, **more}
    return told if completed is None else told | {"completed": f"2026-03-{completed}Z"}


def name(number: int) -> str:
    return f"{number}-a bü"


def test_the_figures_twelve_services_land_whole_on_their_home_day(place: ServicePlace, org: SimulatedOrg) -> None:
    ids = org.put_only_services(figure=FIRST)
    (manifest,) = place.land(FIRST)
    assert manifest.facts["listed"] == len(ids) == 12
    assert manifest.facts["state"] == "complete"
    assert place.ids(FIRST) == dict.fromkeys(ids.values(), (False, True))
    assert place.build() == [FIRST]
    assert place.tables() == expected(org.truth_services(FIRST, FIRST))


def test_what_is_asked_for_reaches_beyond_the_day_with_both_bounds_and_no_state(
    place: ServicePlace, org: SimulatedOrg
) -> None:
    place.land(FIRST, overlap=timedelta(minutes=20))
    (told,) = place.lake.manifest(SERVICES.raw.name, FIRST).facts["lists"]  # type: ignore[union-attr]
    assert told["request"] == (
        f"{STREAM}?time_from=2026-03-01T23:40:00.000Z&time_to=2026-03-03T00:20:00.000Z&filter_events=any"
    )
    assert len(told["sha256"]) == 64
    assert told["ids"] == 0


def test_nothing_of_the_future_is_asked_for(place: ServicePlace, org: SimulatedOrg) -> None:
    org.set_now("2026-03-03T00:05:00Z")
    (manifest,) = place.land(FIRST)
    assert "time_to=2026-03-03T00:05:00.000Z" in manifest.facts["lists"][0]["request"]
    assert manifest.facts["watermark"] == "2026-03-03T00:03:00Z"


def test_a_day_that_has_not_settled_is_refused_before_anything_is_asked_of_it(
    place: ServicePlace, org: SimulatedOrg
) -> None:
    org.set_now("2026-03-03T00:01:00Z")
    with pytest.raises(DayNotComplete, match="2026-03-02 23:59"):
        place.land(FIRST)
    assert READ not in org.requests()["counts"]
    (manifest,) = place.land(FIRST, provisional=True)
    assert manifest.facts["state"] == "provisional"
    org.set_now(day_after(FIRST))
    assert place.land(FIRST, request="later")[0].facts["state"] == "complete"
    org.set_now("2026-03-03T00:01:00Z")
    with pytest.raises(DayNotComplete):
        place.land(FIRST, request="once complete, never replaced by a part", provisional=True)


def test_too_many_ids_are_asked_for_in_halves_until_they_are_few(place: ServicePlace, org: SimulatedOrg) -> None:
    org.put_only_services(
        *(service(number, f"02T{number:02}:00:00.000") for number in range(24)),
        *(service(number, "02T12:00:00.001") for number in (50, 51, 52)),
    )
    (manifest,) = place.land(FIRST, most_ids=2)
    assert manifest.rows == manifest.facts["listed"] == 27
    assert len(manifest.facts["lists"]) > 13, "three of the same millisecond cannot be told apart by a shorter range"
    assert org.requests()["counts"][READ]["200"] == 27


def test_an_open_service_is_read_again_with_each_day_and_kept_where_it_has_changed(
    place: ServicePlace, org: SimulatedOrg
) -> None:
    state = {"started": "2026-03-04T08:00:00Z", "state_type": "waiting"}
    org.put_only_services(service(1, "02T10:00:00", states=[state]), service(2, "02T11:00:00"))
    place.land(FIRST)
    place.build()
    org.set_now(day_after(SECOND))
    (unchanged,) = place.land(SECOND)
    assert (unchanged.rows, unchanged.facts["refreshed"], unchanged.facts["unchanged"]) == (0, 2, 2)
    assert place.ids(SECOND) == {name(1): (True, True), name(2): (True, True)}
    assert place.build() == [SECOND], "nothing of the first day is made anew"
    org.set_now(day_after(THIRD))
    (changed,) = place.land(THIRD)
    assert (changed.rows, changed.facts["home_days"]) == (1, {"2026-03-02": 1})
    assert place.build() == [FIRST, THIRD]
    assert place.tables() == expected(org.truth_services(FIRST, THIRD))
    assert [row["state_type"] for row in place.tables()["service_states"]] == ["waiting"]


def test_a_service_is_read_again_for_some_days_after_its_end_and_while_it_is_not_too_old(
    place: ServicePlace, org: SimulatedOrg
) -> None:
    org.put_only_services(service(1, "02T10:00:00", "02T11:00:00"), service(2, "02T10:00:00"))
    place.land(FIRST)
    place.build()
    org.set_now(day_after(THIRD))
    caps = {"completed_for": timedelta(days=2), "open_for": timedelta(days=2)}
    assert place.land(THIRD, **caps)[0].facts["refreshed"] == 0
    caps = {"completed_for": timedelta(days=3), "open_for": timedelta(days=2)}
    assert place.land(THIRD, request="2", **caps)[0].facts["refreshed"] == 1
    caps = {"completed_for": timedelta(days=2), "open_for": timedelta(days=3)}
    assert place.land(THIRD, request="3", **caps)[0].facts["refreshed"] == 1


def test_of_a_run_over_many_days_only_the_newest_reads_services_again(place: ServicePlace, org: SimulatedOrg) -> None:
    org.put_only_services(service(1, "02T10:00:00"))
    place.land(FIRST)
    place.build()
    org.set_now(day_after(FOURTH))
    landed = place.land(SECOND, THIRD, FOURTH)
    assert [manifest.facts["refreshed"] for manifest in landed] == [0, 0, 1]
    assert place.land(SECOND, request="an old day again")[0].facts["refreshed"] == 0


def test_a_known_service_that_is_gone_keeps_its_last_version_and_tells_since_when(
    place: ServicePlace, org: SimulatedOrg
) -> None:
    org.put_only_services(service(1, "02T10:00:00", gone_at="2026-03-03T12:00:00Z", extensions={"note": "kept"}))
    place.land(FIRST)
    place.build()
    org.set_now(day_after(SECOND))
    (manifest,) = place.land(SECOND)
    assert (manifest.rows, manifest.facts["gone"], manifest.facts["gone_between_list_and_fetch"]) == (1, 1, 0)
    place.build()
    (row,) = place.raw(SECOND)
    assert row["gone_at"] == row["as_of"]
    assert place.services()[name(1)]["gone_at"]
    assert [row["value"] for row in place.tables()["service_extensions"]] == ['"kept"']
    since = row["gone_at"]
    org.set_now(day_after(THIRD))
    assert place.land(THIRD)[0].facts["refreshed"] == 0, "what is gone is not asked for for ever"
    # The day that told so is read again: what it held stays.
    assert place.land(SECOND, request="again")[0].rows == 1
    assert place.raw(SECOND)[0]["gone_at"] == since
    place.build()
    assert place.services()[name(1)]["gone_at"]


def test_a_service_deleted_between_its_listing_and_its_reading_is_counted_and_no_fault(
    place: ServicePlace, org: SimulatedOrg
) -> None:
    org.put_only_services(*(service(number, "02T10:00:00") for number in range(5)))
    org.arm("service_deleted", "services.read", times=2)
    (manifest,) = place.land(FIRST)
    assert (manifest.rows, manifest.facts["listed"], manifest.facts["gone_between_list_and_fetch"]) == (3, 5, 2)
    assert sorted(found for _, found in place.ids(FIRST).values()) == [False, False, True, True, True]
    place.build()
    assert len(place.services()) == 3


def test_what_was_listed_for_a_day_and_is_gone_when_it_is_read_again_stays(
    place: ServicePlace, org: SimulatedOrg
) -> None:
    org.put_only_services(service(1, "02T10:00:00", "02T11:00:00", gone_at="2026-03-04T12:00:00Z"))
    place.land(FIRST)
    org.set_now(day_after(THIRD))
    (again,) = place.land(FIRST, request="again")
    assert (again.rows, again.facts["listed"], again.facts["state"]) == (1, 0, "rebuilt")
    place.build()
    assert place.services()[name(1)]["gone_at"]


def test_a_service_that_moves_its_start_leaves_its_former_home_day_and_may_come_back(
    place: ServicePlace, org: SimulatedOrg
) -> None:
    homes = []
    for day, start in ((FIRST, "02T10:00:00"), (SECOND, "01T10:00:00"), (THIRD, "02T10:00:00")):
        org.put_only_services(service(1, start, extensions={"told": start}))
        org.set_now(day_after(day))
        (manifest,) = place.land(day)
        place.build()
        homes.append((place.services()[name(1)]["home_day"], manifest.facts["moved"]))
        assert place.tables() == expected(org.truth_services("2026-03-01", FOURTH))
    assert homes == [(FIRST, 0), (date(2026, 3, 1), 1), (FIRST, 1)]


def test_a_day_read_again_without_a_difference_is_settled_and_equal(place: ServicePlace, org: SimulatedOrg) -> None:
    org.put_only_services(service(1, "02T10:00:00", "02T11:00:00"), service(2, "02T10:00:00", "03T00:00:10"))
    (first,) = place.land(FIRST)
    place.build()
    before = place.lake.read(SERVICES.raw.name, FIRST).drop_columns(["as_of"])
    org.set_now("2026-03-07T00:00:00Z")
    (again,) = place.land(FIRST, request="again")
    assert (first.facts["state"], again.facts["state"]) == ("complete", "settled")
    assert again.facts["digest"] == first.facts["digest"]
    assert place.lake.read(SERVICES.raw.name, FIRST).drop_columns(["as_of"]).equals(before)
    assert place.build() == []


def test_a_service_delivered_on_two_days_is_one_row_of_its_newest_version(
    place: ServicePlace, org: SimulatedOrg
) -> None:
    org.put_only_services(service(1, "02T23:59:59.999", "03T10:00:00"))
    org.set_now(day_after(SECOND))
    place.land(SECOND, FIRST)
    assert [contribution.records for contribution in home_days(SERVICES, place.lake)[FIRST].contributions] == [1, 1]
    place.build()
    assert place.tables() == expected(org.truth_services(FIRST, SECOND))


def test_the_same_request_lands_a_day_once(place: ServicePlace, org: SimulatedOrg) -> None:
    org.put_only_services(service(1, "02T10:00:00"))
    place.land(FIRST, request="run")
    org.clear_requests()
    (landed,) = place.landing().land_all([FIRST], "run")
    assert isinstance(landed, LandedAnswers)
    assert READ not in org.requests()["counts"]
    assert landed.publish().table == SERVICE_IDS.name


def test_a_day_whose_last_table_was_not_published_is_landed_again(place: ServicePlace, org: SimulatedOrg) -> None:
    org.put_only_services(service(1, "02T10:00:00"))
    days = place.landing().land_all([FIRST], "run")
    staged = next(days)
    assert isinstance(staged, StagedServices)
    staged.beside.publish()
    days.close()
    assert home_days(SERVICES, place.lake) == {}
    (manifest,) = place.land(FIRST, request="run")
    assert manifest.rows == 1


def test_killed_while_services_are_read_the_next_run_lands_the_day(place: ServicePlace, org: SimulatedOrg) -> None:
    org.put_only_services(*(service(number, "02T10:00:00") for number in range(9)))
    org.arm("hold", "services.read")
    command = [sys.executable, "-m", land_services.__name__, org.url, str(place.folder), FIRST.isoformat()]
    with subprocess.Popen(command) as landing:
        wait_until(lambda: any(fault["waiting"] for fault in org.faults()) or landing.poll() is not None, "a reading")
        landing.kill()
    assert landing.returncode == -signal.SIGKILL
    org.clear_faults()
    assert place.lake.days(SERVICES.raw.name) == []
    assert place.land(FIRST)[0].rows == 9
    place.build()
    assert place.tables() == expected(org.truth_services(FIRST, FIRST))


def test_a_day_has_one_writer(place: ServicePlace, org: SimulatedOrg) -> None:
    org.put_only_services(service(1, "02T10:00:00"))
    landing = place.landing()
    with ThreadPoolExecutor(1) as pool:
        with landing.ledger.claim(SERVICES.raw.name, FIRST):
            landed = pool.submit(place.land, FIRST)
            wait_until(lambda: org.requests()["counts"].get(STREAM), "the clock of GMS being asked")
            assert not landed.done()
            assert READ not in org.requests()["counts"]
        assert landed.result(60)[0].rows == 1


def test_a_fault_that_stays_leaves_the_day_as_it_was_and_nothing_staged(place: ServicePlace, org: SimulatedOrg) -> None:
    org.put_only_services(*(service(number, "02T10:00:00") for number in range(12)))
    place.land(FIRST)
    before = place.lake.manifest(SERVICES.raw.name, FIRST)
    org.arm("status", "services.read", status=503, times=None)
    with pytest.raises(SourceError):
        place.land(FIRST, request="again")
    org.clear_faults()
    assert place.lake.manifest(SERVICES.raw.name, FIRST) == before
    staged = [path for path in place.folder.rglob("*.parquet") if path.name != "data.parquet"]
    assert not staged
    assert place.land(FIRST, request="again")[0].rows == 12, "the claim was let go"


def test_a_service_with_a_value_no_table_holds_is_set_aside_with_the_reason(
    place: ServicePlace, org: SimulatedOrg
) -> None:
    org.put_only_services(service(1, "02T10:00:00", est_duration=1 << 70), service(2, "02T10:00:00"))
    assert place.land(FIRST)[0].rows == 2, "raw keeps it"
    place.build()
    assert place.services().keys() == {name(2)}
    (aside,) = place.lake.read(SERVICES.typed_quarantine.name, FIRST).to_pylist()
    assert (aside["service_id"], aside["reason"]) == (name(1), f"{1 << 70} has more than 64 bits")


def test_a_lake_takes_the_services_of_one_gms(place: ServicePlace, org: SimulatedOrg) -> None:
    place.land(FIRST)
    landing = place.landing()
    other = ServicesLanding(landing.gms, landing.lake, landing.ledger, "another.example")
    with pytest.raises(OtherSource, match=r"another\.example"):
        list(other.land_all([FIRST], "run"))


def test_nothing_but_gets_is_sent_one_for_each_service(place: ServicePlace, org: SimulatedOrg) -> None:
    org.put_only_services(*(service(number, "02T10:00:00") for number in range(30)))
    place.land(FIRST)
    told = org.requests()
    assert told["counts"].keys() == {STREAM, READ}
    assert told["counts"][READ] == {"200": 30}
