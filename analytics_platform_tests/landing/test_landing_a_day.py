"""Landing one day: what the lake and the ledger hold afterwards, and what is asked of the vendor."""

from datetime import date, datetime
from typing import Any

import pytest

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, STREAMS, USER_DETAILS, Stream
from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.lake import Manifest
from analytics_platform.landing.details import DetailsLanding, Options, StagedDay
from analytics_platform.landing.errors import DayNotComplete, OtherSource
from analytics_platform.source.errors import JobDeadline, JobFailed, NotJson, ServerFault, SubmitUncertain
from analytics_platform_tests.landing.workplace import DAYS, Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

DAY = DAYS[1]
RESULTS = "GET /api/v2/analytics/conversations/details/jobs/{jobId}/results"


def _states(place: Workplace) -> list[str]:
    return [entry.state for entry in place.ledger.entries()]


def _answers(org: SimulatedOrg, operation: str) -> int:
    return sum(org.requests()["counts"].get(operation, {}).values())


def _submits(org: SimulatedOrg) -> int:
    return len(org.requests()["submits"])


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_a_day_takes_one_submit_and_one_request_a_page(
    quick_org: SimulatedOrg, place: Workplace, stream: Stream
) -> None:
    manifest = place.land(DAY, stream, page_size=9)
    pages = -(-manifest.rows // 9)
    results = f"GET /api/v2/analytics/{stream.family.name}/details/jobs/{{jobId}}/results"
    assert manifest.facts["pages"] == _answers(quick_org, results) == pages > 1
    (submit,) = quick_org.requests()["submits"]
    assert submit["body"] == {"interval": "2026-03-03T00:00:00.000Z/2026-03-04T00:00:00.000Z"}
    assert manifest.facts["job_ids"] == [submit["jobId"]]


def test_nothing_is_seen_before_it_is_published_and_a_staged_day_may_be_given_up(place: Workplace) -> None:
    staged = place.landing().land(DAY, "run")
    assert isinstance(staged, StagedDay) and staged.day == DAY
    assert place.lake.days(CONVERSATION_DETAILS.raw.name) == []
    staged.discard()
    staged.discard()
    assert _states(place) == ["submitted"]
    assert place.land(DAY).rows and _states(place) == ["landed"]


def test_a_request_that_landed_a_day_does_not_land_it_again(quick_org: SimulatedOrg, place: Workplace) -> None:
    first = place.land(DAY, request="run 1")
    again = place.landing().land(DAY, "run 1")
    assert isinstance(again, Manifest) and again == first and _submits(quick_org) == 1
    assert place.land(DAY, request="run 2").facts["job_ids"] != first.facts["job_ids"] and _submits(quick_org) == 2


def test_a_day_lost_from_the_lake_is_landed_again_even_by_the_same_request(place: Workplace) -> None:
    first = place.land(DAY)
    place.lake.remove(CONVERSATION_DETAILS.raw.name, DAY)
    assert place.land(DAY).rows == first.rows


def test_a_day_past_the_watermark_is_refused_before_anything_is_submitted(
    quick_org: SimulatedOrg, place: Workplace
) -> None:
    late = date(2026, 3, 6)
    with pytest.raises(DayNotComplete, match="vouches for data before 2026-03-06 18:00 UTC") as refusal:
        place.land(late)
    assert (refusal.value.day, refusal.value.watermark.hour) == (late, 18)
    assert _submits(quick_org) == 0 and place.ledger.entries() == [] and place.leftovers() == []


def test_a_day_that_ends_at_the_watermark_is_complete(quick_org: SimulatedOrg, place: Workplace) -> None:
    quick_org.set_now("2026-03-04T06:00:00Z")
    assert place.land(DAY).facts["state"] == "complete"
    quick_org.set_now("2026-03-04T05:59:59Z")
    with pytest.raises(DayNotComplete):
        place.land(DAY, request="another")


@pytest.mark.parametrize(
    ("kind", "operation", "error"),
    [
        ("job_failed", "conversations.submit", JobFailed),
        ("not_json", "conversations.results", NotJson),
        ("lost_answer", "conversations.submit", SubmitUncertain),
        ("status", "conversations.availability", ServerFault),
    ],
)
def test_what_fails_leaves_nothing_behind_and_the_next_run_lands_the_day(
    quick_org: SimulatedOrg, place: Workplace, kind: str, operation: str, error: type[Exception]
) -> None:
    quick_org.arm(kind, operation, times=None)
    with pytest.raises(error):
        place.land(DAY)
    assert place.lake.tables() == [] and place.leftovers() == []
    quick_org.clear_faults()
    assert place.land(DAY).facts["state"] == "complete" and _states(place)[-1] == "landed"


def test_a_page_that_is_no_json_is_asked_for_again_by_the_next_run_and_no_other_page_is(
    quick_org: SimulatedOrg, place: Workplace
) -> None:
    quick_org.arm("not_json", "conversations.results", page=1)
    with pytest.raises(NotJson):
        place.land(DAY)
    before = _answers(quick_org, RESULTS)
    manifest = place.land(DAY)
    assert before == 2 and _answers(quick_org, RESULTS) == manifest.facts["pages"] + 1
    assert _submits(quick_org) == 1


def test_a_job_that_does_not_end_in_time_is_waited_for_by_the_next_run(
    quick_org: SimulatedOrg, place: Workplace
) -> None:
    quick_org.arm("job_stuck", "conversations.submit")
    with pytest.raises(JobDeadline):
        place.land(DAY, job_deadline=0.05)
    assert _states(place) == ["submitted"]
    with pytest.raises(JobDeadline):
        place.land(DAY, job_deadline=0.05)
    assert _submits(quick_org) == 1


def test_many_days_come_oldest_first_and_are_each_published_before_the_next(
    quick_org: SimulatedOrg, place: Workplace
) -> None:
    landed = [
        part.publish() if isinstance(part, StagedDay) else part
        for part in place.landing(jobs_in_flight=2).land_all(DAYS[::-1], "run")
    ]
    assert [manifest.day for manifest in landed] == list(DAYS)
    again = list(place.landing().land_all(DAYS, "run"))
    assert again == landed and _submits(quick_org) == 3


def _leave_stuck(org: SimulatedOrg, place: Workplace, day: date) -> None:
    """A job of the day is in flight and never ends."""
    org.arm("job_stuck", "conversations.submit")
    with pytest.raises(JobDeadline):
        place.land(day, job_deadline=0.01)


def test_the_first_day_that_fails_stops_the_others_and_lets_go_of_them(
    quick_org: SimulatedOrg, place: Workplace
) -> None:
    _leave_stuck(quick_org, place, DAYS[1])
    quick_org.arm("job_failed", "conversations.submit")
    with pytest.raises(JobFailed):
        # The second day would wait an hour for its job.
        list(place.landing(job_deadline=3600.0).land_all(DAYS[:2], "run"))
    assert place.land(DAYS[0]).rows and place.leftovers() == []
    with pytest.raises(JobDeadline):
        place.land(DAYS[1], job_deadline=0.01)


def test_a_run_that_is_ended_does_not_wait_for_the_days_in_flight(quick_org: SimulatedOrg, place: Workplace) -> None:
    _leave_stuck(quick_org, place, DAYS[1])
    landing: Any = place.landing(job_deadline=3600.0).land_all(DAYS[:2], "run")
    assert next(landing).day == DAYS[0]
    landing.close()
    assert _states(place) == ["submitted", "submitted"]


def test_a_run_that_is_ended_gives_up_what_is_staged_and_lets_go_of_the_days(place: Workplace) -> None:
    landing: Any = place.landing().land_all(DAYS, "run")
    first = next(landing)
    landing.close()
    assert first.day == DAYS[0] and place.lake.tables() == []
    for day in DAYS:
        assert place.land(day).rows


def test_a_day_not_published_when_the_next_is_asked_for_is_given_up(place: Workplace) -> None:
    assert len(list(place.landing().land_all(DAYS, "run"))) == 3
    assert place.lake.tables() == []
    assert [part.day for part in place.landing().land_all(DAYS, "run")] == list(DAYS)


def test_a_lake_takes_days_of_one_org_only(place: Workplace) -> None:
    place.land(DAY)
    jobs = DetailsJobs(place.client, USER_DETAILS.family)
    stranger = DetailsLanding(CONVERSATION_DETAILS, jobs, place.lake, place.ledger, "demo@elsewhere", Options())
    with pytest.raises(OtherSource, match="elsewhere"):
        list(stranger.land_all([DAYS[0]], "run"))


def test_a_manifest_tells_when_and_what_was_asked(place: Workplace) -> None:
    facts = place.land(DAY).facts
    assert datetime.fromisoformat(facts["watermark"]) == datetime.fromisoformat("2026-03-06T18:00:00Z")
    assert datetime.fromisoformat(facts["as_of"]) == datetime.fromisoformat("2026-03-07T00:00:00Z")
    assert facts["interval"] == "2026-03-03T00:00:00.000Z/2026-03-04T00:00:00.000Z"
    assert (facts["stream"], facts["source"]) == ("conversation_details", "org")
