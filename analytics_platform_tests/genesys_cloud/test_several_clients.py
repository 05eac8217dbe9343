"""Several OAuth clients of one org: they share the load, and what belongs to one of them stays with it."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr

from analytics_platform.catalogue.operations import CONVERSATION_JOBS
from analytics_platform.catalogue.operations.observations import USER_LIST
from analytics_platform.genesys_cloud.budget import RequestBudget, Waiting
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.directory import listed_ids
from analytics_platform.genesys_cloud.exports import Exports
from analytics_platform.genesys_cloud.hosts import Hosts
from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.genesys_cloud.oauth_client import OAuthClient
from analytics_platform.genesys_cloud.probe import lacking, probe_each, shared
from analytics_platform.genesys_cloud.standings import Standing
from analytics_platform.genesys_cloud.usage import Usage
from analytics_platform.source.errors import BadCredentials, JobGone
from analytics_platform_tests.genesys_cloud.conftest import QUICK
from analytics_platform_tests.simulated_org import SimulatedOrg

GET = CONVERSATION_JOBS.availability
DAY = {"interval": "2026-03-02T00:00:00.000Z/2026-03-03T00:00:00.000Z"}
EXPORT = {
    "name": "mine",
    "viewType": "QUEUE_PERFORMANCE_SUMMARY_VIEW",
    "exportFormat": "CSV",
    "period": "PT30M",
    "timeZone": "UTC",
    "interval": DAY["interval"],
    "filter": {},
    "hasFormatDurations": False,
    "hasSplitFilters": False,
    "excludeEmptyRows": False,
    "hasSplitByMedia": False,
    "hasSummaryRow": False,
    "csvDelimiter": "COMMA",
    "hasCustomParticipantAttributes": False,
    "locale": "en-us",
}
ALLOWED = 10
Connect = Callable[..., GenesysCloud]


@pytest.fixture(scope="module")
def shared_org() -> Iterator[SimulatedOrg]:
    clients = ["one:first", "two:second", "poor:third:analytics:conversationDetail:view"]
    with SimulatedOrg(client=clients, rate_limit=1000) as running:
        yield running


@pytest.fixture
def org(shared_org: SimulatedOrg) -> SimulatedOrg:
    shared_org.reset()
    return shared_org


@pytest.fixture
def waits() -> list[Waiting]:
    return []


@pytest.fixture
def told() -> list[tuple[int, str]]:
    return []


@pytest.fixture
def connect(org: SimulatedOrg, tmp_path: Path, waits: list[Waiting], told: list[tuple[int, str]]) -> Iterator[Connect]:
    """Connects as OAuth clients `id=secret`, each with a budget of ten requests a minute."""
    with ExitStack() as opened:

        def client(limit: int = ALLOWED, **secrets: str) -> GenesysCloud:
            def budget(name: str) -> RequestBudget:
                return RequestBudget(tmp_path, client_id=name, api_url=org.url, limit=limit, on_wait=waits.append)

            clients = [OAuthClient(name, SecretStr(secret), budget(name)) for name, secret in secrets.items()]
            first, *others = clients
            usage = Usage(lambda level, sentence: told.append((level, sentence)))
            hosts = Hosts.of(api_url=org.url)
            return opened.enter_context(
                GenesysCloud(hosts, first.id, first.secret, first.budget, others=others, usage=usage, retries=QUICK)
            )

        yield client


def spent(org: SimulatedOrg) -> Counter[str]:
    return Counter(client for client, _ in org.requests()["spent"])


def test_calls_go_to_the_client_that_may_send_soonest(
    org: SimulatedOrg, connect: Connect, waits: list[Waiting]
) -> None:
    client = connect(one="first", two="second")
    for _ in range(2 * (ALLOWED - 1)):
        client.call(GET)
    assert not waits
    assert spent(org) == {"one": ALLOWED - 1, "two": ALLOWED - 1}  # and a token each


def test_a_job_stays_with_the_client_that_submitted_it(org: SimulatedOrg, connect: Connect) -> None:
    client = connect(limit=1000, one="first", two="second")
    jobs = DetailsJobs(client, CONVERSATION_JOBS)
    submitted = [jobs.submit(DAY) for _ in range(4)]
    assert Counter(jobs.owner(job) for job in submitted) == {"one": 2, "two": 2}
    assert {each["jobId"]: each["clientId"] for each in org.requests()["submits"]} == {
        job: jobs.owner(job) for job in submitted
    }
    for job in submitted:
        assert jobs.wait(job, first_pause=0.0, deadline=30).state == "FULFILLED"
        assert jobs.split(jobs.page(job, None, 100)).records
        jobs.cancel(job)
        with pytest.raises(JobGone):
            jobs.status(job)


def test_a_job_is_adopted_under_its_owner_and_gone_without_it(connect: Connect) -> None:
    job = DetailsJobs(connect(two="second"), CONVERSATION_JOBS).submit(DAY)
    again = DetailsJobs(connect(one="first", two="second"), CONVERSATION_JOBS)
    again.adopt(job, "two")
    assert again.status(job).state == "QUEUED"
    alone = DetailsJobs(connect(one="first"), CONVERSATION_JOBS)
    with pytest.raises(JobGone, match="OAuth client two, which is not configured any more"):
        alone.adopt(job, "two")


def test_the_pages_of_a_list_are_asked_for_as_one_client(org: SimulatedOrg, connect: Connect) -> None:
    client = connect(one="first", two="second")
    assert listed_ids(client, USER_LIST)
    assert len(spent(org)) == 1


def test_exports_are_listed_to_the_client_that_asked(connect: Connect) -> None:
    exports = Exports(connect(limit=1000, one="first", two="second"))
    asked = exports.of("two").request(EXPORT)
    assert exports.of("two").find("mine", asked.run_id) is not None
    assert exports.of("one").find("mine", asked.run_id) is None
    with pytest.raises(JobGone, match="OAuth client three"):
        exports.of("three")


def test_a_client_that_is_refused_stops_no_other_and_is_told_once_and_loudly(
    org: SimulatedOrg, connect: Connect, told: list[tuple[int, str]]
) -> None:
    client = connect(one="not its secret", two="second")
    for _ in range(4):
        client.call(GET)
    assert spent(org) == {"two": 4}
    ((level, sentence),) = told
    assert level == logging.ERROR and sentence.startswith("The OAuth client one is refused") and "401" in sentence
    assert "not its secret" not in sentence


def test_a_job_of_a_client_that_is_refused_is_gone(connect: Connect) -> None:
    job = DetailsJobs(connect(one="first"), CONVERSATION_JOBS).submit(DAY)
    again = DetailsJobs(connect(one="changed", two="second"), CONVERSATION_JOBS)
    again.adopt(job, "one")
    with pytest.raises(JobGone, match="refuses the OAuth client one"):
        again.status(job)
    only = DetailsJobs(connect(one="changed"), CONVERSATION_JOBS)
    only.adopt(job, "one")
    with pytest.raises(BadCredentials):
        only.status(job)


def test_when_all_are_refused_the_call_fails(connect: Connect) -> None:
    client = connect(one="no", two="no")
    for _ in range(2):
        with pytest.raises(BadCredentials):
            client.call(GET)


def test_what_one_client_may_not_call_is_found_and_not_counted_as_served(connect: Connect) -> None:
    each, refused = probe_each(connect(limit=1000, one="first", poor="third", two="changed"))
    assert set(each) == {"one", "poor"} and set(refused) == {"two"}
    found = lacking(each)
    assert set(found) == {"poor"} and "users.availability" in found["poor"]
    assert "conversations.availability" not in found["poor"]
    assert shared(each)["users.availability"].standing is Standing.NOT_PERMITTED
    assert shared(each)["conversations.availability"].standing is Standing.SERVED
