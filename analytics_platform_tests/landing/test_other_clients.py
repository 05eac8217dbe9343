"""A job in flight is found by whichever run, under the OAuth client that submitted it."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.hosts import Hosts
from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.genesys_cloud.oauth_client import OAuthClient
from analytics_platform.landing.asking import question_of
from analytics_platform.landing.ledger import Ledger
from analytics_platform_tests.landing.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

DAY = date(2026, 3, 3)
QUESTION = question_of("org", CONVERSATION_DETAILS, DAY)
WATERMARK = datetime(2026, 3, 6, tzinfo=UTC)
Connect = Callable[..., Workplace]


@pytest.fixture(scope="module")
def shared_org() -> Iterator[SimulatedOrg]:
    with SimulatedOrg(client=["one:secret", "two:secret"]) as running:
        yield running


@pytest.fixture
def connect(shared_org: SimulatedOrg, tmp_path: Path) -> Iterator[Connect]:
    """Workplaces of one lake and one ledger, each connected as some OAuth clients."""
    shared_org.reset()
    with ExitStack() as opened:

        def workplace(*names: str) -> Workplace:
            first, *others = [OAuthClient(name, SecretStr("secret"), RequestBudget.unlimited()) for name in names]
            hosts = Hosts.of(api_url=shared_org.url)
            client = GenesysCloud(hosts, first.id, first.secret, first.budget, others=others)
            return Workplace(opened.enter_context(client), tmp_path)

        yield workplace


def leave_in_flight(place: Workplace) -> str:
    """What a run leaves that was killed after its submit: the job's id."""
    jobs = DetailsJobs(place.client, CONVERSATION_DETAILS.family)
    begun = place.ledger.begin(QUESTION, "killed run", WATERMARK)
    job = jobs.submit({"interval": QUESTION.interval})
    assert place.ledger.submitted(begun, job, jobs.owner(job)).asked_as == "two"
    return job


def test_a_job_is_gone_on_with_as_the_client_that_submitted_it(shared_org: SimulatedOrg, connect: Connect) -> None:
    job = leave_in_flight(connect("two"))
    manifest = connect("one", "two").land(DAY)
    assert manifest.facts["job_ids"] == [job]
    assert len(shared_org.requests()["submits"]) == 1


def test_a_job_of_a_client_that_was_taken_away_is_asked_for_anew_and_the_ledger_says_why(
    shared_org: SimulatedOrg, connect: Connect
) -> None:
    job = leave_in_flight(connect("two"))
    place = connect("one")
    manifest = place.land(DAY)
    assert manifest.facts["job_ids"] != [job]
    assert [each["clientId"] for each in shared_org.requests()["submits"]] == ["two", "one"]
    lost, landed = place.ledger.entries()
    assert (lost.state, landed.state) == ("lost", "landed")
    assert lost.note is not None and "OAuth client two, which is not configured any more" in lost.note


def test_what_another_client_landed_for_a_request_is_not_landed_again_by_its_retry(
    shared_org: SimulatedOrg, connect: Connect
) -> None:
    first = connect("two").land(DAY, request="run")
    shared_org.clear_requests()
    assert connect("one").land(DAY, request="run") == first
    assert not shared_org.requests()["submits"]


def test_a_ledger_that_told_client_and_host_together_is_read(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.submitted(ledger.begin(QUESTION, "run", WATERMARK), "job-1")
    with sqlite3.connect(tmp_path / "ledger.sqlite") as file:
        file.execute("ALTER TABLE jobs DROP COLUMN asked_as")
        file.execute("UPDATE jobs SET org = 'two@org'")
    file.close()
    entry = Ledger(tmp_path).in_flight(QUESTION)
    assert entry is not None and (entry.job_id, entry.asked_as) == ("job-1", "two")
