"""A day that one job cannot deliver is landed from parts, and the lake holds the same as if one job had."""

import contextlib
import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, STREAMS, Stream
from analytics_platform.catalogue.tables import conversation_tables
from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.lake import Lake, Manifest
from analytics_platform.landing.asking import question_of
from analytics_platform.landing.errors import JobFull
from analytics_platform.landing.home_days import stale_home_days
from analytics_platform.landing.ledger import Entry
from analytics_platform.landing.parts import LEAST, halves
from analytics_platform.landing.typed import stage_home_day
from analytics_platform.source.errors import JobDeadline, JobFailed, SourceError
from analytics_platform.source.intervals import interval
from analytics_platform_tests.landing import land_one_day
from analytics_platform_tests.landing.conftest import UNHURRIED
from analytics_platform_tests.landing.raw_days import conversation, write_raw_day
from analytics_platform_tests.landing.scratch import scratch
from analytics_platform_tests.landing.test_truth import landed_rows, row_of
from analytics_platform_tests.landing.workplace import DAYS, Workplace, connected
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.tables.slow_flattener import slow_tables

DAY = DAYS[1]
QUESTION = question_of("org", CONVERSATION_DETAILS, DAY)
SMALL: dict[str, Any] = {"result_cap": 50, "page_size": 9}
"""The day has 71 conversations, the one before 68."""


@pytest.fixture(scope="module")
def uncut(landing_org: SimulatedOrg) -> Iterator[Workplace]:
    """The day as one job delivers it, of both streams."""
    with connected(landing_org.url) as client, scratch() as folder:
        place = Workplace(client, folder)
        for stream in STREAMS:
            place.land(DAY, stream)
            place.build(stream)
        yield place


def _holds_the_same(place: Workplace, uncut: Workplace, stream: Stream = CONVERSATION_DETAILS) -> Manifest:
    manifest, whole = (each.lake.manifest(stream.raw.name, DAY) for each in (place, uncut))
    assert manifest is not None and whole is not None
    place.lake.remove(stream.raw.name, DAYS[0])
    place.build(stream)
    assert place.tables(stream) == uncut.tables(stream)
    if stream is CONVERSATION_DETAILS:  # a user's record holds the statuses of the interval asked for
        assert sorted(place.raw(DAY)) == sorted(uncut.raw(DAY))
        for fact in ("digest", "home_days", "home_day_digests", "repeated", "state", "as_of", "watermark", "interval"):
            assert manifest.facts[fact] == whole.facts[fact], fact
    assert manifest.rows + manifest.facts["set_aside"] + manifest.facts["superseded"] == manifest.facts["records"]
    assert manifest.facts["records"] == sum(part["records"] for part in manifest.facts["parts"])
    assert {entry.state for entry in place.ledger.entries()} <= {"landed", "lost"} and place.leftovers() == []
    return manifest


def _submitted(org: SimulatedOrg) -> list[str]:
    """The intervals of all jobs submitted."""
    return [submit["body"]["interval"] for submit in org.requests()["submits"]]


def _pages(org: SimulatedOrg) -> Counter[str]:
    return Counter(org.requests()["counts"]["GET /api/v2/analytics/conversations/details/jobs/{jobId}/results"])


def _make_up_the_day(intervals: list[str]) -> None:
    parts = [interval(text) for text in intervals]
    assert parts[0].start == interval(QUESTION.interval).start and parts[-1].end == interval(QUESTION.interval).end
    assert [part.end for part in parts[:-1]] == [part.start for part in parts[1:]]


@given(cap=st.integers(30, 90), page_size=st.integers(4, 30), at_once=st.integers(1, 4))
@settings(max_examples=8, phases=(Phase.generate,))
def test_whatever_the_cap_the_lake_holds_what_one_job_delivers(
    landing_org: SimulatedOrg, uncut: Workplace, cap: int, page_size: int, at_once: int
) -> None:
    landing_org.reset()
    with connected(landing_org.url) as client, scratch() as folder:
        place = Workplace(client, folder)
        manifest = place.land(DAY, result_cap=cap, page_size=page_size, jobs_in_flight=at_once)
        if "parts" in manifest.facts:
            _holds_the_same(place, uncut)
            _make_up_the_day([part["interval"] for part in manifest.facts["parts"]])
            assert all(part["records"] < cap for part in manifest.facts["parts"])
        else:
            assert place.raw(DAY) == uncut.raw(DAY)


def test_the_vendor_refuses_pages_past_its_cap_and_the_days_are_landed_all_the_same(
    start_org: Callable[..., SimulatedOrg], workplace_at: Callable[..., Workplace]
) -> None:
    org = start_org(**{**UNHURRIED, "assume": [*UNHURRIED["assume"], "result_cap=40", "max_page_size=20"]})
    place = workplace_at(org)
    for day in DAYS:
        assert len(place.land(day).facts["parts"]) > 1
    place.build()
    truth = [one for one in org.truth_conversations() if one.get("conversationEnd", "9") >= DAYS[0].isoformat()]
    expected = slow_tables(truth)
    for one in conversation_tables():
        assert landed_rows(place, one.name) == Counter(row_of(row, one.name) for row in expected[one.name]), one.name


def test_a_first_day_whose_job_is_full_is_cut_as_often_as_its_first_records_promise(
    start_org: Callable[..., SimulatedOrg], workplace_at: Callable[..., Workplace]
) -> None:
    org = start_org(**UNHURRIED, conversations_per_day=400)
    place, whole = (workplace_at(org, name) for name in ("parts", "whole"))
    manifest = place.land(DAY, result_cap=120, page_size=10)
    first, *others = [interval(text) for text in _submitted(org)]
    assert first == interval(QUESTION.interval)
    assert max(other.end - other.start for other in others) == timedelta(hours=6)
    assert manifest.facts["records"] > 3 * 120
    whole.land(DAY)
    whole.build()
    _holds_the_same(place, whole)


def test_a_day_of_as_much_as_one_of_the_week_before_is_asked_for_in_parts_at_once(
    quick_org: SimulatedOrg, place: Workplace
) -> None:
    place.land(DAYS[0], **SMALL)
    quick_org.clear_requests()
    manifest = place.land(DAYS[2], **SMALL)
    assert sorted(_submitted(quick_org)) == [part["interval"] for part in manifest.facts["parts"]]


def test_a_day_of_as_much_as_the_one_before_is_asked_for_in_parts_at_once_and_so_is_one_read_again(
    quick_org: SimulatedOrg, place: Workplace, uncut: Workplace
) -> None:
    place.land(DAYS[0], **SMALL)
    quick_org.clear_requests()
    manifest = place.land(DAY, **SMALL)
    _make_up_the_day(sorted(_submitted(quick_org)))
    assert _pages(quick_org) == {"200": manifest.facts["pages"]}
    _holds_the_same(place, uncut)
    quick_org.clear_requests()
    again = place.land(DAY, request="again", **SMALL)
    _make_up_the_day(sorted(_submitted(quick_org)))
    assert _pages(quick_org) == {"200": again.facts["pages"]} and again.facts["digest"] == manifest.facts["digest"]


def test_a_day_of_less_than_the_one_before_is_asked_for_by_one_job_again(
    quick_org: SimulatedOrg, place: Workplace
) -> None:
    place.land(DAYS[0], **SMALL)
    quick_org.clear_requests()
    place.land(DAY, result_cap=1000)
    assert _submitted(quick_org) == [QUESTION.interval]


def test_no_more_jobs_are_in_flight_than_a_run_may_have(
    start_org: Callable[..., SimulatedOrg], workplace_at: Callable[..., Workplace]
) -> None:
    assumed = ["queued_looks=1", "pending_looks=1", "max_jobs_in_flight=2"]
    org = start_org(rate_limit=1_000_000, assume=assumed)
    landing = workplace_at(org).landing(jobs_in_flight=2, **SMALL)
    for staged in landing.land_all(DAYS, "run"):
        staged.publish()  # type: ignore[union-attr]
    assert len(_submitted(org)) > 2 * len(DAYS)
    assert org.requests()["counts"]["POST /api/v2/analytics/conversations/details/jobs"].keys() == {"202"}


def test_killed_among_the_parts_the_next_run_goes_on_with_the_jobs_there_are(
    quick_org: SimulatedOrg, place: Workplace, uncut: Workplace
) -> None:
    place.land(DAYS[0], **SMALL)
    quick_org.clear_requests()
    quick_org.arm("hold", "conversations.results", page=2)
    command = [sys.executable, "-m", land_one_day.__name__, quick_org.url, str(place.folder), DAY.isoformat()]
    with subprocess.Popen([*command, json.dumps(SMALL)]) as landing:
        while not any(fault["waiting"] for fault in quick_org.faults()):
            assert landing.poll() is None
        landing.kill()
    assert landing.returncode == -signal.SIGKILL
    quick_org.clear_faults()
    before = len(_submitted(quick_org))
    manifest = place.land(DAY, **SMALL)
    assert len(_submitted(quick_org)) == before == len(manifest.facts["parts"])
    assert _pages(quick_org)["200"] == manifest.facts["pages"] + 1
    _holds_the_same(place, uncut)


@pytest.mark.parametrize(
    ("kind", "operation"),
    [
        ("lost_answer", "conversations.submit"),
        ("lost_answer", "conversations.results"),
        ("job_failed", "conversations.submit"),
        ("job_expired", "conversations.submit"),
    ],
)
def test_what_strikes_one_part_costs_the_next_run_nothing_of_the_others(
    quick_org: SimulatedOrg, place: Workplace, uncut: Workplace, kind: str, operation: str
) -> None:
    place.land(DAYS[0], **SMALL)
    times = 2 if operation == "conversations.results" else 1  # results are asked for again at once
    quick_org.reset()
    quick_org.arm(kind, operation, times=times)
    with contextlib.suppress(SourceError):
        place.land(DAY, **SMALL)
    place.land(DAY, **SMALL)
    manifest = _holds_the_same(place, uncut)
    assert len(_submitted(quick_org)) <= len(manifest.facts["parts"]) + 1


def test_killed_after_a_cut_the_halves_are_asked_for(
    quick_org: SimulatedOrg, place: Workplace, uncut: Workplace
) -> None:
    _cut(place)
    place.land(DAY)
    assert sorted(_submitted(quick_org)) == [half.interval for half in halves(QUESTION)]
    _holds_the_same(place, uncut)


def test_killed_between_the_publishing_and_the_ledger_a_day_of_parts_is_published_again(
    quick_org: SimulatedOrg, place: Workplace, uncut: Workplace
) -> None:
    _cut(place)
    staged: Any = place.landing().land(DAY, "run")
    staged.kept.publish()
    staged.held.close()
    quick_org.clear_requests()
    place.land(DAY)
    assert quick_org.requests()["total"] == 0
    _holds_the_same(place, uncut)


def test_a_request_that_landed_a_day_of_parts_does_not_land_it_again(quick_org: SimulatedOrg, place: Workplace) -> None:
    first = place.land(DAY, **SMALL)
    quick_org.clear_requests()
    assert place.landing(**SMALL).land(DAY, "run") == first and quick_org.requests()["total"] == 0


def _cut(place: Workplace) -> Entry:
    """The day's job is cut in the ledger, and nothing has been asked for yet."""
    entry = place.ledger.begin(QUESTION, "run", datetime.fromisoformat("2026-03-06T18:00:00Z"))
    return place.ledger.split(entry, "for a test")


def test_an_interval_that_cannot_be_cut_any_further_is_one_clear_error(
    quick_org: SimulatedOrg, place: Workplace
) -> None:
    with pytest.raises(JobFull, match=r"the 2 records that one job delivers.*PLATFORM_JOB_RESULT_CAP"):
        place.land(DAY, result_cap=2, page_size=1)
    lengths = [interval(text).end - interval(text).start for text in _submitted(quick_org)]
    assert min(lengths) == LEAST and place.lake.tables() == []
    assert len(place.land(DAY, **SMALL).facts["parts"]) > 1


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_a_day_whose_jobs_failed_twice_is_asked_for_by_halves(
    quick_org: SimulatedOrg, place: Workplace, uncut: Workplace, stream: Stream
) -> None:
    for _ in range(2):
        quick_org.arm("job_failed", f"{stream.family.name}.submit")
        with pytest.raises(JobFailed):
            place.land(DAY, stream)
    quick_org.clear_requests()
    place.land(DAY, stream)
    assert sorted(_submitted(quick_org)) == [half.interval for half in halves(QUESTION)]
    _holds_the_same(place, uncut, stream)


def test_a_job_that_two_runs_have_waited_for_in_vain_is_cancelled_and_its_halves_are_asked_for(
    quick_org: SimulatedOrg, place: Workplace, uncut: Workplace
) -> None:
    quick_org.arm("job_stuck", "conversations.submit")
    for _ in range(2):
        with pytest.raises(JobDeadline):
            place.land(DAY, job_deadline=0.01)
    place.land(DAY)
    assert _submitted(quick_org)[0] == QUESTION.interval and len(_submitted(quick_org)) == 3
    assert quick_org.requests()["counts"]["DELETE /api/v2/analytics/conversations/details/jobs/{jobId}"] == {"204": 1}
    _holds_the_same(place, uncut)
    place.land(DAY, request="again")
    assert _submitted(quick_org)[3:] == [QUESTION.interval]  # what failed once is not held against the day for ever


@pytest.mark.parametrize("first", [0, 1])
def test_what_lives_over_a_cut_is_kept_as_the_part_asked_for_last_tells_it(
    start_org: Callable[..., SimulatedOrg], workplace_at: Callable[..., Workplace], first: int
) -> None:
    org = start_org(**UNHURRIED, now="2026-03-04T06:00:00Z", conversations_per_day=200)
    place = workplace_at(org)
    jobs = DetailsJobs(place.client, CONVERSATION_DETAILS.family)
    _cut(place)
    half = halves(QUESTION)[first]
    begun = place.ledger.begin(half, "run", jobs.availability())
    place.ledger.submitted(begun, jobs.submit({"interval": half.interval}))
    org.set_now("2026-03-04T16:00:00Z")
    facts = place.land(DAY).facts
    older, newer = (datetime.fromisoformat(text) for text in ("2026-03-04T06:00:00Z", "2026-03-04T16:00:00Z"))
    assert datetime.fromisoformat(facts["as_of"]) == older
    assert datetime.fromisoformat(facts["watermark"]) == datetime.fromisoformat("2026-03-04T00:00:00Z")
    rows = place.lake.read(CONVERSATION_DETAILS.raw.name, DAY).to_pylist()
    assert len({row["conversation_id"] for row in rows}) == len(rows) and facts["repeated"] == 0
    middle = interval(half.interval).end if first == 0 else interval(half.interval).start
    over = [row for row in rows if row["conversation_start"] < middle < (row["conversation_end"] or newer)]
    assert len(over) == facts["superseded"] > 0
    assert {row["as_of"] for row in over} == {newer} and {row["as_of"] for row in rows} == {older, newer}
    place.build(among=[DAY])
    asked = {row["conversation_id"]: row["as_of"] for row in rows}
    for row in place.lake.read("conversations", DAY).to_pylist():
        assert row["as_of"] == asked[row["conversation_id"]]


@pytest.mark.parametrize("between", [False, True])
def test_another_day_asked_for_between_two_parts_is_newer_than_one_and_older_than_the_other(
    folder: Path, between: bool
) -> None:
    lake = Lake.open(folder)
    write_raw_day(lake, DAYS[1], [conversation(name, DAYS[0], "other") for name in "ab"], asked=2 if between else 9)
    versions: dict[str, str] = {}
    for newer_part in (None, (5, [conversation("b", DAYS[0], "newer")])):
        write_raw_day(lake, DAYS[0], [conversation("a", DAYS[0], "older")], asked=1, newer_part=newer_part)
        (home,) = stale_home_days(CONVERSATION_DETAILS, lake, [DAYS[0]])
        stage_home_day(CONVERSATION_DETAILS, lake, home).publish(lake)
        rows = lake.read("conversations", DAYS[0]).to_pylist()
        versions = {row["conversation_id"]: row["external_tag"] for row in rows}
    assert versions == {"a": "other", "b": "newer" if between else "other"}
