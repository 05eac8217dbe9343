"""Snapshots land once each, whole, in the file of their day, which is compacted once it has ended."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from analytics_platform.genesys_cloud.answered import Answered
from analytics_platform.lake import Lake, LakeUnreachable
from analytics_platform.lake.local import LocalPlace
from analytics_platform.landing.errors import OtherSource
from analytics_platform.landing.ticks import ticks_of, ticks_of_day
from analytics_platform.tables.answers import Tidy, UnreadableAnswer
from analytics_platform_tests.landing.snapshot_places import (
    BATCHES,
    DAY,
    LATER,
    MINUTES,
    QUEUES,
    TOMORROW,
    Place,
    answer,
    at,
    due,
    make,
)


@pytest.fixture
def place(folder: Path) -> Place:
    return Place(folder)


def test_each_run_of_a_day_adds_the_snapshot_that_is_due(place: Place) -> None:
    for minute in (0, 5, 10):
        place.run(at(9, minute))
    assert place.ticks() == [at(9, minute, 0) for minute in (0, 5, 10)]
    assert len(place.asked) == 3 * BATCHES and place.spool.days() == set()
    for table in (QUEUES.raw.name, QUEUES.table.name):
        manifest = place.lake.verify(table, DAY)
        assert manifest.facts["ticks"] == ["2026-03-02T09:00Z/2026-03-02T09:10Z/5"]
        assert manifest.facts["snapshots"] == 3 and manifest.facts["as_of"] == "2026-03-02T09:10:03Z"


def test_a_repeated_tick_asks_nothing_and_changes_nothing(place: Place) -> None:
    place.run(at(9))
    before = {table: place.lake.manifest(table, DAY) for table in place.lake.tables()}
    place.run(at(9, 3))
    place.run(at(9, 4), tick=due(at(9)))
    assert len(place.asked) == BATCHES
    assert {table: place.lake.manifest(table, DAY) for table in place.lake.tables()} == before


def test_a_tick_whose_time_has_passed_is_not_asked_for_and_the_log_says_so(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    place.run(at(9, 11), tick=at(9, 5, 0))
    assert place.asked == [] and place.ticks() == []
    assert "queue_observations of 2026-03-02 09:05 UTC was not taken in time" in caplog.text


def test_a_snapshot_whose_asking_ends_after_midnight_belongs_to_the_day_it_began(place: Place) -> None:
    began = at(23, 59, second=59.9)
    place.run(began)
    assert place.ticks() == [at(23, 55, 0)] and place.lake.days(QUEUES.table.name) == [DAY]
    assert set(place.rows()["taken_at"].to_pylist()) == {began}


def test_a_run_that_waited_over_midnight_takes_nothing_and_ends_the_day(place: Place) -> None:
    place.run(at(day=TOMORROW, second=1), DAY, tick=at(23, 55, 0))
    assert place.asked == []
    manifest = place.lake.manifest(QUEUES.table.name, DAY)
    assert manifest is not None and manifest.facts["compacted"] and manifest.rows == 0


@pytest.mark.parametrize("gives", range(BATCHES))
def test_a_snapshot_the_org_breaks_off_leaves_nothing_and_may_be_taken_again_while_it_is_due(
    place: Place, gives: int
) -> None:
    place.run(at(9))
    with pytest.raises(ConnectionError):
        place.run(at(9, 5), gives=gives)
    assert place.ticks() == [at(9, 0, 0)] and place.spool.days() == set()
    place.run(at(9, 6))
    assert place.ticks() == [at(9, 0, 0), at(9, 5, 0)]


def test_a_past_day_asks_nothing_lands_what_is_spooled_and_is_compacted(place: Place) -> None:
    place.run(at(9))
    place.spools(at(9, 5))
    asked = len(place.asked)
    assert place.unfinished() == [DAY]
    place.run(LATER, DAY)
    assert len(place.asked) == asked and place.ticks() == [at(9, 0, 0), at(9, 5, 0)]
    for table in (QUEUES.raw, QUEUES.table):
        manifest = place.lake.verify(table.name, DAY)
        assert manifest.facts["compacted"] and manifest.facts["snapshots"] == 2
        with place.lake.open_partition(table.name, DAY) as file:
            assert file.metadata.row_group(0).sorting_columns
    before = place.lake.manifest(QUEUES.table.name, DAY)
    place.run(LATER, DAY)
    assert place.lake.manifest(QUEUES.table.name, DAY) == before


def test_a_day_is_provisional_until_it_ends_then_complete_or_for_want_of_a_tick_partial(place: Place) -> None:
    def state() -> set[str]:
        return {place.lake.manifests(table.name)[DAY].state for table in (QUEUES.raw, QUEUES.table)}

    ticks = ticks_of_day(DAY, MINUTES, LATER)
    for tick in ticks[:-1]:
        place.spools(tick)
    place.run(ticks[-2])
    assert state() == {"provisional"}
    place.run(LATER, DAY)
    assert state() == {"partial"}
    place.spools(ticks[-1])
    place.run(LATER, DAY)
    assert state() == {"complete"}


def test_a_compacted_day_stands_in_the_order_of_groups_metrics_and_ticks(place: Place) -> None:
    for minute in (0, 5, 10):
        place.run(at(9, minute))
    place.run(LATER, DAY)
    rows = [tuple(row.values()) for row in place.rows().select(["queue_id", "metric", "tick"]).to_pylist()]
    assert rows == sorted(rows) and len(rows) == 3 * 2 * 2 * BATCHES
    raw = place.rows(table=QUEUES.raw.name).select(["tick", "number"]).to_pylist()
    assert raw == sorted(raw, key=lambda row: tuple(row.values()))


def test_equal_snapshots_make_equal_bytes_however_they_came(place: Place, folder: Path) -> None:
    minutes = (0, 5, 10, 15)
    for minute in minutes:
        place.run(at(9, minute))
    place.run(LATER, DAY)
    other = Place(folder / "other")
    for minute in minutes:
        other.spools(at(9, minute))
    other.run(LATER, DAY)
    for table in (QUEUES.raw.name, QUEUES.table.name):
        first, second = (Path(one.lake.place.path(table, DAY)).read_bytes() for one in (place, other))
        assert first == second


def test_a_snapshot_that_comes_after_the_compaction_still_lands(place: Place) -> None:
    place.run(at(9))
    place.run(LATER, DAY)
    place.spools(at(8, 55))
    assert place.unfinished() == [DAY]
    place.run(LATER, DAY)
    assert place.ticks() == [at(8, 55, 0), at(9, 0, 0)]
    assert place.unfinished() == []


def test_an_org_with_nobody_to_ask_about_has_been_asked_all_the_same(place: Place) -> None:
    for minute in (0, 1):
        place.landing(at(9, minute)).land(DAY, None, lambda: iter(()))
    manifest = place.lake.manifest(QUEUES.table.name, DAY)
    assert manifest is not None and manifest.rows == 0 and ticks_of(manifest) == {at(9, 0, 0)}
    place.run(LATER, DAY)
    assert place.rows().num_rows == 0


def test_a_spooled_snapshot_that_is_damaged_is_kept_aside_and_the_others_land(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    for minute in (0, 5):
        place.spools(at(9, minute))
    (file,) = place.folder.rglob("*T0900Z.msgpack")
    file.write_bytes(file.read_bytes()[:-5])
    place.run(at(9, 10))
    assert place.ticks() == [at(9, 5, 0), at(9, 10, 0)]
    assert "is damaged" in caplog.text and list(place.folder.rglob("*T0900Z.damaged"))


def test_an_answer_no_rows_can_be_made_of_lands_in_raw_and_is_counted(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    def picky(answered: Answered, tick: datetime, taken_at: datetime) -> Tidy:
        if answered.correlation_id == "0900-1":
            raise UnreadableAnswer("no rows can be made")
        return make(answered, tick, taken_at)

    place.landing(at(9), make=picky).land(DAY, None, lambda: place.answers(at(9)))
    manifest = place.lake.manifest(QUEUES.table.name, DAY)
    assert manifest is not None and manifest.facts["set_aside"] == 1 and manifest.rows == 2 * 2 * (BATCHES - 1)
    assert place.rows(table=QUEUES.raw.name).num_rows == BATCHES
    assert "correlation id 0900-1: no rows can be made" in caplog.text


def test_an_answer_that_is_no_utf_8_keeps_no_other_from_landing(place: Place) -> None:
    tick = at(9, 0, 0)
    broken = replace(answer(tick, 1), text=b'{"results": [{"group": {"queueId": "\xff"}}]}')
    place.landing(at(9)).land(DAY, None, lambda: [answer(tick, 0), broken])
    manifest = place.lake.manifest(QUEUES.table.name, DAY)
    assert manifest is not None and manifest.rows == 2 * 2 and manifest.facts["set_aside"] == 1
    assert "\\xff" in place.rows(table=QUEUES.raw.name)["answer"][1].as_py()


def test_what_moved_from_page_to_page_while_they_were_asked_for_stands_once(place: Place) -> None:
    tick = at(9, 0, 0)
    place.landing(at(9)).land(DAY, None, lambda: [answer(tick, 0), answer(tick, 1), answer(tick, 0)])
    assert place.rows().num_rows == 2 * 2 * 2 and place.rows(table=QUEUES.raw.name).num_rows == 3


def test_a_lake_of_another_org_is_refused_before_anything_is_asked(place: Place) -> None:
    place.run(at(9))
    with pytest.raises(OtherSource, match=r"holds days of api\.org and cannot take those of api\.other"):
        place.landing(at(9, 5), source="api.other").land(DAY, None, lambda: place.answers(at(9, 5)))
    assert len(place.asked) == BATCHES


class _Away(LocalPlace):
    """Where a lake was that does not answer now."""

    def days(self, table: str) -> list[date]:
        raise LakeUnreachable("The lake does not answer.")


def test_while_the_lake_is_away_a_snapshot_is_taken_and_kept_until_it_is_back(place: Place) -> None:
    away = replace(place.landing(at(9)), lake=Lake(_Away(place.folder / "lake")))
    for _ in range(2):
        with pytest.raises(LakeUnreachable):
            away.land(DAY, None, lambda: place.answers(at(9)))
    assert len(place.asked) == BATCHES and place.spool.ticks(DAY) == [at(9, 0, 0)]
    place.run(at(9, 20))
    assert place.ticks() == [at(9, 0, 0), at(9, 20, 0)]


def test_days_of_an_object_store_grow_and_are_compacted_alike(bucket: str, place: Place) -> None:
    lake = Lake.open(f"s3://{bucket}/lake", scratch=place.folder / "scratch")
    for now in (at(9), at(9, 5), at(9, 6), LATER):
        replace(place.landing(now), lake=lake).land(DAY, None, lambda now=now: place.answers(now))  # type: ignore[misc]
        place.run(now, DAY)
    for table in lake.tables():
        assert lake.read(table, DAY).equals(place.lake.read(table, DAY))
    assert lake.tables() == [QUEUES.table.name, QUEUES.raw.name]
