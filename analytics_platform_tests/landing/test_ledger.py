import contextlib
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, USER_DETAILS
from analytics_platform.landing.asking import question_of
from analytics_platform.landing.ledger import Entry, Ledger, Question
from analytics_platform.landing.parts import halves
from analytics_platform.source.errors import GivenUp

DAY = date(2026, 3, 2)
WATERMARK = datetime(2026, 3, 3, 6, tzinfo=UTC)
QUESTION = question_of("org", CONVERSATION_DETAILS, DAY)
OTHERS = (
    question_of("demo@elsewhere", CONVERSATION_DETAILS, DAY),
    question_of("org", USER_DETAILS, DAY),
    question_of("org", CONVERSATION_DETAILS, date(2026, 3, 3)),
    replace(QUESTION, interval="2026-03-02T00:00:00.000Z/2026-03-02T12:00:00.000Z"),
    replace(QUESTION, body_hash="another body"),
)


@pytest.fixture
def ledger(folder: Path) -> Ledger:
    return Ledger(folder / "ledger")


def _submitted(ledger: Ledger, question: Question = QUESTION, request: str = "run") -> Entry:
    return ledger.submitted(ledger.begin(question, request, WATERMARK), "job-1")


def test_a_question_asks_for_one_utc_day_in_the_vendors_words() -> None:
    assert QUESTION.interval == "2026-03-02T00:00:00.000Z/2026-03-03T00:00:00.000Z"
    assert question_of("org", CONVERSATION_DETAILS, DAY) == QUESTION


def test_a_job_is_noted_before_it_is_submitted_and_with_its_id_after(ledger: Ledger) -> None:
    begun = ledger.begin(QUESTION, "run", WATERMARK)
    assert (begun.state, begun.job_id, begun.watermark) == ("submitting", None, WATERMARK)
    assert ledger.in_flight(QUESTION) == begun
    submitted = ledger.submitted(begun, "job-1")
    assert (submitted.state, submitted.job_id) == ("submitted", "job-1")
    assert ledger.in_flight(QUESTION) == submitted


@pytest.mark.parametrize("other", OTHERS, ids=lambda other: f"{other.org} {other.stream} {other.interval}")
def test_a_job_answers_no_other_question(ledger: Ledger, other: Question) -> None:
    entry = _submitted(ledger)
    assert ledger.in_flight(other) is None
    ledger.landed(entry)
    assert ledger.landed_by(other, "run") is None


@pytest.mark.parametrize("end", [Ledger.landed, lambda ledger, entry: ledger.lost(entry, "gone")])
def test_a_job_that_ended_is_no_longer_in_flight_and_its_pages_are_removed(
    ledger: Ledger, end: Callable[[Ledger, Entry], Entry]
) -> None:
    entry = _submitted(ledger)
    ledger.spool(entry).mkdir(parents=True)
    (ledger.spool(entry) / "page-000001.json").write_bytes(b"{}")
    end(ledger, entry)
    assert ledger.in_flight(QUESTION) is None and not ledger.spool(entry).exists()


def test_a_request_knows_what_it_has_landed_and_another_request_does_not(ledger: Ledger) -> None:
    ledger.landed(_submitted(ledger, request="run 1"))
    assert ledger.landed_by(QUESTION, "run 1") is not None and ledger.landed_by(QUESTION, "run 2") is None


def test_a_job_that_is_split_stays_in_flight_until_it_is_landed_with_those_that_answer_in_its_place(
    ledger: Ledger,
) -> None:
    whole = ledger.split(_submitted(ledger), "too large")
    assert ledger.in_flight(QUESTION) == whole and (whole.state, whole.note) == ("split", "too large")
    assert ledger.submitted_of("demo@org", "conversations") == []
    parts = [_submitted(ledger, question=half) for half in halves(QUESTION)]
    ledger.landed(*parts, whole)
    assert [entry.state for entry in ledger.entries()] == ["landed"] * 3
    assert ledger.landed_by(QUESTION, "run") is not None


def test_waiting_in_vain_is_counted_by_question_until_a_job_of_it_lands(ledger: Ledger) -> None:
    first = ledger.waited_in_vain(_submitted(ledger))
    assert first.state == "submitted" and ledger.in_vain(QUESTION) == 1
    ledger.lost(ledger.waited_in_vain(first), "failed")
    ledger.lost(ledger.waited_in_vain(_submitted(ledger, request="another")), "failed")
    assert ledger.in_vain(QUESTION) == 3 and [ledger.in_vain(other) for other in OTHERS] == [0] * len(OTHERS)
    ledger.landed(_submitted(ledger))
    assert ledger.in_vain(QUESTION) == 0


def test_a_ledger_of_a_former_release_is_gone_on_with(ledger: Ledger, folder: Path) -> None:
    entry = _submitted(ledger)
    with contextlib.closing(sqlite3.connect(folder / "ledger" / "ledger.sqlite")) as connection:
        connection.execute("ALTER TABLE jobs DROP COLUMN in_vain")
    again = Ledger(folder / "ledger")
    assert again.in_flight(QUESTION) == entry and again.in_vain(QUESTION) == 0


def test_what_is_lost_keeps_the_reason(ledger: Ledger) -> None:
    entry = _submitted(ledger)
    assert ledger.lost(entry, "expired").note == "expired" and ledger.entry(entry.number).state == "lost"


def test_pages_are_counted_with_the_cursor_to_the_next_and_the_last_has_none(ledger: Ledger) -> None:
    entry = ledger.page_landed(_submitted(ledger), 1, "to page 2")
    assert (entry.pages, entry.cursor, entry.exhausted) == (1, "to page 2", False)
    entry = ledger.page_landed(entry, 2, None)
    assert (entry.pages, entry.cursor, entry.exhausted) == (2, None, True)
    entry = ledger.restarted(entry)
    assert (entry.pages, entry.cursor, entry.exhausted, entry.state) == (0, None, False, "submitted")


def test_the_vendors_dates_are_kept_in_whole_milliseconds(ledger: Ledger) -> None:
    asked = datetime(2026, 3, 3, 7, 0, 0, 123_999, tzinfo=UTC)
    entry = ledger.dated(_submitted(ledger), asked, None)
    assert (entry.submitted_at, entry.expiration_date) == (asked.replace(microsecond=123_000), None)


def test_a_ledger_opened_again_knows_the_same(ledger: Ledger, folder: Path) -> None:
    entry = ledger.page_landed(_submitted(ledger), 3, "next")
    ledger.spool(entry).mkdir(parents=True)
    again = Ledger(folder / "ledger")
    assert again.in_flight(QUESTION) == entry and again.entries() == [entry] and again.spool(entry).exists()


def test_pages_of_an_ended_job_that_a_kill_left_behind_go_when_the_ledger_is_opened(
    ledger: Ledger, folder: Path
) -> None:
    ended = _submitted(ledger)
    ledger.landed(ended)
    ledger.spool(ended).mkdir(parents=True)
    Ledger(folder / "ledger")
    assert not ledger.spool(ended).exists()


def test_many_threads_open_a_new_ledger_and_write_to_it_at_once(folder: Path) -> None:
    start = threading.Barrier(6)

    def write(number: int) -> int:
        start.wait()
        return _submitted(Ledger(folder / "new"), request=f"run {number}").number

    with ThreadPoolExecutor(6) as pool:
        numbers = list(pool.map(write, range(6)))
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6] and len(Ledger(folder / "new").entries()) == 6


def test_a_day_is_held_by_one_at_a_time_and_other_days_are_free(ledger: Ledger) -> None:
    order: list[str] = []

    def second() -> None:
        with ledger.claim("conversation_details", DAY):
            order.append("second")

    with ThreadPoolExecutor(1) as pool:
        with ledger.claim("conversation_details", DAY):
            waiting = pool.submit(second)
            with ledger.claim("conversation_details", date(2026, 3, 3)), ledger.claim("user_details", DAY):
                order.append("first")
        waiting.result(timeout=30)
    assert order == ["first", "second"]


def test_whoever_waits_for_a_day_gives_up_when_told_to(ledger: Ledger) -> None:
    stop = threading.Event()

    def wait() -> None:
        with ledger.claim("conversation_details", DAY, stop):
            raise AssertionError("the day was held by another")

    with ThreadPoolExecutor(1) as pool, ledger.claim("conversation_details", DAY):
        waiting = pool.submit(wait)
        stop.set()
        with pytest.raises(GivenUp, match="conversation_details of 2026-03-02"):
            waiting.result(timeout=30)


def test_a_claim_is_let_go_when_its_holder_fails(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError), ledger.claim("conversation_details", DAY):
        raise ZeroDivisionError
    stop = threading.Event()
    stop.set()
    with ledger.claim("conversation_details", DAY, stop):
        pass
