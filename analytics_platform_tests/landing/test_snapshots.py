"""Snapshots land once each, whole, in the file of their day, whatever happens to who takes them."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_platform.genesys_cloud.answered import Answered
from analytics_platform.lake import Lake, LakeUnreachable
from analytics_platform.lake.local import LocalPlace
from analytics_platform.landing.errors import OtherSource
from analytics_platform.landing.spool import Spool
from analytics_platform.landing.ticks import due_tick, ticks_of
from analytics_platform.tables.answers import Tidy, UnreadableAnswer
from analytics_platform_tests.lake.processes import heard, python
from analytics_platform_tests.landing.scratch import scratch
from analytics_platform_tests.landing.snapshot_places import BATCHES, DAY, MINUTES, QUEUES, Place, answer, at, make
from analytics_platform_tests.waiting import wait_until

TOMORROW = DAY + timedelta(days=1)
LATER = at(day=TOMORROW, hour=1)


@pytest.fixture
def place(folder: Path) -> Place:
    return Place(folder)


def _tick(now: datetime) -> datetime:
    return due_tick(now, MINUTES)


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
    place.run(at(9, 4), tick=_tick(at(9)))
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


_KILLED = """
from analytics_platform.landing.snapshots import SnapshotLanding
from analytics_platform.landing.spool import Spool
from analytics_platform_tests.landing.snapshot_places import QUEUES, Place, at

point = sys.argv[2]
place = Place(root)

def stop(where, function):
    def stopped(*arguments, **named):
        say_and_wait(point)
        return function(*arguments, **named)
    if where == point:
        return stopped
    return function

def answers(now):
    for number, answer in enumerate(place.answers(now)):
        if point == "asking" and number == 1:
            say_and_wait(point)
        yield answer

def only_for(table, where, function):
    stopped = stop(where, function)
    return lambda self, *told: (stopped if table in told else function)(self, *told)

SnapshotLanding._bring_in = stop("spooled", SnapshotLanding._bring_in)
SnapshotLanding._appended = only_for(QUEUES.table, "raw landed", SnapshotLanding._appended)
Spool.let_go = stop("landed", Spool.let_go)
place.landing(at(9)).land(at(9).date(), None, lambda: answers(at(9)))
say_and_wait("let go")
"""


@pytest.mark.parametrize("point", ["asking", "spooled", "raw landed", "landed", "let go"])
def test_killed_at_any_step_the_next_run_lands_what_was_taken_and_doubles_nothing(
    place: Place, point: str, caplog: pytest.LogCaptureFixture
) -> None:
    with python(_KILLED, place.folder, point) as run:
        assert heard(run) == point
        run.kill()
    place.run(at(9, 10))
    taken = [] if point == "asking" else [at(9, 0, 0)]
    assert place.ticks() == [*taken, at(9, 10, 0)] and len(place.asked) == BATCHES
    assert place.spool.days() == set()
    assert ("2026-03-02 09:00 UTC was begun and never finished" in caplog.text) == (point == "asking")
    place.run(LATER, DAY)
    assert place.ticks() == [*taken, at(9, 10, 0)]


_KILLED_COMPACTING = """
from analytics_platform.landing.snapshots import SnapshotLanding
from analytics_platform_tests.landing.snapshot_places import QUEUES, DAY, Place, at

compacted = SnapshotLanding._compacted

def stopped(self, manifest, table):
    if table is QUEUES.table:
        say_and_wait("raw compacted")
    return compacted(self, manifest, table)

SnapshotLanding._compacted = stopped
Place(root).run(at(1, day=date(2026, 3, 3)), DAY)
"""


def test_killed_between_two_tables_of_a_compaction_the_next_run_compacts_the_other(place: Place) -> None:
    place.run(at(9))
    with python(_KILLED_COMPACTING, place.folder) as run:
        assert heard(run) == "raw compacted"
        run.kill()
    assert place.unfinished() == [DAY]
    place.run(LATER, DAY)
    assert place.ticks() == [at(9, 0, 0)] and place.unfinished() == []


_TAKES = """
from analytics_platform_tests.landing.snapshot_places import Place, at

place = Place(root)

def answers():
    for number, answer in enumerate(place.answers(at(9))):
        if number == 1:
            say_and_wait("asking")
        yield answer

say("begun")
place.landing(at(9)).land(at(9).date(), None, answers)
say("done")
"""


def test_of_two_runs_for_the_same_tick_at_once_one_asks_and_the_other_waits_for_it(place: Place) -> None:
    with python(_TAKES, place.folder) as first, python(_TAKES, place.folder) as second:
        assert [heard(first), heard(second)] == ["begun", "begun"]
        wait_until(lambda: list(place.folder.rglob("*.begun")), "a snapshot that is begun")
        for run in (first, second):
            assert run.stdin is not None
            run.stdin.close()  # whoever asks goes on
        ends = [(run.stdout.read() if run.stdout else "").split() for run in (first, second)]
    assert sorted(ends) == [["asking", "done"], ["done"]]
    assert place.ticks() == [at(9, 0, 0)]


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


class _Killed(BaseException):
    """Stands for a kill: nothing catches it."""


class _Fragile(Spool):
    """Killed before it lets go, where that is wanted."""

    stops = False

    def let_go(self, landed: Collection[datetime]) -> None:
        if self.stops:
            raise _Killed
        super().let_go(landed)


class _Stopping(_Fragile):
    stops = True


_STEPS = st.tuples(
    st.integers(0, 11),
    st.sampled_from(["whole", "broken off", "killed asking", "killed after raw", "killed after both"]),
)


@settings(max_examples=25)
@given(steps=st.lists(_STEPS, max_size=8))
def test_after_any_ticks_kills_and_repeats_a_day_holds_exactly_what_was_taken(steps: list[tuple[int, str]]) -> None:
    with scratch() as folder:
        place = Place(folder)
        taken: dict[datetime, int] = {}
        for number, outcome in sorted(steps, key=lambda step: step[0]):
            now = at(9, number * MINUTES)
            before = len(place.asked)
            _attempt(place, now, outcome)
            if len(place.asked) - before == BATCHES:
                taken[_tick(now)] = taken.get(_tick(now), 0) + 1
        place.run(LATER, DAY)
        assert place.ticks() == sorted(taken) and set(taken.values()) <= {1}
        assert ticks_of(place.lake.manifest(QUEUES.table.name, DAY)) == set(taken)
        assert place.spool.days() == set()


def _attempt(place: Place, now: datetime, outcome: str) -> None:
    def broken() -> Iterator[Answered]:
        yield answer(_tick(now), 0)
        raise ConnectionError if outcome == "broken off" else _Killed

    def killed_making(answered: Answered, tick: datetime, taken_at: datetime) -> Tidy:
        raise _Killed

    def all_answers() -> Iterator[Answered]:
        return place.answers(now)

    place.spooled = _Stopping if outcome == "killed after both" else Spool
    landing = place.landing(now, make=killed_making if outcome == "killed after raw" else make)
    try:
        if outcome in ("broken off", "killed asking"):
            landing.land(DAY, None, broken)
        else:
            landing.land(DAY, None, all_answers)
    except (_Killed, ConnectionError):
        pass
    finally:
        place.spooled = Spool
