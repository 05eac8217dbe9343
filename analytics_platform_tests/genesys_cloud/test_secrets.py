"""No secret and no token in logs, error texts, reprs or tracebacks, whatever the other side does."""

import logging
import traceback
from collections.abc import Callable

import pytest

from analytics_platform.catalogue.operations import CONVERSATION_JOBS
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.source.errors import SourceError
from analytics_platform_tests.genesys_cloud.conftest import CANARY
from analytics_platform_tests.genesys_cloud.scripted import Asked, Reply, Scripted, error, token

TOKEN = "canary-token-77b1"
SUBMIT = CONVERSATION_JOBS.submit.path


def echo(status: int) -> Callable[[Asked], Reply]:
    """A server that says back in its body what it was told. (Headers of answers are httpcore's to log, at DEBUG.)"""

    def answer(asked: Asked) -> Reply:
        heard = f"{asked.headers['authorization']} {asked.headers['authorization'].split()[1]} {CANARY}"
        return Reply(status, {name: heard for name in ("message", "description", "code", "error", "contextId")})

    return answer


@pytest.mark.parametrize(
    "fault",
    [
        *(echo(status) for status in (302, 400, 401, 403, 404, 408, 429, 500, 503)),
        Reply(cut=-1),
        Reply(202, {"jobId": "x" * 90}, cut=9),
        Reply(202, body=f"<html>{CANARY} {TOKEN}</html>".encode()),
        Reply(202, {"jobId": 17, "echo": TOKEN}),
    ],
)
@pytest.mark.parametrize("at_the_token", [False, True])
def test_a_canary_is_never_seen(
    server: Scripted,
    connect: Callable[..., GenesysCloud],
    caplog: pytest.LogCaptureFixture,
    fault: Reply | Callable[[Asked], Reply],
    at_the_token: bool,
) -> None:
    caplog.set_level(logging.DEBUG)
    client = connect()
    jobs = DetailsJobs(client, CONVERSATION_JOBS)
    server.on("POST", "/oauth/token", fault if at_the_token else token(TOKEN))
    server.on("POST", SUBMIT, fault)
    with pytest.raises(SourceError) as caught:
        jobs.submit({"interval": "a/b"})
    _assert_clean(client, caught.value, caplog)


def test_a_token_no_header_can_carry_is_not_quoted(
    server: Scripted, client: GenesysCloud, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.on("POST", "/oauth/token", token(f"{TOKEN}\r\nX: y"))
    with pytest.raises(SourceError) as caught:
        client.call(CONVERSATION_JOBS.availability)
    _assert_clean(client, caught.value, caplog)


def test_calls_that_go_well_say_nothing_either(
    server: Scripted, client: GenesysCloud, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.on("POST", "/oauth/token", token(TOKEN))
    server.on("GET", CONVERSATION_JOBS.availability.path, error(503, "later", "Later"), Reply(json={"a": 1}))
    answer = client.call(CONVERSATION_JOBS.availability)
    assert {record.name.partition(".")[0] for record in caplog.records} >= {"httpx", "httpcore", "analytics_platform"}
    _assert_clean(client, answer, caplog)


def _assert_clean(client: GenesysCloud, outcome: object, caplog: pytest.LogCaptureFixture) -> None:
    seen = [caplog.text, repr(client), repr(vars(client)), repr(outcome), str(outcome)]
    seen += [repr(vars(record)) for record in caplog.records]
    error: BaseException | None = outcome if isinstance(outcome, BaseException) else None
    while error is not None:
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        seen += [repr(error), str(error), repr(vars(error)), "".join(shown.format())]
        error = error.__cause__ or error.__context__
    # This test's own frame holds the canaries; only lines of the package count.
    text = "\n".join(seen)
    package = "\n".join(block for block in text.split("  File ") if "analytics_platform_tests" not in block[:200])
    assert CANARY not in package
    assert TOKEN not in package
    assert "Y2xpZW50" not in package, "the client id and secret in base64"
