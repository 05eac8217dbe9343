"""Intervals: what people write, and how they are cut."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.source.errors import QueryRefused
from analytics_platform.source.intervals import Interval, interval, last


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-02", "2026-03-02T00:00:00.000Z/2026-03-03T00:00:00.000Z"),
        ("2026-03-02/2026-03-04", "2026-03-02T00:00:00.000Z/2026-03-04T00:00:00.000Z"),
        ("2026-03-02T08:00Z/2026-03-02T12:30:00.250Z", "2026-03-02T08:00:00.000Z/2026-03-02T12:30:00.250Z"),
        ("2026-03-02T08:00:00.123999Z/2026-03-03", "2026-03-02T08:00:00.123Z/2026-03-03T00:00:00.000Z"),
        ("2026-03-02T08:00/2026-03-02T12:00", "2026-03-02T08:00:00.000Z/2026-03-02T12:00:00.000Z"),
        ("2026-03-02T08:00+05:30/2026-03-03", "2026-03-02T02:30:00.000Z/2026-03-03T00:00:00.000Z"),
    ],
)
def test_days_and_instants_are_utc_and_the_end_is_not_in_it(written: str, meant: str) -> None:
    assert str(interval(written)) == meant


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("yesterday", "'yesterday' in the interval 'yesterday' is neither day nor instant"),
        ("2026-02-30", "neither day nor instant"),
        ("2026-03-02/", "'' in the interval"),
        ("2026-03-02T08:00Z", "has no end"),
        ("2026-03-04/2026-03-02", "does not end after it begins"),
        ("2026-03-04/2026-03-04", "does not end after it begins"),
    ],
)
def test_anything_else_is_refused_with_how_to_write_it(written: str, said: str) -> None:
    with pytest.raises(QueryRefused) as refused:
        interval(written)
    assert said in str(refused.value)
    assert "2026-03-02/2026-03-04" in str(refused.value)


def test_the_last_days_and_hours_are_those_that_have_passed() -> None:
    now = datetime(2026, 3, 7, 10, 30, tzinfo=UTC)
    assert str(last("3d", now)) == "2026-03-04T00:00:00.000Z/2026-03-07T00:00:00.000Z"
    assert str(last("6H", now)) == "2026-03-07T04:00:00.000Z/2026-03-07T10:00:00.000Z"
    with pytest.raises(QueryRefused, match="no span of time: write days or hours"):
        last("3 weeks", now)


def test_pieces_are_cut_at_utc_midnights_and_make_the_whole_again() -> None:
    whole = interval("2026-03-02T10:00Z/2026-03-12T12:00Z")
    pieces = list(whole.pieces(7))
    assert [str(piece) for piece in pieces] == [
        "2026-03-02T10:00:00.000Z/2026-03-09T00:00:00.000Z",
        "2026-03-09T00:00:00.000Z/2026-03-12T12:00:00.000Z",
    ]
    assert [piece.days for piece in pieces] == [7, 4]
    assert whole.days == 11
    assert interval("2026-03-02").days == 1
    assert list(interval("2026-03-02").pieces(7)) == [interval("2026-03-02")]


@given(
    begun=st.timedeltas(timedelta(0), timedelta(days=3650)),
    length=st.timedeltas(timedelta(microseconds=1), timedelta(days=90)),
    days=st.integers(1, 31),
)
def test_pieces_of_any_interval_touch_no_more_days_than_allowed_and_no_instant_twice(
    begun: timedelta, length: timedelta, days: int
) -> None:
    start = datetime(2020, 1, 1, tzinfo=UTC) + begun
    whole = Interval(start, start + length)
    pieces = list(whole.pieces(days))
    assert (pieces[0].start, pieces[-1].end) == (whole.start, whole.end)
    for before, after in pairwise(pieces):
        assert before.end == after.start
        assert after.start.time() == datetime.min.time()
    assert all(1 <= piece.days <= days for piece in pieces)
