"""Ticks lie on a grid that begins at midnight UTC, and a manifest tells them in few words."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.lake import Manifest
from analytics_platform.landing.ticks import TICKS, due_tick, runs_of, ticks_of, ticks_of_day

DAY = date(2026, 3, 2)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)


def _manifest(runs: list[str]) -> Manifest:
    return Manifest("t", DAY, 0, 0, None, None, "", 0, "", {TICKS: runs})


@given(minutes=st.sets(st.integers(0, 1439), max_size=60))
def test_a_manifest_tells_exactly_the_ticks_it_was_told(minutes: set[int]) -> None:
    ticks = {MIDNIGHT + timedelta(minutes=minute) for minute in minutes}
    assert ticks_of(_manifest(runs_of(ticks))) == ticks


def test_a_day_without_a_gap_is_one_run_and_a_gap_parts_two() -> None:
    ticks = ticks_of_day(DAY, 5, MIDNIGHT + timedelta(days=1))
    assert len(ticks) == 288
    assert runs_of(ticks) == ["2026-03-02T00:00Z/2026-03-02T23:55Z/5"]
    assert runs_of(ticks[:3] + ticks[4:6]) == [
        "2026-03-02T00:00Z/2026-03-02T00:10Z/5",
        "2026-03-02T00:20Z/2026-03-02T00:25Z/5",
    ]
    assert runs_of(ticks[:1]) == ["2026-03-02T00:00Z/2026-03-02T00:00Z/0"] and ticks_of(None) == set()


@given(seconds=st.integers(0, 86399), minutes=st.sampled_from([1, 5, 10, 15, 30, 60]))
def test_at_any_time_the_newest_tick_is_due_and_it_is_of_the_same_day(seconds: int, minutes: int) -> None:
    now = MIDNIGHT + timedelta(seconds=seconds)
    tick = due_tick(now.astimezone(timezone(timedelta(hours=5, minutes=30))), minutes)
    assert tick <= now < tick + timedelta(minutes=minutes) and tick.date() == DAY
    assert tick in ticks_of_day(DAY, minutes, MIDNIGHT + timedelta(days=1))


@pytest.mark.parametrize(("seconds", "passed"), [(0, 0), (299, 0), (300, 1), (601, 2)])
def test_a_tick_has_passed_when_the_next_is_due(seconds: int, passed: int) -> None:
    assert len(ticks_of_day(DAY, 5, MIDNIGHT + timedelta(seconds=seconds))) == passed
