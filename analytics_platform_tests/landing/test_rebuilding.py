"""Typed tables made anew from raw: equal to what they were, complete where a release knows more, nothing asked."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from analytics_platform.catalogue.names import UnknownName
from analytics_platform.catalogue.services import SERVICES
from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, USER_DETAILS
from analytics_platform.lake import Lake
from analytics_platform.landing.drift_report import drift_report
from analytics_platform.landing.home_days import home_days, stale_home_days
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.rebuilding import Rebuilt, rebuildable
from analytics_platform_tests.landing import older_release, test_aggregates
from analytics_platform_tests.landing.export_days import ExportPlace
from analytics_platform_tests.landing.service_places import ServicePlace, day_after
from analytics_platform_tests.landing.service_places import connected as connected_gms
from analytics_platform_tests.landing.snapshot_places import DAY as SNAPSHOT_DAY
from analytics_platform_tests.landing.snapshot_places import LATER, Place, at
from analytics_platform_tests.landing.workplace import DAYS, Workplace
from analytics_platform_tests.simulated_org import OrgOptions, SimulatedOrg

DAY = DAYS[1]
Held = dict[tuple[str, date], tuple[pa.Table, dict[str, Any]]]


def rebuilt(folder: Path, *names: str, first: date | None = None, last: date | None = None) -> list[Rebuilt]:
    """Rebuild as the command does, in the lake below `folder`."""
    lake, ledger = Lake.open(folder / "lake"), Ledger(folder / "ledger")
    return [day for each in rebuildable(lake, ledger, 5, names) for day in each.rebuilt(first, last)]


def held(lake: Lake, *, raw: bool = False) -> Held:
    """Rows and facts of every day of every typed table; of raw ones only where asked for."""
    kept = {CONVERSATION_DETAILS.raw.name, USER_DETAILS.raw.name, SERVICES.raw.name, "service_ids"}
    names = [name for name in lake.tables() if raw or not (name in kept or name.endswith("_raw"))]
    found: Held = {}
    for name in names:
        for day, manifest in lake.manifests(name).items():
            found[name, day] = lake.read(name, day), dict(manifest.facts)
    return found


def lose(lake: Lake, tables: Held) -> None:
    for name, day in tables:
        lake.remove(name, day)


@pytest.fixture
def services(quick_org: SimulatedOrg, folder: Path) -> Iterator[ServicePlace]:
    with connected_gms(quick_org.url) as gms:
        yield ServicePlace(gms, folder / "first")
    quick_org.set_now(OrgOptions.now)


def test_lost_tables_of_details_and_aggregates_come_back_equal_with_nothing_asked(
    quick_org: SimulatedOrg, place: Workplace
) -> None:
    for stream in (CONVERSATION_DETAILS, USER_DETAILS):
        place.land(DAY, stream)
        place.build(stream)
    for family in (test_aggregates.CONVERSATIONS, test_aggregates.USERS):
        test_aggregates.land(place, family, group_by=("mediaType",) if family.name == "conversations" else ("userId",))
    before, raw = held(place.lake), held(place.lake, raw=True)
    lose(place.lake, before)
    quick_org.clear_requests()
    made = rebuilt(place.folder)
    assert {each.stream for each in made} == {
        *("conversations", "user_statuses"),
        *("conversation_aggregates", "user_aggregates"),
    }
    assert held(place.lake) == before and held(place.lake, raw=True) == raw
    assert quick_org.requests()["total"] == 0 and place.leftovers() == []


def test_only_the_streams_and_days_asked_for_are_made_anew(place: Workplace) -> None:
    for day in DAYS[:2]:
        place.land(day, USER_DETAILS)
        test_aggregates.land(place, days=(day,))
    place.build(USER_DETAILS)
    assert [(each.stream, each.day) for each in rebuilt(place.folder, "user_statuses", first=DAY, last=DAY)] == [
        ("user_statuses", DAY)
    ]
    assert {each.day for each in rebuilt(place.folder, "conversation_aggregates", last=DAYS[0])} == {DAYS[0]}
    with pytest.raises(UnknownName, match=r"no stream with raw in the lake 'user_status'; nearest are user_statuses"):
        rebuilt(place.folder, "user_status")


@pytest.mark.parametrize("ended", [True, False])
def test_snapshots_come_back_equal_tick_by_tick(folder: Path, ended: bool) -> None:
    place = Place(folder)
    for now in (at(0, 0), at(0, 5), at(13, 35)):
        place.run(now)
    if ended:
        place.run(LATER, SNAPSHOT_DAY)
    before = held(place.lake)
    asked = len(place.asked)
    lose(place.lake, before)
    assert [each.stream for each in rebuilt(folder)] == ["queue_observations"]
    assert held(place.lake) == before and len(place.asked) == asked


def test_an_export_comes_back_equal_from_its_file(quick_org: SimulatedOrg, place: Workplace) -> None:
    exports = ExportPlace(place.client, place.folder)
    exports.land(DAY)
    before = held(place.lake)
    assert set(before) == {("export_queues", DAY)}
    lose(place.lake, before)
    quick_org.clear_requests()
    assert [each.stream for each in rebuilt(place.folder)] == ["export_queues"]
    assert held(place.lake) == before and quick_org.requests()["total"] == 0


def test_services_come_back_equal(quick_org: SimulatedOrg, services: ServicePlace) -> None:
    quick_org.set_now(day_after(DAY))
    services.land(DAY)
    services.build()
    before = held(services.lake)
    lose(services.lake, before)
    quick_org.clear_requests()
    assert {each.stream for each in rebuilt(services.folder)} == {"services"}
    assert held(services.lake) == before and quick_org.requests()["total"] == 0


def test_what_a_later_release_knows_is_found_in_what_a_former_one_kept(
    quick_org: SimulatedOrg, workplace_at: Callable[..., Workplace], folder: Path
) -> None:
    script = Path(older_release.__file__)
    arguments = [quick_org.url, str(folder / "older"), *(day.isoformat() for day in DAYS[:2])]
    subprocess.run([sys.executable, str(script), *arguments], check=True, cwd=script.parents[2])
    older, present = workplace_at(quick_org, "older"), workplace_at(quick_org, "present")
    for day in DAYS[:2]:
        present.land(day)
        test_aggregates.land(present, days=(day,))
    present.build()
    held_before, wanted = held(older.lake), held(present.lake)
    rows, _ = held_before["conversations", DAY]
    assert "originating_direction" not in rows.column_names and ("media_endpoint_stats", DAY) not in held_before
    assert "max" not in held_before["conversation_aggregates", DAY][0].column_names

    differences, (looked, _) = drift_report(older.lake, None, None)
    assert {(each.stream, each.path, each.kind, each.value) for each in differences} == {
        ("conversation_details", "originatingDirection", "unknown field", "text"),
        ("conversation_details", "participants.sessions.mediaEndpointStats", "unknown field", "list"),
        ("conversation_aggregates", "data.metrics.stats.max", "unknown field", "whole number"),
    }
    (direction,) = [each for each in differences if each.path == "originatingDirection"]
    assert (direction.days, direction.first_day, direction.last_day) == (2, DAYS[0], DAY)
    assert looked.looked_at == looked.records == direction.seen and direction.share == 1.0

    stale = [home.day for home in stale_home_days(CONVERSATION_DETAILS, older.lake)]
    assert stale == list(home_days(CONVERSATION_DETAILS, older.lake)), "a release with more columns makes all stale"
    quick_org.clear_requests()
    rebuilt(older.folder)
    assert quick_org.requests()["total"] == 0
    now = held(older.lake)
    assert now.keys() == wanted.keys() and stale_home_days(CONVERSATION_DETAILS, older.lake) == []
    assert {key: rows for key, (rows, _) in now.items()} == {key: rows for key, (rows, _) in wanted.items()}
    told = now["conversation_aggregates", DAY][1]
    assert (told["drift"], told["digest"]) == ({}, wanted["conversation_aggregates", DAY][1]["digest"])
    assert now["conversations", DAY][0]["originating_direction"].null_count == 0
    again = test_aggregates.land(older, days=(DAY,), request="again")
    assert again[0].facts["state"] == "complete", "read again it is no restatement of what was made anew"
