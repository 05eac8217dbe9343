"""Where a day is cut, and how many records are expected of a part."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, USER_DETAILS, Stream
from analytics_platform.landing.asking import question_of
from analytics_platform.landing.ledger import Question
from analytics_platform.landing.parts import LEAST, Beginning, Delivered, Like, halves, over
from analytics_platform.source.intervals import Interval, interval
from analytics_platform.tables.raw import Delivery, RawPage, raw_page

DAY = date(2026, 3, 2)
WHOLE = question_of("demo@org", CONVERSATION_DETAILS, DAY)
AS_OF = datetime(2026, 3, 4, tzinfo=UTC)


def _delivered(asked: str, records: int) -> Delivered:
    return Delivered("job", str(interval(asked)), AS_OF, records)


def _halved(question: Question) -> list[Question]:
    parts = halves(question)
    return [least for half in parts for least in _halved(half)] if parts else [question]


def test_halves_meet_in_the_middle_and_ask_in_the_vendors_words() -> None:
    first, second = halves(WHOLE)
    assert first.interval == "2026-03-02T00:00:00.000Z/2026-03-02T12:00:00.000Z"
    assert second.interval == "2026-03-02T12:00:00.000Z/2026-03-03T00:00:00.000Z"
    assert len({WHOLE.body_hash, first.body_hash, second.body_hash}) == 3 and first.day == second.day == DAY


def test_a_day_is_halved_down_to_the_least_part_and_its_parts_make_it_up() -> None:
    parts = [interval(part.interval) for part in _halved(WHOLE)]
    assert {part.end - part.start for part in parts} == {LEAST}
    assert [part.start for part in parts[1:]] == [part.end for part in parts[:-1]]
    assert Interval(parts[0].start, parts[-1].end) == interval(WHOLE.interval)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("2026-03-02/2026-03-03", 1000),
        ("2026-03-02T00:00Z/2026-03-02T12:00Z", 400),
        ("2026-03-02T12:00Z/2026-03-03T00:00Z", 600),
        ("2026-03-02T06:00Z/2026-03-02T18:00Z", 500),
        ("2026-03-02T18:00Z/2026-03-03T00:00Z", 300),
    ],
)
@pytest.mark.parametrize("days", [0, 1])
def test_a_part_is_expected_to_hold_what_it_did_on_a_like_day(asked: str, expected: float, days: int) -> None:
    landed = [
        _delivered(f"2026-03-{2 - days:02}T00:00Z/2026-03-{2 - days:02}T12:00Z", 400),
        _delivered(f"2026-03-{2 - days:02}T12:00Z/2026-03-{3 - days:02}T00:00Z", 600),
    ]
    assert Like(landed, days).records(over(WHOLE, interval(asked))) == expected


def _page(hours: Sequence[float], stream: Stream = CONVERSATION_DETAILS) -> RawPage:
    """Records that start so many hours into the day."""
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    told = [
        {"conversationId": str(hour), "conversationStart": midnight + timedelta(hours=hour), "userId": str(hour)}
        for hour in hours
    ]
    return raw_page(stream, [msgspec.Raw(msgspec.json.encode(one)) for one in told], Delivery("job", 1, AS_OF))


def _begun(*pages: RawPage) -> Beginning:
    begun = Beginning(interval(WHOLE.interval))
    for page in pages:
        begun.add(page)
    return begun


def test_a_job_is_expected_to_go_on_as_it_begins() -> None:
    assert _begun().expected == 0
    assert _begun(_page([0.5, 1, 2])).expected == 36
    assert _begun(_page([0.5, 1, 2]), _page([3, 5, 6])).expected == 24


def test_what_began_before_the_interval_says_nothing_of_what_begins_in_it() -> None:
    assert _begun(_page([-9, -5, -1])).expected == 3
    assert _begun(_page([-9, -5, -1]), _page([6, 12])).expected == 7


@pytest.mark.parametrize("hours", [[24, 12, 1], [3, 24, 0.1]])
def test_of_a_job_in_another_order_no_more_is_expected_than_has_come(hours: list[float]) -> None:
    assert _begun(_page(hours)).expected == 3


def test_records_without_starts_say_nothing_of_those_to_come() -> None:
    assert _begun(_page([0.1, 0.2], USER_DETAILS)).expected == 2
