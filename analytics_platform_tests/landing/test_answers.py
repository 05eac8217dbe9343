"""Days of answers: staged whole, published raw first, equal by content, asked for once a request."""

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Event
from typing import Any

import pyarrow as pa
import pytest

from analytics_platform.catalogue.answers import raw_answers
from analytics_platform.catalogue.operations import CONVERSATION_JOBS
from analytics_platform.catalogue.tables import Column, plain_table
from analytics_platform.genesys_cloud.answered import Answered
from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.landing.answers import AnswersLanding, DayOfAnswers, LandedAnswers, Made, StagedAnswers
from analytics_platform.landing.errors import AnswerUnusable, DayNotComplete, OtherSource
from analytics_platform.landing.states import end_of
from analytics_platform.landing.watermark import Watermark
from analytics_platform.source.errors import GivenUp
from analytics_platform.tables.answers import UnreadableAnswer
from analytics_platform.tables.schemas import table_schema
from analytics_platform_tests.landing.workplace import DAYS, Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

RAW = raw_answers("letters", "Letters as they came.")
LETTERS = plain_table("letters", (Column("letter", "string", None, "A letter."),), ("letter",), None, "Letters.")
CAPITALS = plain_table("capitals", LETTERS.own, LETTERS.key, None, "The capitals among them.")
DAY = DAYS[0]
ENDED = end_of(DAY)
SETTLED = ENDED + timedelta(days=3)


def landing(place: Workplace, source: str = "api.example.org") -> AnswersLanding:
    return AnswersLanding(place.lake, RAW, (CAPITALS, LETTERS), source, timedelta(days=3))


def made(answer: Answered) -> Made:
    letters = answer.text.decode()
    if "?" in letters:
        raise UnreadableAnswer("An answer cannot be made into rows: it asks back; raw keeps it as it came.")
    schema = table_schema(LETTERS)
    capitals = [letter for letter in letters if letter.isupper()]
    return {
        LETTERS.name: pa.table({"letter": list(letters)}, schema=schema),
        CAPITALS.name: pa.table({"letter": capitals}, schema=schema),
    }


def asked(*texts: str, **given: Any) -> DayOfAnswers:
    answers = [
        Answered(datetime(2026, 3, 9, tzinfo=UTC), f'{{"n": {n}}}', t.encode(), f"id-{n}") for n, t in enumerate(texts)
    ]
    return DayOfAnswers(answers, made, **given)


def stage(
    place: Workplace, *texts: str, at: datetime = ENDED, source: str = "api.example.org", **given: Any
) -> StagedAnswers:
    return landing(place, source).stage(DAY, asked(*texts, **given), watermark=at, as_of=at)


def state(place: Workplace, *texts: str, at: datetime, **given: Any) -> str:
    """Land a day as of an instant; what it is then."""
    return str(stage(place, *texts, at=at, **given).publish().facts["state"])


def test_each_answer_is_kept_whole_beside_what_was_made_of_it(place: Workplace) -> None:
    stage(place, "aB", "", "C", facts={"interval": "that day"}).publish()
    rows = place.lake.read(RAW.name, DAY).to_pylist()
    assert [(row["number"], row["answer"], row["request"], row["correlation_id"]) for row in rows] == [
        (0, "aB", '{"n": 0}', "id-0"),
        (1, "", '{"n": 1}', "id-1"),
        (2, "C", '{"n": 2}', "id-2"),
    ]
    assert place.lake.read(LETTERS.name, DAY)["letter"].to_pylist() == ["a", "B", "C"]
    assert place.lake.read(CAPITALS.name, DAY)["letter"].to_pylist() == ["B", "C"]
    for table in (RAW, LETTERS, CAPITALS):
        manifest = place.lake.manifest(table.name, DAY)
        assert manifest is not None
        assert manifest.facts["answers"] == 3 and manifest.facts["interval"] == "that day"
        assert manifest.facts["state"] == "complete" and manifest.facts["watermark"] == "2026-03-03T00:00:00Z"


def test_facts_are_those_after_the_last_answer(place: Workplace) -> None:
    facts: dict[str, object] = {"seen": 0}

    def counted(answer: Answered) -> Made:
        facts["seen"] = answer.text.decode()
        return made(answer)

    day = DayOfAnswers(asked("a", "b").answers, counted, facts=facts)
    manifest = landing(place).stage(DAY, day, watermark=ENDED, as_of=ENDED).publish()
    assert manifest.facts["seen"] == "b"


def test_nothing_is_seen_before_it_is_published_and_nothing_is_left_when_it_is_given_up(place: Workplace) -> None:
    staged = stage(place, "a")
    assert place.lake.days(RAW.name) == place.lake.days(LETTERS.name) == []
    staged.discard()
    assert place.leftovers() == []


def test_raw_is_published_first_and_the_mark_of_the_day_last(place: Workplace) -> None:
    staged = stage(place, "aB")
    staged.typed[0].discard()  # as if the run were killed before the first typed table
    with pytest.raises(Exception, match="capitals"):
        staged.publish()
    assert place.lake.days(RAW.name) == [DAY]
    assert place.lake.days(LETTERS.name) == []
    assert place.leftovers() == []


def test_a_day_read_again_is_settled_without_a_difference_and_rebuilt_with_one(place: Workplace) -> None:
    midday = ENDED - timedelta(hours=12)
    assert state(place, "ab", at=midday) == "provisional"
    assert state(place, "abc", at=ENDED) == "complete"
    assert state(place, "abc", at=ENDED + timedelta(days=1)) == "complete"
    assert state(place, "abc", at=SETTLED) == "settled"
    assert state(place, "abd", at=SETTLED) == "rebuilt"
    assert state(place, "abd", at=SETTLED) == "settled"


def test_rows_that_come_in_other_answers_or_another_order_are_no_difference(place: Workplace) -> None:
    assert state(place, "abC", "d", at=ENDED) == "complete"
    assert state(place, "", "da", "Cb", at=SETTLED) == "settled"
    assert state(place, "da", "Cbb", at=SETTLED) == "rebuilt"


def test_a_row_that_moves_to_another_table_is_a_difference(place: Workplace) -> None:
    def apart(answer: Answered) -> Made:
        return dict(zip((LETTERS.name, CAPITALS.name), reversed(list(made(answer).values())), strict=True))

    assert state(place, "aB", at=ENDED) == "complete"
    day = DayOfAnswers(asked("aB").answers, apart)
    assert landing(place).stage(DAY, day, watermark=SETTLED, as_of=SETTLED).publish().facts["state"] == "rebuilt"


def test_a_day_asked_another_question_is_no_restatement_of_the_one_before(place: Workplace) -> None:
    assert state(place, "a", at=ENDED, question={"of": "a"}) == "complete"
    assert state(place, "b", at=SETTLED, question={"of": "b"}) == "complete"
    assert state(place, "c", at=SETTLED, question={"of": "b"}) == "rebuilt"


def test_another_orgs_lake_is_refused_before_the_first_answer_is_asked_for(place: Workplace) -> None:
    stage(place, "a").publish()

    def never() -> Iterator[Answered]:
        raise AssertionError("asked")
        yield

    with pytest.raises(OtherSource):
        landing(place, "api.example.com").stage(DAY, DayOfAnswers(never(), made), watermark=ENDED, as_of=ENDED)


def test_an_answer_no_rows_can_be_made_of_leaves_the_day_as_it_was(place: Workplace) -> None:
    stage(place, "a").publish()
    with pytest.raises(AnswerUnusable) as refused:
        stage(place, "b", "what?")
    assert str(refused.value) == (
        "letters of 2026-03-02 stays as it was. An answer cannot be made into rows: it asks back: run again, or ask "
        "the vendor when it stays so."
    )
    assert place.lake.read(LETTERS.name, DAY)["letter"].to_pylist() == ["a"]
    assert place.leftovers() == []


Land = Callable[..., Generator[StagedAnswers | LandedAnswers]]


@pytest.fixture
def land(place: Workplace) -> Land:
    """Land days of letters, one answer each; `seen` is told of each day that is asked for."""

    def all_of(
        days: Sequence[date], request: str = "run", text: str = "a", seen: list[date] | None = None, **given: Any
    ) -> Generator[StagedAnswers | LandedAnswers]:
        def ask(day: date) -> DayOfAnswers:
            (seen if seen is not None else []).append(day)
            return asked(text)

        watermark = Watermark(DetailsJobs(place.client, CONVERSATION_JOBS))
        return landing(place).land_all(days, request, ask, ledger=place.ledger, watermark=watermark, **given)

    return all_of


def test_days_land_oldest_first_under_one_look_at_the_watermark(land: Land, quick_org: SimulatedOrg) -> None:
    seen: list[date] = []
    manifests = [day.publish() for day in land(DAYS[::-1], seen=seen)]
    assert [manifest.day for manifest in manifests] == seen == list(DAYS)
    assert {manifest.facts["request"] for manifest in manifests} == {"run"}
    assert quick_org.requests()["counts"][f"GET {CONVERSATION_JOBS.availability.path}"] == {"200": 1}


def test_a_day_past_the_watermark_is_refused_before_anything_is_asked_of_it(
    land: Land, quick_org: SimulatedOrg
) -> None:
    quick_org.set_now("2026-03-04T05:00:00Z")
    seen: list[date] = []
    landed = land(DAYS, seen=seen)
    assert next(landed).publish().day == DAYS[0]
    with pytest.raises(DayNotComplete, match="letters of 2026-03-03 cannot be landed"):
        next(landed)
    assert seen == [DAYS[0]]


def test_part_of_a_day_lands_when_it_is_asked_for_and_never_in_place_of_the_whole(
    land: Land, place: Workplace, quick_org: SimulatedOrg
) -> None:
    quick_org.set_now("2026-03-04T05:00:00Z")
    assert [day.publish().facts["state"] for day in land(DAYS[:2], provisional=True)] == ["complete", "provisional"]
    assert [day.publish().facts["state"] for day in land([DAYS[1]], "again", provisional=True)] == ["provisional"]
    quick_org.set_now("2026-03-04T12:00:00Z")
    assert [day.publish().facts["state"] for day in land([DAYS[1]], "whole")] == ["complete"]
    quick_org.set_now("2026-03-03T12:00:00Z")
    with pytest.raises(DayNotComplete):
        next(land([DAYS[1]], "part", provisional=True))
    manifest = place.lake.manifest(LETTERS.name, DAYS[1])
    assert manifest is not None and manifest.facts["request"] == "whole"


def test_a_retry_of_a_request_asks_only_for_what_it_has_not_published(land: Land, place: Workplace) -> None:
    first = land(DAYS)
    next(first).publish()
    killed = next(first)
    assert isinstance(killed, StagedAnswers)
    killed.raw.publish()  # and killed before the typed tables
    first.close()
    assert place.leftovers() == []
    seen: list[date] = []
    again = list(land(DAYS, seen=seen))
    assert seen == list(DAYS[1:])
    assert isinstance(again[0], LandedAnswers)
    assert again[0].publish() == place.lake.manifest(RAW.name, DAYS[0])
    assert again[0].manifests[LETTERS.name] == place.lake.manifest(LETTERS.name, DAYS[0])
    other: list[date] = []
    list(land(DAYS, "another", seen=other))
    assert other == list(DAYS)


def test_a_day_is_held_against_other_runs_until_the_next_is_asked_for(land: Land, place: Workplace) -> None:
    stop = Event()
    stop.set()

    def held(day: date) -> bool:
        try:
            with place.ledger.claim(LETTERS.name, day, stop):
                return False
        except GivenUp:
            return True

    landed = land(DAYS)
    with ThreadPoolExecutor(1) as another:
        next(landed)
        assert list(another.map(held, DAYS)) == [True, False, False]
        next(landed)
        assert list(another.map(held, DAYS)) == [False, True, False]
        landed.close()
        assert list(another.map(held, DAYS)) == [False, False, False]


def test_a_day_that_was_not_published_is_given_up(land: Land, place: Workplace) -> None:
    assert len(list(land(DAYS))) == 3
    assert place.lake.days(RAW.name) == [] and place.leftovers() == []
