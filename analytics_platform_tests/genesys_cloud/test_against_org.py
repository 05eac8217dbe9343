"""The client against the simulated org: a process of its own that knows nothing of it."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from analytics_platform.catalogue.operations import CONVERSATION_JOBS, JOB_FAMILIES, JobFamily
from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.hosts import Hosts
from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.source.errors import (
    BadCredentials,
    JobCancelled,
    JobDeadline,
    JobExpired,
    JobFailed,
    JobGone,
    MissingPermission,
    NotJson,
    RateLimited,
    ServerFault,
    SourceError,
    SubmitUncertain,
)
from analytics_platform.source.http_client import Timeouts
from analytics_platform.source.retries import Retries
from analytics_platform_tests.genesys_cloud.conftest import QUICK
from analytics_platform_tests.simulated_org import SimulatedOrg

DAY = {"interval": "2026-03-03T00:00:00.000Z/2026-03-04T00:00:00.000Z"}
Enter = Callable[..., DetailsJobs]


@pytest.fixture
def enter() -> Iterator[Enter]:
    """Details jobs at an org, `enter(org, family)`."""
    with ExitStack() as clients:

        def connect(
            org: SimulatedOrg,
            family: JobFamily = CONVERSATION_JOBS,
            *,
            secret: str = SimulatedOrg.client_secret,
            budget: RequestBudget | None = None,
            retries: Retries = QUICK,
            timeouts: Timeouts | None = None,
        ) -> DetailsJobs:
            client = GenesysCloud(
                Hosts.of(api_url=org.url),
                org.client_id,
                SecretStr(secret),
                budget or RequestBudget.unlimited(),
                retries=retries,
                timeouts=timeouts,
            )
            return DetailsJobs(clients.enter_context(client), family)

        yield connect


def records_of(jobs: DetailsJobs, job_id: str, page_size: int) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = jobs.split(jobs.page(job_id, cursor, page_size))
        records += [json.loads(bytes(record)) for record in page.records]
        if (cursor := page.cursor) is None:
            return records


def finish(jobs: DetailsJobs, deadline: float = 30) -> str:
    job_id = jobs.submit(DAY)
    jobs.wait(job_id, first_pause=0.001, deadline=deadline)
    return job_id


@pytest.mark.parametrize("family", JOB_FAMILIES, ids=lambda family: family.name)
def test_a_job_from_submit_to_its_last_page(org: SimulatedOrg, enter: Enter, family: JobFamily) -> None:
    jobs = enter(org, family)
    assert jobs.availability().isoformat().replace("+00:00", "Z")[:16] == org.availability(family.name)[:16]
    job_id = finish(jobs)
    small, large = records_of(jobs, job_id, 7), records_of(jobs, job_id, 1000)
    assert small
    assert small == large
    jobs.cancel(job_id)
    with pytest.raises(JobGone):
        jobs.status(job_id)
    assert org.requests()["counts"]["POST /oauth/token"] == {"200": 1}


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("status", {"status": 503}),
        ("status", {"status": 502, "html": True}),
        ("status", {"status": 429, "retry_after": 0}),
        ("token_revoked", {"times": 1}),
        ("cut", {"fraction": 0.5}),
        ("cut", {"fraction": 0.99}),
        ("lost_answer", {}),
    ],
)
def test_pages_survive_what_passes(org: SimulatedOrg, enter: Enter, kind: str, details: dict[str, Any]) -> None:
    jobs = enter(org)
    job_id = finish(jobs)
    sound = records_of(jobs, job_id, 25)
    org.arm(kind, "conversations.results", **{"times": 2, **details})
    assert records_of(jobs, job_id, 25) == sound


def test_a_page_held_for_too_long_is_asked_for_again(org: SimulatedOrg, enter: Enter) -> None:
    jobs = enter(org, timeouts=Timeouts(read=1))
    job_id = finish(jobs)
    org.arm("hold", "conversations.results")
    assert records_of(jobs, job_id, 1000)
    org.release()


def test_a_page_that_is_not_json(org: SimulatedOrg, enter: Enter) -> None:
    jobs = enter(org)
    job_id = finish(jobs)
    org.arm("not_json", "conversations.results")
    with pytest.raises(NotJson, match="content type") as caught:
        records_of(jobs, job_id, 1000)
    assert caught.value.correlation_id


@pytest.mark.parametrize(
    ("kind", "details"), [("status", {"status": 500}), ("lost_answer", {}), ("cut", {}), ("not_json", {})]
)
def test_an_uncertain_submit_is_sent_once(org: SimulatedOrg, enter: Enter, kind: str, details: dict[str, Any]) -> None:
    jobs = enter(org)
    org.arm(kind, "conversations.submit", **details)
    with pytest.raises(SubmitUncertain):
        jobs.submit(DAY)
    answers = org.requests()["counts"][f"POST {CONVERSATION_JOBS.submit.path}"]
    assert sum(answers.values()) == 1


@pytest.mark.parametrize(("kind", "details"), [("status", {"status": 429, "retry_after": 0}), ("token_revoked", {})])
def test_a_submit_that_was_not_taken_is_taken_once(
    org: SimulatedOrg, enter: Enter, kind: str, details: dict[str, Any]
) -> None:
    jobs = enter(org)
    jobs.availability()
    org.arm(kind, "conversations.submit", **details)
    jobs.submit(DAY)
    assert len(org.requests()["submits"]) == 1


@pytest.mark.parametrize(
    ("fate", "kind"), [("job_failed", JobFailed), ("job_cancelled", JobCancelled), ("job_expired", JobExpired)]
)
def test_jobs_that_end_otherwise(org: SimulatedOrg, enter: Enter, fate: str, kind: type[SourceError]) -> None:
    org.arm(fate, "conversations.submit")
    with pytest.raises(kind):
        finish(enter(org))


def test_a_job_that_never_ends_meets_the_deadline(org: SimulatedOrg, enter: Enter) -> None:
    org.arm("job_stuck", "conversations.submit")
    with pytest.raises(JobDeadline, match="still PENDING"):
        finish(enter(org), deadline=0.2)


def test_results_that_expired_are_told_as_such(org: SimulatedOrg, enter: Enter) -> None:
    jobs = enter(org)
    job_id = finish(jobs)
    org.set_now("2026-03-20T00:00:00Z")
    with pytest.raises(JobExpired):
        jobs.page(job_id, None, 10)


def test_refusals_name_what_to_do(org: SimulatedOrg, enter: Enter) -> None:
    with pytest.raises(BadCredentials, match="GENESYSCLOUD_OAUTHCLIENT_SECRET"):
        enter(org, secret="wrong").availability()
    org.arm("permission_withdrawn", "conversations.submit")
    with pytest.raises(MissingPermission, match="analytics:conversationDetail:view or") as caught:
        enter(org).submit(DAY)
    assert caught.value.code == "missing.any.permissions"
    assert caught.value.correlation_id


def test_a_long_pause_is_told_not_waited_for(org: SimulatedOrg, enter: Enter, tmp_path: Path) -> None:
    org.arm("status", "conversations.availability", status=429, retry_after=7200)
    with RequestBudget(tmp_path, client_id=org.client_id, api_url=org.url) as budget:
        with pytest.raises(RateLimited, match="wait 7200 s"):
            enter(org, budget=budget).availability()
        with pytest.raises(RateLimited, match="pause for 7"):
            enter(org, budget=budget).availability()
    assert org.requests()["total"] == 2


def test_an_outage_ends_as_the_vendors_fault(org: SimulatedOrg, enter: Enter) -> None:
    org.arm("status", "conversations.availability", status=503, times=None)
    with pytest.raises(ServerFault, match="vendor's side"):
        enter(org).availability()


def test_a_budget_above_the_orgs_is_steered_by_its_count(
    start_org: Callable[..., SimulatedOrg], enter: Enter, tmp_path: Path
) -> None:
    org = start_org(rate_limit=8, assume=["rate_window_seconds=1"])
    with RequestBudget(tmp_path, client_id=org.client_id, api_url=org.url, limit=10_000) as budget:
        jobs = enter(org, budget=budget)
        for _ in range(20):
            jobs.availability()
    assert org.requests()["counts"][f"GET {CONVERSATION_JOBS.availability.path}"] == {"200": 20}


def test_a_page_that_trickles_is_asked_for_again(org: SimulatedOrg, enter: Enter) -> None:
    jobs = enter(org, timeouts=Timeouts(whole=2))
    job_id = finish(jobs)
    org.arm("slow", "conversations.results", seconds=20)
    assert records_of(jobs, job_id, 1000)
    assert org.requests()["counts"][f"GET {CONVERSATION_JOBS.results.path}"] == {"200": 2}
