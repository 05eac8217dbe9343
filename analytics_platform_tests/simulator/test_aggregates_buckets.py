"""How a granularity cuts an interval: at the edges of a time zone's days, weeks and months, clipped to the interval."""

from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.simulator.api.errors import ApiError
from analytics_platform.simulator.api.interval import Interval, parse_interval
from analytics_platform.simulator.api.statistics.buckets import buckets, text, zone_of
from analytics_platform.simulator.world.instants import DAY, HOUR, MINUTE

UTC = zone_of(None)
NEW_YORK = ZoneInfo("America/New_York")


def cut(interval: str, granularity: str | None, zone: ZoneInfo = UTC) -> list[str]:
    """Where each bucket begins, and the end of the last."""
    found = [text(bucket).split("/") for bucket in buckets(parse_interval(interval, 400), granularity, zone, 10_000)]
    assert all(one[1] == other[0] for one, other in pairwise(found))
    return [start.removesuffix(":00.000Z") for start, _ in found] + [found[-1][1].removesuffix(":00.000Z")]


def test_without_a_granularity_the_interval_is_one_bucket_as_in_the_real_answer() -> None:
    (bucket,) = buckets(parse_interval("2025-03-01T00:00:00Z/2025-03-12T23:59:59.999Z", 31), None, UTC, 1)
    assert text(bucket) == "2025-03-01T00:00:00.000Z/2025-03-12T23:59:59.999Z"


@pytest.mark.parametrize(
    ("granularity", "interval", "expected"),
    [
        ("PT30M", "2026-03-02T10:10Z/2026-03-02T11:10Z", ["02T10:10", "02T10:30", "02T11:00", "02T11:10"]),
        ("PT6H", "2026-03-02T05:00Z/2026-03-02T13:00Z", ["02T05:00", "02T06:00", "02T12:00", "02T13:00"]),
        ("PT9H", "2026-03-02T00:00Z/2026-03-03T05:00Z", ["02T00:00", "02T09:00", "02T18:00", "03T00:00", "03T05:00"]),
        ("PT1H30M", "2026-03-02T01:00Z/2026-03-02T03:30Z", ["02T01:00", "02T01:30", "02T03:00", "02T03:30"]),
        ("P1D", "2026-03-02T12:00Z/2026-03-04T12:00Z", ["02T12:00", "03T00:00", "04T00:00", "04T12:00"]),
        ("P3D", "2026-03-02T12:00Z/2026-03-07T00:00Z", ["02T12:00", "05T00:00", "07T00:00"]),
        ("P1DT12H", "2026-03-02T00:00Z/2026-03-05T00:00Z", ["02T00:00", "03T12:00", "05T00:00"]),
        ("PT36H", "2026-03-02T00:00Z/2026-03-05T00:00Z", ["02T00:00", "03T12:00", "05T00:00"]),
        ("P1W", "2026-03-04T00:00Z/2026-03-18T00:00Z", ["04T00:00", "09T00:00", "16T00:00", "18T00:00"]),
    ],
)
def test_a_period_is_cut_at_its_edges(granularity: str, interval: str, expected: list[str]) -> None:
    assert cut(interval, granularity) == [f"2026-03-{edge}" for edge in expected]


def test_months_and_years_begin_on_their_first_day() -> None:
    assert cut("2026-01-15T00:00Z/2026-04-10T00:00Z", "P1M") == [
        f"2026-{day}T00:00" for day in ("01-15", "02-01", "03-01", "04-01", "04-10")
    ]
    assert cut("2025-12-15T00:00Z/2026-02-01T00:00Z", "P1Y") == [
        "2025-12-15T00:00",
        "2026-01-01T00:00",
        "2026-02-01T00:00",
    ]
    assert cut("2026-01-15T00:00Z/2026-04-10T00:00Z", "P1M15D")[1:3] == ["2026-02-16T00:00", "2026-03-31T00:00"]


def test_a_day_is_the_time_zones_own_also_when_its_clocks_change() -> None:
    week = cut("2026-03-07T05:00Z/2026-03-10T04:00Z", "P1D", NEW_YORK)
    assert week == ["2026-03-07T05:00", "2026-03-08T05:00", "2026-03-09T04:00", "2026-03-10T04:00"]
    hours = buckets(parse_interval("2026-11-01T04:00Z/2026-11-02T05:00Z", 31), "PT1H", NEW_YORK, 100)
    assert len(hours) == 25
    assert {bucket.end - bucket.start for bucket in hours} == {HOUR}


def test_a_half_hour_zone_has_its_hours_at_half() -> None:
    assert cut("2026-03-02T00:00Z/2026-03-02T02:00Z", "PT1H", ZoneInfo("Asia/Kolkata")) == [
        f"2026-03-02T{time}" for time in ("00:00", "00:30", "01:30", "02:00")
    ]


@given(
    start=st.integers(20_000 * DAY, 20_400 * DAY),
    length=st.integers(1, 40 * DAY),
    granularity=st.sampled_from(["PT15M", "PT1H", "PT7H", "P1D", "P2D", "P1W", "P1M", "P1DT1H", "P1M3D"]),
    zone=st.sampled_from(["UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Sao_Paulo"]),
)
def test_buckets_cover_the_interval_without_gap_or_overlap(
    start: int, length: int, granularity: str, zone: str
) -> None:
    interval = Interval(start, start + length)
    found = buckets(interval, granularity, zone_of(zone), 10_000)
    assert (found[0].start, found[-1].end) == (interval.start, interval.end)
    assert all(one.end == other.start for one, other in pairwise(found))
    assert all(bucket.start < bucket.end for bucket in found)
    assert granularity != "PT15M" or max(bucket.end - bucket.start for bucket in found) <= 15 * MINUTE


@pytest.mark.parametrize("granularity", ["", "P", "PT", "30M", "PT-1H", "P0D", "pt30m", "P1D1D"])
def test_what_is_no_period_is_refused(granularity: str) -> None:
    with pytest.raises(ApiError, match="Invalid granularity"):
        buckets(Interval(0, DAY), granularity, UTC, 100)


@pytest.mark.parametrize("name", ["Mars/Olympus", "Europe", "../etc/passwd", "utc+1"])
def test_what_is_no_time_zone_is_refused(name: str) -> None:
    with pytest.raises(ApiError, match="Invalid time zone"):
        zone_of(name)
