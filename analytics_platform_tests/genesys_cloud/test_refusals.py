"""What the vendor's refusals become."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from analytics_platform.catalogue.operations import CONVERSATION_JOBS, Operation
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.refusals import retry_after
from analytics_platform.source.errors import (
    BadCredentials,
    BadRequest,
    MissingPermission,
    NotFound,
    RateLimited,
    ServerFault,
    SourceError,
    UnexpectedAnswer,
)
from analytics_platform.source.retries import Retries
from analytics_platform_tests.genesys_cloud.scripted import Reply, Scripted, error

AVAILABILITY = CONVERSATION_JOBS.availability
STATUS = Operation("things.read", "GET", "/api/v2/thing")


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error(400, "invalid.value", "Value [] is not valid"), BadRequest),
        (error(401, "bad.credentials", "Invalid login credentials."), BadCredentials),
        (error(403, "missing.any.permissions", "Missing one of [x]"), MissingPermission),
        (error(404, "not.found", "No such thing"), NotFound),
        (error(409, "conflict", "Busy"), BadRequest),
        (error(410, "gone", "Was here"), NotFound),
        (error(413, "response.entity.too.large", "The request is over the size limit"), BadRequest),
        (error(408, "request.timeout", "Too slow"), ServerFault),
        (error(429, "too.many.requests", "Slow down"), RateLimited),
        (error(500, "internal.server.error", "Oops"), ServerFault),
        (error(503, "service.unavailable", "Later"), ServerFault),
        (Reply(502, body=b"<html>Bad gateway</html>", headers={"Content-Type": "text/html"}), ServerFault),
        (Reply(504), ServerFault),
        (Reply(302, headers={"Location": "http://127.0.0.1:9/"}), UnexpectedAnswer),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Reply) else None,
)
def test_each_status_is_its_own_error(
    server: Scripted, client: GenesysCloud, reply: Reply, kind: type[SourceError]
) -> None:
    server.on("GET", STATUS.path, reply)
    with pytest.raises(kind) as caught:
        client.call(STATUS)
    fault = caught.value
    assert type(fault) is kind
    assert (fault.status, fault.operation) == (reply.status, STATUS)
    if isinstance(reply.json, dict):
        assert (fault.code, fault.message, fault.correlation_id) == (reply.json["code"], reply.json["message"], "c-1")
        assert "correlation id c-1" in str(fault)
    assert str(fault).startswith(f"Genesys Cloud answered GET /api/v2/thing with {reply.status}")
    assert str(fault).endswith(".")


def test_a_missing_permission_says_which_and_where_to_grant_it(server: Scripted, client: GenesysCloud) -> None:
    operation = CONVERSATION_JOBS.submit
    server.on("POST", operation.path, error(403, "missing.any.permissions", "Unable to perform the requested action"))
    with pytest.raises(MissingPermission) as caught:
        client.call(operation, body={})
    text = str(caught.value)
    assert "analytics:conversationDetail:view or analytics:agentConversationDetail:view" in text
    assert "Admin > Integrations > OAuth > the client > Roles" in text


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(400, {"error": "invalid_client", "description": "client not found: client-1"}), BadCredentials),
        (Reply(401, {"error": "invalid_client", "error_description": "authentication failed"}), BadCredentials),
        (Reply(401), BadCredentials),
        (Reply(400, {"error": "invalid_request", "description": "grant_type is missing"}), BadRequest),
        (Reply(400, {"error": "invalid_request", "description": "Rate limit exceeded the maximum."}), RateLimited),
        (Reply(429), RateLimited),
        (Reply(503), ServerFault),
        (Reply(200, {"token": "x"}), UnexpectedAnswer),
        (Reply(200, {"access_token": "two\nlines", "expires_in": 300}), UnexpectedAnswer),
        (Reply(200, {"access_token": "x", "expires_in": "soon"}), UnexpectedAnswer),
    ],
)
def test_the_token_endpoint_speaks_otherwise(
    server: Scripted, client: GenesysCloud, reply: Reply, kind: type[SourceError]
) -> None:
    server.on("POST", "/oauth/token", reply)
    with pytest.raises(kind) as caught:
        client.call(AVAILABILITY)
    assert type(caught.value) is kind
    assert not server.requests(AVAILABILITY.path)


def test_refused_credentials_name_the_settings(server: Scripted, client: GenesysCloud) -> None:
    server.on("POST", "/oauth/token", Reply(400, {"error": "invalid_client", "description": "client not found"}))
    with pytest.raises(BadCredentials, match=r"GENESYSCLOUD_OAUTHCLIENT_ID.*GENESYSCLOUD_REGION"):
        client.call(AVAILABILITY)
    assert len(server.requests()) == 1


def test_the_token_endpoints_own_rate_limit_is_waited_out(server: Scripted, client: GenesysCloud) -> None:
    limited = Reply(400, {"error": "invalid_request", "description": "rate limit exceeded"})
    server.on("POST", "/oauth/token", limited, limited, Reply(json={"access_token": "t", "expires_in": 300}))
    server.on("GET", AVAILABILITY.path, Reply(json={}))
    assert client.call(AVAILABILITY).value == {}
    assert len(server.requests("/oauth/token")) == 3


def test_waits_are_read_in_every_form() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    earlier = format_datetime(datetime.now(UTC) - timedelta(seconds=90), usegmt=True)
    dated = retry_after({"retry-after": later})
    assert dated is not None
    assert 60 < dated <= 90
    assert retry_after({"retry-after": earlier}) == 0
    assert retry_after({"retry-after": "42"}) == 42
    assert retry_after({"retry-after": "1.5"}) == 1.5
    assert retry_after({}, "Rate limit exceeded the maximum. Retry the request in [42] seconds") == 42
    used_up = {"inin-ratelimit-count": "301", "inin-ratelimit-allowed": "300", "inin-ratelimit-reset": "17"}
    assert retry_after(used_up) == 17
    assert retry_after({**used_up, "inin-ratelimit-count": "12"}) is None
    assert retry_after({"inin-ratelimit-reset": "17"}) is None
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({"retry-after": "-3"}) is None
    assert retry_after({"retry-after": "nan"}) is None
    assert retry_after({}) is None


def test_a_wait_beyond_the_cap_is_raised_at_once(server: Scripted, connect: Callable[..., GenesysCloud]) -> None:
    server.on("GET", STATUS.path, error(429, "too.many.requests", "Daily maximum", Retry_After="7200"))
    client = connect(retries=Retries(attempts=5, longest_retry_after=60))
    with pytest.raises(RateLimited, match=r"wait 7200 s, until \d{4}-\d\d-\d\d .* UTC") as caught:
        client.call(STATUS)
    assert caught.value.retry_after == 7200
    assert len(server.requests(STATUS.path)) == 1


def test_a_wait_within_the_cap_is_kept(server: Scripted, connect: Callable[..., GenesysCloud]) -> None:
    server.on("GET", STATUS.path, error(429, "too.many.requests", "Slow down", Retry_After="1"), Reply(json=[1]))
    client = connect(retries=Retries(attempts=2, first_pause=0.001, longest_pause=0.001))
    assert client.call(STATUS).value == [1]
    first, second = server.requests(STATUS.path)
    assert second.at - first.at >= 1


def test_a_message_is_shortened(server: Scripted, client: GenesysCloud) -> None:
    server.on("GET", STATUS.path, error(400, "bad.request", "long " * 1000))
    with pytest.raises(BadRequest) as caught:
        client.call(STATUS)
    assert len(str(caught.value)) < 800
