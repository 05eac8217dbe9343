"""Conversations without an end: their ages, which are stuck, and which a later reading should have told of."""

from datetime import date, timedelta

from analytics_platform.lake import Lake
from analytics_platform.lake.open_conversations import Named, StillOpen, days_of_open, readings, still_open
from analytics_platform.lake.views import connect, named
from analytics_platform_tests.lake.open_days import D1, D2, D3, D4, SIX, end_of, home, reading


def look(
    lake: Lake, wanted: dict[str, list[date]] | None = None, stuck_after_days: int = 60, most: int = 20
) -> StillOpen:
    read = readings(lake)
    with connect(lake, wanted) as connection:
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
            {f"{days}-days": (D4, end_of(D4) + SIX), f"ended-{days}": (D4, end_of(D4))},
            ended=(f"ended-{days}",),
        )
    reading(lake, D4)
    found = look(lake)
    assert found.ages == {"0-1": 1, "1-7": 2, "7-30": 2, "30-60": 2, "60+": 3}
    assert found.stuck == Named(2, ("90-days", "61-days")), "older than 60 days, the oldest first"
    assert look(lake, stuck_after_days=29, most=2).stuck == Named(5, ("90-days", "61-days"))
    asked = "SELECT conversation_id, age_days FROM open_conversations ORDER BY 2"
    with connect(lake, named(lake, asked)) as connection:
        ages = connection.execute(asked).fetchall()
    assert ages[:2] == [("0-days", 0), ("1-days", 1)] and len(ages) == 10


def test_days_that_tell_of_none_open_are_not_looked_at(lake: Lake) -> None:
    assert days_of_open(lake) == {"conversation_details": [], "conversations": []}
    for day in (D1, D2, D3, D4):
        reading(lake, day, "open")
        home(lake, day, {"open": (D4, end_of(D4) + SIX)}, ended=("open",) if day == D1 else (), counted=day != D4)
    assert days_of_open(lake) == {"conversation_details": [D2, D3, D4], "conversations": [D2, D3, D4]}
    assert look(lake).ages == look(lake, days_of_open(lake)).ages
    home(lake, D2, {"open": (D4, end_of(D4) + SIX)}, ended=("open",))
    assert days_of_open(lake)["conversations"] == [D3, D4], "of D4 nothing is told"


def test_one_that_each_later_day_tells_of_is_alive(lake: Lake) -> None:
    for day in (D1, D2, D3):
        reading(lake, day, "alive")
    home(lake, D1, {"alive": (D3, end_of(D3) + SIX)})
    assert no_longer_told(lake) == ()


def test_one_that_a_later_day_should_tell_of_and_does_not_has_vanished(lake: Lake) -> None:
    reading(lake, D1, "gone", "alive")
    reading(lake, D2, "alive")
    home(
        lake,
        D1,
        {"gone": (D1, end_of(D1) + SIX), "alive": (D2, end_of(D2) + SIX), "past": (D1, end_of(D1) + SIX)},
        ended=("past",),
    )
    assert no_longer_told(lake) == ("gone",)


def test_one_may_have_ended_on_a_day_that_has_not_landed(lake: Lake) -> None:
    reading(lake, D1, "open")
    reading(lake, D4)
    home(lake, D1, {"open": (D1, end_of(D1) + SIX)})
    assert no_longer_told(lake) == (), "days between are missing"


def test_a_day_that_was_read_before_tells_nothing_of_one_that_was_opened_again(lake: Lake) -> None:
    reading(lake, D1, "again", at=end_of(D4) + SIX)
    reading(lake, D2)
    reading(lake, D3)
    home(lake, D1, {"again": (D1, end_of(D4) + SIX)})
    assert no_longer_told(lake) == ()
    reading(lake, D3, at=end_of(D4) + 2 * SIX)
    assert no_longer_told(lake) == ("again",), "alive until the watermark it was read under"


def test_a_day_that_is_read_again_without_it_tells_too(lake: Lake) -> None:
    reading(lake, D1, at=end_of(D3) + SIX)
    home(lake, D1, {"gone": (D1, end_of(D1) + SIX)})
    assert no_longer_told(lake) == ("gone",)


def test_a_day_landed_in_part_tells_of_nobodys_absence(lake: Lake) -> None:
    reading(lake, D1, "open")
    reading(lake, D2, at=end_of(D1) + 2 * SIX, state="provisional")
    home(lake, D1, {"open": (D1, end_of(D1) + SIX)})
    assert no_longer_told(lake) == ()


def test_one_is_told_of_in_raw_before_its_home_day_is_made(lake: Lake) -> None:
    reading(lake, D1, "open")
    reading(lake, D2, "open")
    home(lake, D1, {"open": (D1, end_of(D1) + SIX)})
    assert no_longer_told(lake) == ()
