"""Days of services by two routes: one service is one row at one home, of the version that was read last."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from analytics_platform.catalogue.services import SERVICE_FILES_QUARANTINE, SERVICE_FILES_TABLE, SERVICE_IDS, SERVICES
from analytics_platform.gms.client import Gms
from analytics_platform.lake import Lake, Manifest
from analytics_platform.landing.service_days import ServiceDay
from analytics_platform.landing.service_history import Place, ServiceHistory
from analytics_platform.tables.schemas import table_schema
from analytics_platform.tables.service_records import ServiceRead
from analytics_platform_tests.landing.service_places import ServicePlace

FIRST, SECOND = date(2026, 3, 2), date(2026, 3, 3)
BY_ID, BY_FILES = SERVICES.raws


@pytest.fixture
def place(folder: Path) -> ServicePlace:
    """A lake that no GMS fills."""
    return ServicePlace(cast(Gms, None), folder)


def land(place: ServicePlace, day: date, hour: int, *services: dict[str, Any], files: bool = False) -> Manifest:
    """Land a day as read at an hour of 2026-03-05, by one of the routes."""
    lake, as_of = place.lake, datetime(2026, 3, 5, hour, tzinfo=UTC)
    table, raw = (SERVICE_FILES_TABLE, BY_FILES) if files else (SERVICE_IDS, BY_ID)
    quarantine = SERVICE_FILES_QUARANTINE if files else SERVICES.quarantine
    with (
        lake.stage(table.name, day, table_schema(table)) as beside,
        ServiceDay(lake, day, as_of, raw=raw, quarantine=quarantine) as taken,
    ):
        taken.keep([ServiceRead(each["service_id"], json.dumps(each).encode()) for each in services])
        staged = taken.seal(beside, watermark=as_of, settled_after=timedelta(days=3), facts={"source": "here"})
    staged.publish()
    return staged.raw.manifest


def service(start: str, told: str = "", completed: str | None = None, number: int = 1) -> dict[str, Any]:
    record = {"service_id": f"{number}-a", "started": {"timestamp": f"2026-03-{start}Z"}, "service_type": told}
    return record if completed is None else record | {"completed": {"timestamp": f"2026-03-{completed}Z"}}


def at_home(place: ServicePlace) -> dict[str, tuple[date, str]]:
    place.build()
    return {each: (row["home_day"], row["service_type"]) for each, row in place.services().items()}


@pytest.mark.parametrize("files_first", [True, False])
def test_of_a_service_by_both_routes_the_version_read_last_holds(place: ServicePlace, files_first: bool) -> None:
    land(place, FIRST, 6, service("02T10:00:00", "earlier"), files=files_first)
    land(place, SECOND, 7, service("02T10:00:00", "later"), files=not files_first)
    assert at_home(place) == {"1-a": (FIRST, "later")}
    # Landed in the other order, the same holds.
    land(place, FIRST, 6, service("02T10:00:00", "earlier"), files=files_first)
    assert at_home(place) == {"1-a": (FIRST, "later")}


@pytest.mark.parametrize("files_first", [True, False])
def test_a_start_moved_between_the_routes_leaves_one_home(place: ServicePlace, files_first: bool) -> None:
    land(place, FIRST, 6, service("02T10:00:00", "earlier"), service("02T11:00:00", number=2), files=files_first)
    assert at_home(place) == {"1-a": (FIRST, "earlier"), "2-a": (FIRST, "")}
    manifest = land(place, SECOND, 7, service("03T10:00:00", "later"), files=not files_first)
    assert manifest.facts["moved"] == 1
    assert manifest.facts["home_days"] == {"2026-03-02": 1, "2026-03-03": 1}
    assert at_home(place) == {"1-a": (SECOND, "later"), "2-a": (FIRST, "")}


def test_a_move_before_the_tables_were_made_leaves_one_home_too(place: ServicePlace) -> None:
    land(place, FIRST, 6, service("02T10:00:00", "earlier"))
    land(place, SECOND, 7, service("03T10:00:00", "later"))
    assert at_home(place) == {"1-a": (SECOND, "later")}


def test_a_day_read_again_after_the_move_needs_no_such_row_any_more(place: ServicePlace) -> None:
    land(place, FIRST, 6, service("02T10:00:00"))
    land(place, SECOND, 7, service("03T10:00:00"))
    assert land(place, FIRST, 8, service("03T10:00:00", "newest")).facts["moved"] == 1, "the second day still tells"
    assert at_home(place) == {"1-a": (SECOND, "newest")}


def test_the_newest_version_of_a_service_is_found_wherever_it_stands(place: ServicePlace) -> None:
    land(place, FIRST, 6, service("02T10:00:00", "a"), service("02T10:00:00", number=2))
    land(place, SECOND, 8, service("02T10:00:00", "b"), files=True)
    land(place, SECOND, 7, service("02T10:00:00", "c"))
    history = ServiceHistory(place.lake)
    places = history.last_places(["1-a", "2-a", "3-a"])
    assert places == {Place(BY_ID.name, FIRST): ["2-a"], Place(BY_FILES.name, SECOND): ["1-a"]}
    found = {read.service_id: json.loads(read.record) for batch in history.last_versions(places) for read in batch}
    assert found["1-a"]["service_type"] == "b"
    assert history.last_places([]) == {}


def test_what_one_route_alone_tells_of_a_day_is_found(place: ServicePlace) -> None:
    both, ended = service("02T10:00:00"), service("01T10:00:00", completed="02T09:00:00", number=2)
    beside = service("03T00:05:00", number=3)
    land(place, FIRST, 6, both, ended, beside)
    land(place, FIRST, 6, both, files=True)
    assert ServiceHistory(place.lake).differing(FIRST) == {BY_ID.name: ["2-a"]}
    land(place, FIRST, 6, both, ended, service("02T23:00:00", number=4), files=True)
    assert ServiceHistory(place.lake).differing(FIRST) == {BY_FILES.name: ["4-a"]}


class _Remote(ServicePlace):
    @property
    def lake(self) -> Lake:
        return Lake.open(f"s3://{self.folder.name}/lake")


def test_an_object_store_holds_the_same(bucket: str) -> None:
    place = _Remote(cast(Gms, None), Path(bucket))
    land(place, FIRST, 6, service("02T10:00:00", "earlier"), service("02T11:00:00", number=2), files=True)
    assert at_home(place) == {"1-a": (FIRST, "earlier"), "2-a": (FIRST, "")}
    history = ServiceHistory(place.lake)
    assert history.unsettled(datetime(2026, 3, 5, tzinfo=UTC), timedelta(days=9), timedelta(days=9)) == ["1-a", "2-a"]
    land(place, SECOND, 7, service("03T10:00:00", "later"))
    assert history.held(SECOND) == ["1-a"]
    assert history.last_places(["1-a"]) == {Place(BY_ID.name, SECOND): ["1-a"]}
    assert at_home(place) == {"1-a": (SECOND, "later"), "2-a": (FIRST, "")}
