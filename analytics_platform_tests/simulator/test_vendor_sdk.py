"""The vendor's own Python SDK runs both jobs against the simulated org, and reads everything in them.

The SDK derives the login host by replacing `//api.` with `//login.`, so a loopback host serves both as it is.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from analytics_platform.catalogue.models import model
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.asking import DAYS, day


@pytest.fixture(scope="module")
def sdk() -> Any:
    """The vendor's package; it takes seconds to import, so only where it is used."""
    return pytest.importorskip("PureCloudPlatformClientV2")


@pytest.fixture
def analytics(sdk: Any, org: SimulatedOrg) -> Iterator[Any]:
    """The SDK's analytics API with a token of the org."""
    before = sdk.configuration.host
    sdk.configuration.host = org.url
    client = sdk.api_client.ApiClient().get_client_credentials_token(org.client_id, org.client_secret)
    yield sdk.AnalyticsApi(client)
    sdk.configuration.host = before


def finish(get_status: Any, job_id: str) -> None:
    while (state := get_status(job_id).state) in ("QUEUED", "PENDING"):
        pass
    assert state == "FULFILLED"


def pages(get_results: Any, job_id: str) -> Iterator[Any]:
    cursor: dict[str, str] = {}
    while True:
        page = get_results(job_id, page_size=25, **cursor)
        yield page
        if not page.cursor:
            return
        cursor = {"cursor": page.cursor}


def test_conversations(sdk: Any, analytics: Any, org: SimulatedOrg) -> None:
    assert analytics.get_analytics_conversations_details_jobs_availability().data_availability_date is not None
    query = sdk.AsyncConversationQuery()
    query.interval, query.order, query.order_by = day(DAYS[1]), "asc", "conversationStart"
    job = analytics.post_analytics_conversations_details_jobs(query).job_id
    finish(analytics.get_analytics_conversations_details_job, job)
    told = [
        conversation
        for page in pages(analytics.get_analytics_conversations_details_job_results, job)
        for conversation in page.conversations
    ]
    truth = {record["conversationId"]: record for record in org.truth_conversations()}
    assert len(told) > 60
    for conversation in told:
        record = truth[conversation.conversation_id]
        assert len(conversation.participants) == len(record["participants"])
        assert "outdated_sdk_version" not in str(conversation.to_dict())
        assert _present(conversation, "AnalyticsConversation") == set(record)
    analytics.delete_analytics_conversations_details_job(job)


def test_users(sdk: Any, analytics: Any, org: SimulatedOrg) -> None:
    assert analytics.get_analytics_users_details_jobs_availability().data_availability_date is not None
    query = sdk.AsyncUserDetailsQuery()
    query.interval = day(DAYS[1])
    job = analytics.post_analytics_users_details_jobs(query).job_id
    finish(analytics.get_analytics_users_details_job, job)
    users = [
        user for page in pages(analytics.get_analytics_users_details_job_results, job) for user in page.user_details
    ]
    assert len(users) > 10
    for user in users:
        assert "outdated_sdk_version" not in str(user.to_dict())
        assert user.primary_presence[0].start_time is not None


def test_an_error_is_the_sdk_s_exception(sdk: Any, analytics: Any) -> None:
    query = sdk.AsyncConversationQuery()
    query.interval = "nonsense"
    with pytest.raises(sdk.rest.ApiException) as refused:
        analytics.post_analytics_conversations_details_jobs(query)
    assert refused.value.status == 400


def _present(told: Any, name: str) -> set[str]:
    """The vendor's names of the fields the SDK found set."""
    names = {attribute: field for attribute, field in told.attribute_map.items()}
    assert set(names.values()) <= set(model(name).fields)
    return {field for attribute, field in names.items() if getattr(told, attribute) is not None}
