"""Conversations without an end: their ages, which are stuck, and which a later reading should have told of."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

import pyarrow as pa

from analytics_platform.lake import Lake
from analytics_platform.lake.open_conversations import Named, StillOpen, readings, still_open
from analytics_platform.lake.views import connect

D1, D2, D3, D4 = (date(2026, 3, day) for day in (2, 3, 4, 5))
SIX = timedelta(hours=6)


def _end(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def reading(
    lake: Lake, day: date, *ids: str, at: datetime | None = None, watermark: datetime | None = None, state: str = ""
) -> None:
    """An activity day that delivered conversations; read when the watermark, six hours behind, had passed it."""
    at = at or _end(day) + SIX
    rows = pa.table({"conversation_id": pa.array(ids, pa.string())})
    with lake.stage("conversation_details", day, rows.schema) as writer:
        writer.write(rows)
        facts = {"state": state or "complete", "as_of": at, "watermark": watermark or at - SIX}
        writer.seal(facts).publish()


def home(lake: Lake, day: date, told: Mapping[str, tuple[date, datetime]], ended: tuple[str, ...] = ()) -> None:
    """A home day's conversations: of each the activity day and the instant of the version that is held."""
    instant = pa.timestamp("ms", "UTC")
    start = datetime.combine(day, time(12), UTC)
    rows = pa.table(
        {
            "conversation_id": pa.array(told),
            "conversation_start": pa.array([start] * len(told), instant),
            "conversation_end": pa.array([start if id in ended else None for id in told], instant),
            "activity_day": pa.array([activity_day for activity_day, _ in told.values()], pa.date32()),
            "as_of": pa.array([as_of for _, as_of in told.values()], instant),
        }
    )
    with lake.stage("conversations", day, rows.schema) as writer:
        writer.write(rows)
        writer.seal({"state": "complete"}).publish()


def look(lake: Lake, stuck_after_days: int = 60, most: int = 20) -> StillOpen:
    read = readings(lake)
    with connect(lake) as connection:
        return still_open(connection, read, stuck_after_days=stuck_after_days, most=most)


def no_longer_told(lake: Lake) -> tuple[str, ...]:
    return look(lake).no_longer_told.ids


def test_nothing_is_open_where_nothing_has_landed(lake: Lake) -> None:
    assert look(lake) == StillOpen({"0-1": 0, "1-7": 0, "7-30": 0, "30-60": 0, "60+": 0}, Named(0, ()), Named(0, ()))
    reading(lake, D1)
    assert look(lake).ages["0-1"] == 0, "raw alone has landed"


def test_ages_are_counted_from_the_home_day_to_the_newest_landed_activity_day(lake: Lake) -> None:
    for days in (0, 1, 6, 7, 29, 30, 59, 60, 61, 90):
        home(
            lake,
            D4 - timedelta(days=days),
            {f"{days}-days": (D4, _end(D4) + SIX), f"ended-{days}": (D4, _end(D4))},
            ended=(f"ended-{days}",),
        )
    reading(lake, D4)
    found = look(lake)
    assert found.ages == {"0-1": 1, "1-7": 2, "7-30": 2, "30-60": 2, "60+": 3}
    assert found.stuck == Named(2, ("90-days", "61-days")), "older than 60 days, the oldest first"
    assert look(lake, stuck_after_days=29, most=2).stuck == Named(5, ("90-days", "61-days"))
    with connect(lake) as connection:
        ages = connection.execute("SELECT conversation_id, age_days FROM open_conversations ORDER BY 2").fetchall()
    assert ages[:2] == [("0-days", 0), ("1-days", 1)] and len(ages) == 10


def test_one_that_each_later_day_tells_of_is_alive(lake: Lake) -> None:
    for day in (D1, D2, D3):
        reading(lake, day, "alive")
    home(lake, D1, {"alive": (D3, _end(D3) + SIX)})
    assert no_longer_told(lake) == ()


def test_one_that_a_later_day_should_tell_of_and_does_not_has_vanished(lake: Lake) -> None:
    reading(lake, D1, "gone", "alive")
    reading(lake, D2, "alive")
    home(
        lake,
        D1,
        {"gone": (D1, _end(D1) + SIX), "alive": (D2, _end(D2) + SIX), "past": (D1, _end(D1) + SIX)},
        ended=("past",),
    )
    assert no_longer_told(lake) == ("gone",)


def test_one_may_have_ended_on_a_day_that_has_not_landed(lake: Lake) -> None:
    reading(lake, D1, "open")
    reading(lake, D4)
    home(lake, D1, {"open": (D1, _end(D1) + SIX)})
    assert no_longer_told(lake) == (), "days between are missing"


def test_a_day_that_was_read_before_tells_nothing_of_one_that_was_opened_again(lake: Lake) -> None:
    reading(lake, D1, "again", at=_end(D4) + SIX)
    reading(lake, D2)
    reading(lake, D3)
    home(lake, D1, {"again": (D1, _end(D4) + SIX)})
    assert no_longer_told(lake) == ()
    reading(lake, D3, at=_end(D4) + 2 * SIX)
    assert no_longer_told(lake) == ("again",), "alive until the watermark it was read under"


def test_a_day_that_is_read_again_without_it_tells_too(lake: Lake) -> None:
    reading(lake, D1, at=_end(D3) + SIX)
    home(lake, D1, {"gone": (D1, _end(D1) + SIX)})
    assert no_longer_told(lake) == ("gone",)


def test_a_day_landed_in_part_tells_of_nobodys_absence(lake: Lake) -> None:
    reading(lake, D1, "open")
    reading(lake, D2, at=_end(D1) + 2 * SIX, state="provisional")
    home(lake, D1, {"open": (D1, _end(D1) + SIX)})
    assert no_longer_told(lake) == ()


def test_one_is_told_of_in_raw_before_its_home_day_is_made(lake: Lake) -> None:
    reading(lake, D1, "open")
    reading(lake, D2, "open")
    home(lake, D1, {"open": (D1, _end(D1) + SIX)})
    assert no_longer_told(lake) == ()
