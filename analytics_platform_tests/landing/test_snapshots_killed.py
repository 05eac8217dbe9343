"""Snapshots land once each whatever happens to who takes them: killed at any step, or two at once."""

from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_platform.genesys_cloud.answered import Answered
from analytics_platform.landing.spool import Spool
from analytics_platform.landing.ticks import ticks_of
from analytics_platform.tables.answers import Tidy
from analytics_platform_tests.lake.processes import heard, python
from analytics_platform_tests.landing.scratch import scratch
from analytics_platform_tests.landing.snapshot_places import (
    BATCHES,
    DAY,
    LATER,
    MINUTES,
    QUEUES,
    Place,
    answer,
    at,
    due,
    make,
)
from analytics_platform_tests.waiting import wait_until


@pytest.fixture
def place(folder: Path) -> Place:
    return Place(folder)


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
                taken[due(now)] = taken.get(due(now), 0) + 1
        place.run(LATER, DAY)
        assert place.ticks() == sorted(taken) and set(taken.values()) <= {1}
        assert ticks_of(place.lake.manifest(QUEUES.table.name, DAY)) == set(taken)
        assert place.spool.days() == set()


def _attempt(place: Place, now: datetime, outcome: str) -> None:
    def broken() -> Iterator[Answered]:
        yield answer(due(now), 0)
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
