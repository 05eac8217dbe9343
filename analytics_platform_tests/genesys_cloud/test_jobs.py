"""Details jobs: watermark, submit, wait, pages, cancel."""

import json
import logging
import socket
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from analytics_platform.catalogue.operations import CONVERSATION_JOBS, JOB_FAMILIES, USER_JOBS, JobFamily
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.jobs import DetailsJobs, JobStatus
from analytics_platform.source.errors import (
    BadRequest,
    JobCancelled,
    JobDeadline,
    JobExpired,
    JobFailed,
    JobGone,
    NotJson,
    RateLimited,
    ServerFault,
    SourceError,
    SubmitUncertain,
    UnexpectedAnswer,
    Unreachable,
)
from analytics_platform_tests.genesys_cloud.scripted import Reply, Scripted, error, token

JOB = "6a0b-1"
SUBMIT = CONVERSATION_JOBS.submit.path
STATUS = f"{SUBMIT}/{JOB}"
RESULTS = f"{SUBMIT}/{JOB}/results"
BODY = {"interval": "2026-03-01T00:00:00.000Z/2026-03-02T00:00:00.000Z"}


@pytest.fixture
def jobs(client: GenesysCloud) -> DetailsJobs:
    return DetailsJobs(client, CONVERSATION_JOBS)


def state(name: str | None, **facts: str) -> Reply:
    return Reply(202 if name in ("QUEUED", "PENDING") else 200, {"state": name, **facts})


@pytest.mark.parametrize("family", JOB_FAMILIES, ids=lambda family: family.name)
def test_each_family_has_its_own_watermark(server: Scripted, client: GenesysCloud, family: JobFamily) -> None:
    server.on("GET", family.availability.path, Reply(json={"dataAvailabilityDate": "2026-03-01T01:30:00+01:00"}))
    watermark = DetailsJobs(client, family).availability()
    assert watermark == datetime(2026, 3, 1, 0, 30, tzinfo=UTC)
    assert watermark.tzinfo is UTC


@pytest.mark.parametrize("value", [{}, {"dataAvailabilityDate": None}, {"dataAvailabilityDate": "soon"}, [], None])
def test_an_availability_without_its_instant_is_unexpected(server: Scripted, jobs: DetailsJobs, value: object) -> None:
    server.on("GET", CONVERSATION_JOBS.availability.path, Reply(body=json.dumps(value).encode()))
    with pytest.raises(UnexpectedAnswer, match="without a dataAvailabilityDate"):
        jobs.availability()


def test_a_submit_returns_the_id_and_sends_the_body_as_given(server: Scripted, jobs: DetailsJobs) -> None:
    server.on("POST", SUBMIT, Reply(202, {"jobId": JOB}))
    assert jobs.submit(BODY) == JOB
    assert json.loads(server.requests(SUBMIT)[0].body) == BODY


@pytest.mark.parametrize(
    "answer",
    [
        error(500, "internal.server.error", "Oops"),
        error(503, "service.unavailable", "Later", Retry_After="1"),
        Reply(504, body=b"<html>", headers={"Content-Type": "text/html"}),
        error(408, "request.timeout", "Too slow"),
        Reply(cut=-1),
        Reply(202, {"jobId": JOB}, cut=5),
        Reply(202, {"jobId": JOB}, gzipped=True, cut=20, unframed=True),
        Reply(202, body=b"<html>", headers={"Content-Type": "text/html"}),
        Reply(202, {"id": JOB}),
        Reply(202, {"jobId": ""}),
        Reply(202, [JOB]),
        Reply(202),
    ],
)
def test_a_submit_that_may_have_been_taken_is_never_repeated(
    server: Scripted, jobs: DetailsJobs, answer: Reply
) -> None:
    server.on("POST", SUBMIT, answer)
    with pytest.raises(SubmitUncertain, match="Nobody knows whether Genesys Cloud took") as caught:
        jobs.submit(BODY)
    assert len(server.requests(SUBMIT)) == 1
    assert not caught.value.transient


@pytest.mark.parametrize(
    "untaken",
    [
        error(429, "too.many.requests.retry.after", "Retry the request in [0] seconds", Retry_After="0"),
        error(401, "bad.credentials", "Invalid login credentials."),
    ],
    ids=["429", "401"],
)
def test_a_submit_that_was_not_taken_is_repeated(server: Scripted, jobs: DetailsJobs, untaken: Reply) -> None:
    server.on("POST", SUBMIT, untaken, Reply(202, {"jobId": JOB}))
    assert jobs.submit(BODY) == JOB
    assert len(server.requests(SUBMIT)) == 2


def test_a_submit_that_was_not_taken_stays_what_it_is(server: Scripted, jobs: DetailsJobs) -> None:
    server.on("POST", SUBMIT, error(429, "too.many.requests", "Slow down"))
    with pytest.raises(RateLimited):
        jobs.submit(BODY)
    assert len(server.requests(SUBMIT)) == 3


def test_without_a_token_nothing_was_submitted(server: Scripted, jobs: DetailsJobs) -> None:
    server.on("POST", "/oauth/token", Reply(500))
    with pytest.raises(ServerFault):
        jobs.submit(BODY)
    assert not server.requests(SUBMIT)


def test_without_a_connection_nothing_was_submitted(connect: Callable[..., GenesysCloud]) -> None:
    with socket.socket() as placeholder:
        placeholder.bind(("127.0.0.1", 0))
        client = connect(url=f"http://127.0.0.1:{placeholder.getsockname()[1]}")
        with pytest.raises(Unreachable):
            DetailsJobs(client, USER_JOBS).submit(BODY)


def test_a_refused_submit_says_why(server: Scripted, jobs: DetailsJobs) -> None:
    server.on("POST", SUBMIT, error(400, "invalid.date", "Interval is not valid"))
    with pytest.raises(BadRequest, match="Interval is not valid"):
        jobs.submit(BODY)


def test_a_status_is_read_in_utc(server: Scripted, jobs: DetailsJobs) -> None:
    dates = {"submissionDate": "2026-03-02T00:00:00Z", "completionDate": "2026-03-02T01:00:00+01:00"}
    server.on("GET", STATUS, state("FULFILLED", **dates), Reply(json={}), Reply(body=b"[]"))
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    assert jobs.status(JOB) == JobStatus("FULFILLED", None, midnight, midnight, None)
    assert jobs.status(JOB) == JobStatus("")
    assert jobs.status(JOB) == JobStatus("")


def test_waiting_ends_when_the_job_is_fulfilled(server: Scripted, jobs: DetailsJobs) -> None:
    server.on("GET", STATUS, state("QUEUED"), state("PENDING"), state("PENDING"), state("FULFILLED"))
    seen: list[str] = []
    status = jobs.wait(JOB, first_pause=0.001, deadline=30, on_status=lambda status: seen.append(status.state))
    assert status.state == "FULFILLED"
    assert seen == ["QUEUED", "PENDING", "PENDING", "FULFILLED"]


@pytest.mark.parametrize(
    ("end", "kind", "words"),
    [
        (state("FAILED", errorMessage="Query too broad"), JobFailed, r"failed at Genesys Cloud \(Query too broad\)"),
        (state("FAILED"), JobFailed, "no reason given"),
        (state("CANCELLED"), JobCancelled, "was cancelled"),
        (state("EXPIRED"), JobExpired, "results are gone"),
        (error(404, "not.found", "No such job"), JobGone, "does not know"),
    ],
)
def test_waiting_ends_with_a_job_that_will_not_deliver(
    server: Scripted, jobs: DetailsJobs, end: Reply, kind: type[SourceError], words: str
) -> None:
    server.on("GET", STATUS, state("PENDING"), end)
    with pytest.raises(kind, match=words) as caught:
        jobs.wait(JOB, first_pause=0.001, deadline=30)
    assert JOB in str(caught.value)
    assert len(server.requests(STATUS)) == 2


def test_an_unknown_state_is_waited_through_and_reported_once(
    server: Scripted, jobs: DetailsJobs, caplog: pytest.LogCaptureFixture
) -> None:
    server.on("GET", STATUS, *[state("REHEATING")] * 3, state(None), state("FULFILLED"))
    with caplog.at_level(logging.WARNING):
        jobs.wait(JOB, first_pause=0.001, deadline=30)
    assert sum("unknown state 'REHEATING'" in record.message for record in caplog.records) == 1


def test_waiting_has_a_deadline_and_a_last_look(server: Scripted, jobs: DetailsJobs) -> None:
    server.on("GET", STATUS, state("PENDING"))
    with pytest.raises(JobDeadline, match="still PENDING after 0 s: it goes on at Genesys Cloud"):
        jobs.wait(JOB, first_pause=1000, deadline=0)
    assert len(server.requests(STATUS)) == 1


def test_waiting_outlasts_a_short_outage(server: Scripted, jobs: DetailsJobs) -> None:
    server.on("GET", STATUS, *[Reply(503)] * 6, state("PENDING"), *[Reply(503)] * 6, state("FULFILLED"))
    assert jobs.wait(JOB, first_pause=0.001, deadline=30).state == "FULFILLED"


def test_waiting_does_not_outlast_a_long_outage(server: Scripted, jobs: DetailsJobs) -> None:
    server.on("GET", STATUS, Reply(503))
    with pytest.raises(ServerFault):
        jobs.wait(JOB, first_pause=0.001, deadline=30)
    assert len(server.requests(STATUS)) == 9


def test_pauses_grow_so_that_waiting_is_cheap(server: Scripted, jobs: DetailsJobs) -> None:
    server.on("GET", STATUS, *[state("PENDING")] * 40, state("FULFILLED"))
    jobs.wait(JOB, first_pause=0.001, longest_pause=0.004, deadline=30)
    instants = [asked.at for asked in server.requests(STATUS)]
    assert instants[-1] - instants[4] >= 36 * 0.004 * 0.9


def test_pages_follow_their_cursors(server: Scripted, jobs: DetailsJobs) -> None:
    first = {"conversations": [{"conversationId": "a"}, {"conversationId": "b"}], "cursor": "c+/=="}
    last = {"dataAvailabilityDate": "2026-03-02T00:00:00Z"}
    server.on("GET", RESULTS, Reply(json=first, gzipped=True), Reply(json=last, gzipped=True))
    payload = jobs.page(JOB, None, 1000)
    page = jobs.split(payload)
    assert [json.loads(bytes(record)) for record in page.records] == first["conversations"]
    assert page.cursor == "c+/=="
    end = jobs.split(jobs.page(JOB, page.cursor, 1000))
    assert (end.records, end.cursor) == ([], None)
    assert end.data_availability == datetime(2026, 3, 2, tzinfo=UTC)
    assert [asked.query for asked in server.requests(RESULTS)] == [
        {"pageSize": "1000"},
        {"pageSize": "1000", "cursor": "c+/=="},
    ]


def test_a_page_that_is_html_says_so(server: Scripted, jobs: DetailsJobs) -> None:
    page = Reply(body=b"<html>Smith</html>", headers={"Content-Type": "text/html", "ININ-Correlation-Id": "c-8"})
    server.on("GET", RESULTS, page)
    with pytest.raises(NotJson, match=r"status 200, content type text/html, correlation id c-8") as caught:
        jobs.split(jobs.page(JOB, None, 10))
    assert "Smith" not in str(caught.value)


def test_a_page_of_a_job_that_is_gone(server: Scripted, jobs: DetailsJobs) -> None:
    server.on("GET", RESULTS, error(404, "not.found", "No such job"))
    with pytest.raises(JobGone) as caught:
        jobs.page(JOB, "c", 10)
    assert (caught.value.status, caught.value.code) == (404, "not.found")


@pytest.mark.parametrize(
    ("now", "kind"),
    [
        (state("EXPIRED"), JobExpired),
        (state("CANCELLED"), JobCancelled),
        (state("FAILED"), JobFailed),
        (error(404, "not.found", "No such job"), JobGone),
        (state("FULFILLED"), BadRequest),
    ],
)
def test_a_refused_page_is_told_by_the_state_of_its_job(
    server: Scripted, jobs: DetailsJobs, now: Reply, kind: type[SourceError]
) -> None:
    server.on("GET", RESULTS, error(400, "bad.request", "No results"))
    server.on("GET", STATUS, now)
    with pytest.raises(kind) as caught:
        jobs.page(JOB, "c", 10)
    assert type(caught.value) is kind


@pytest.mark.parametrize("answer", [Reply(204), Reply(200), Reply(202, body=b"Deleted"), error(404, "not.found", "?")])
def test_a_job_is_cancelled_whatever_the_vendor_says_to_it(server: Scripted, jobs: DetailsJobs, answer: Reply) -> None:
    server.on("DELETE", STATUS, answer)
    jobs.cancel(JOB)
    assert [asked.method for asked in server.requests(STATUS)] == ["DELETE"]


def test_a_cancel_is_refused_without_permission(server: Scripted, jobs: DetailsJobs) -> None:
    server.on("DELETE", STATUS, error(403, "missing.permissions", "No"))
    with pytest.raises(SourceError, match="lacks a permission"):
        jobs.cancel(JOB)


def test_a_token_that_expires_while_waiting_is_renewed(server: Scripted, jobs: DetailsJobs) -> None:
    server.on("POST", "/oauth/token", token("first", 0), token("second", 0), token("third"))
    server.on("GET", STATUS, state("PENDING"), state("PENDING"), state("FULFILLED"))
    jobs.wait(JOB, first_pause=0.001, deadline=30)
    used = [asked.headers["authorization"] for asked in server.requests(STATUS)]
    assert used == ["Bearer first", "Bearer second", "Bearer third"]
