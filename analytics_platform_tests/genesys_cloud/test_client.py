"""Calls: how they are put, and what is repeated."""

import json
import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from analytics_platform.catalogue.operations import CONVERSATION_JOBS, Operation
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.source.errors import (
    BadCredentials,
    BadRequest,
    CutShort,
    NoAnswer,
    NotJson,
    RateLimited,
    ServerFault,
    SourceError,
    Unreachable,
)
from analytics_platform_tests.genesys_cloud.scripted import Reply, Scripted, error, token

GET = CONVERSATION_JOBS.availability
THING = Operation("things.read", "GET", "/api/v2/things/{thingId}")
QUERY = Operation("things.query", "POST", "/api/v2/analytics/conversations/aggregates/query")
DELETE = Operation("things.delete", "DELETE", "/api/v2/thing")


def test_a_call_is_authorised_and_decoded(server: Scripted, client: GenesysCloud) -> None:
    server.on("GET", GET.path, Reply(json={"dataAvailabilityDate": "2026-03-01T00:00:00Z"}, gzipped=True))
    answer = client.call(GET)
    assert answer.value == {"dataAvailabilityDate": "2026-03-01T00:00:00Z"}
    mint, call = server.requests()
    assert mint.body == b"grant_type=client_credentials"
    assert mint.headers["authorization"].startswith("Basic ")
    assert call.headers["authorization"] == "Bearer token-1"
    assert call.headers["accept-encoding"] == "gzip"
    assert call.headers["user-agent"].startswith("analytics-platform")


def test_path_query_and_body_arrive_as_given(server: Scripted, client: GenesysCloud) -> None:
    server.on("GET", "/api/v2/things/a%2Fb%20c", Reply(json={}))
    client.call(THING, path={"thingId": "a/b c"}, query={"cursor": "a+b/c==&d e", "pageSize": 1000})
    asked = server.requests("/api/v2/things")[0]
    assert asked.query == {"cursor": "a+b/c==&d e", "pageSize": "1000"}
    server.on("POST", QUERY.path, Reply(json=None, body=b"null"))
    client.call(QUERY, body={"interval": "a/b", "metrics": ["tTalk"], "é": None})
    posted = server.requests(QUERY.path)[0]
    assert json.loads(posted.body) == {"interval": "a/b", "metrics": ["tTalk"], "é": None}
    assert posted.headers["content-type"] == "application/json"


def test_an_empty_body_is_none_and_headers_are_in_lower_case(server: Scripted, client: GenesysCloud) -> None:
    server.on("DELETE", DELETE.path, Reply(204, headers={"ININ-Correlation-Id": "c-5"}))
    answer = client.call(DELETE)
    assert (answer.status, answer.value, answer.correlation_id) == (204, None, "c-5")


def test_a_page_that_is_not_json_is_told_without_its_content(server: Scripted, client: GenesysCloud) -> None:
    page = Reply(body=b"<html>Sign in, Mr Smith</html>", headers={"Content-Type": "text/html"})
    server.on("GET", GET.path, page)
    with pytest.raises(NotJson, match="status 200, content type text/html") as caught:
        client.call(GET)
    assert "Smith" not in str(caught.value)
    assert len(server.requests(GET.path)) == 1


@pytest.mark.parametrize(
    "fault",
    [error(500, "internal.server.error", "Oops"), Reply(json={"a": "b" * 50}, cut=20), Reply(cut=-1)],
    ids=["500", "cut", "no answer"],
)
@pytest.mark.parametrize(
    ("operation", "repeatable", "repeated"),
    [(GET, None, True), (DELETE, None, True), (QUERY, None, False), (QUERY, True, True), (GET, False, False)],
)
def test_only_what_is_safe_is_repeated(
    server: Scripted,
    client: GenesysCloud,
    fault: Reply,
    operation: Operation,
    repeatable: bool | None,
    repeated: bool,
) -> None:
    server.on(operation.method, operation.path, fault, Reply(json={"ok": True}))
    if repeated:
        assert client.call(operation, repeatable=repeatable).value == {"ok": True}
    else:
        with pytest.raises((ServerFault, CutShort, NoAnswer)):
            client.call(operation, repeatable=repeatable)
    assert len(server.requests(operation.path)) == 1 + repeated


def test_a_429_is_repeated_for_every_method(server: Scripted, client: GenesysCloud) -> None:
    server.on("POST", QUERY.path, error(429, "too.many.requests", "Slow down"), Reply(json={"ok": True}))
    assert client.call(QUERY, body={}).value == {"ok": True}


def test_attempts_are_bounded_and_reported(
    server: Scripted, client: GenesysCloud, caplog: pytest.LogCaptureFixture
) -> None:
    server.on("GET", GET.path, error(503, "service.unavailable", "Later"))
    with caplog.at_level(logging.WARNING), pytest.raises(ServerFault) as caught:
        client.call(GET)
    assert len(server.requests(GET.path)) == 3
    assert sum("failed, next in" in record.message for record in caplog.records) == 2
    assert caught.value.code == "service.unavailable"


def test_a_refused_token_is_renewed_once(server: Scripted, client: GenesysCloud) -> None:
    refused = error(401, "bad.credentials", "Invalid login credentials.")
    server.on("POST", QUERY.path, refused, Reply(json={"ok": True}))
    assert client.call(QUERY, body={}).value == {"ok": True}
    sent = [asked.headers["authorization"] for asked in server.requests(QUERY.path)]
    assert sent == ["Bearer token-1", "Bearer token-2"]


def test_a_token_refused_twice_ends_the_call(server: Scripted, client: GenesysCloud) -> None:
    server.on("GET", GET.path, error(401, "bad.credentials", "Invalid login credentials."))
    with pytest.raises(BadCredentials, match="token just minted is refused"):
        client.call(GET)
    assert len(server.requests(GET.path)) == 2
    assert len(server.requests("/oauth/token")) == 2


def test_threads_share_one_token_and_renew_it_once(server: Scripted, client: GenesysCloud) -> None:
    server.on("GET", GET.path, Reply(json={}))
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: client.call(GET), range(24)))
    assert len(server.requests("/oauth/token")) == 1

    refusals = [error(401, "bad.credentials", "No")] * 8
    server.on("DELETE", DELETE.path, *refusals, Reply(json={}))
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda _: _outcome(client, DELETE), range(8)))
    # Whoever is refused with the old token finds the new one; the eight refusals hit old and new tokens alike.
    assert set(outcomes) <= {"ok", "BadCredentials"}
    renewals = len(server.requests("/oauth/token")) - 1
    assert 1 <= renewals <= 8


def _outcome(client: GenesysCloud, operation: Operation) -> str:
    try:
        client.call(operation)
    except SourceError as fault:
        return type(fault).__name__
    return "ok"


def test_no_connection_means_not_sent(connect: Callable[..., GenesysCloud], caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as placeholder:
        placeholder.bind(("127.0.0.1", 0))
        # Bound and not listening: nobody else gets the port, and nobody answers.
        client = connect(url=f"http://127.0.0.1:{placeholder.getsockname()[1]}")
        with caplog.at_level(logging.WARNING), pytest.raises(Unreachable, match="No connection to 127") as caught:
            client.call(QUERY, body={})
    assert caught.value.untaken
    assert len(caplog.records) == 2


def test_downloads_are_the_bytes_on_the_wire(server: Scripted, client: GenesysCloud) -> None:
    server.on("GET", GET.path, Reply(json={"conversations": [1, 2]}, gzipped=True))
    payload = client.download(GET)
    assert payload.encoding == "gzip"
    assert payload.wire.startswith(b"\x1f\x8b")
    assert json.loads(payload.inflate()) == {"conversations": [1, 2]}
    assert (payload.origin.status, payload.origin.operation) == (200, GET)
    server.on("DELETE", DELETE.path, Reply(json={"plain": True}))
    assert client.download(DELETE).encoding == "identity"


BODY = {"conversations": [{"conversationId": str(number)} for number in range(100)]}


@pytest.mark.parametrize(
    "broken",
    [
        Reply(json=BODY, gzipped=True, cut=50),
        Reply(json=BODY, gzipped=True, cut=50, unframed=True),
        Reply(json=BODY, cut=50, unframed=True),
        Reply(json=BODY, cut=0),
        Reply(body=b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03half", headers={"Content-Encoding": "gzip"}),
    ],
    ids=["framed gzip", "unframed gzip", "unframed plain", "no body", "cut behind a proxy"],
)
def test_a_body_that_breaks_off_is_asked_for_again_whole(server: Scripted, client: GenesysCloud, broken: Reply) -> None:
    server.on("GET", GET.path, broken, Reply(json=BODY, gzipped=True))
    assert json.loads(client.download(GET).inflate()) == BODY
    assert len(server.requests(GET.path)) == 2


def test_a_body_that_always_breaks_off_is_an_error(server: Scripted, client: GenesysCloud) -> None:
    server.on("GET", GET.path, Reply(json=BODY, gzipped=True, cut=50))
    with pytest.raises(CutShort, match="broke off"):
        client.download(GET)
    assert len(server.requests(GET.path)) == 3


def test_an_unframed_body_that_is_whole_is_taken(server: Scripted, client: GenesysCloud) -> None:
    server.on("GET", GET.path, Reply(json=BODY, unframed=True))
    assert json.loads(client.download(GET).inflate()) == BODY


def test_redirects_are_not_followed(server: Scripted, client: GenesysCloud) -> None:
    server.on("GET", GET.path, Reply(307, headers={"Location": "/elsewhere"}))
    with pytest.raises(SourceError, match="redirects are not followed"):
        client.call(GET)
    assert not server.requests("/elsewhere")


def test_an_unclear_request_is_not_repeated(server: Scripted, client: GenesysCloud) -> None:
    server.on("GET", GET.path, error(400, "invalid.date", "Not a date"))
    with pytest.raises(BadRequest, match="Not a date"):
        client.call(GET)
    assert len(server.requests(GET.path)) == 1


def test_a_lost_token_answer_does_not_stop_a_submit(server: Scripted, client: GenesysCloud) -> None:
    server.on("POST", "/oauth/token", Reply(cut=-1), Reply(500), token("fresh"))
    server.on("POST", QUERY.path, Reply(json={"ok": True}))
    assert client.call(QUERY, body={}).value == {"ok": True}
    assert len(server.requests(QUERY.path)) == 1


def test_rate_limits_outlast_the_attempts(server: Scripted, client: GenesysCloud) -> None:
    server.on("GET", GET.path, error(429, "too.many.requests", "Slow down", Retry_After="0"))
    with pytest.raises(RateLimited):
        client.call(GET)
    assert len(server.requests(GET.path)) == 3


def test_a_client_does_not_show_its_secret(client: GenesysCloud) -> None:
    assert repr(client).startswith("GenesysCloud('http://127.0.0.1:")
