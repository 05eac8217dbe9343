"""No password in logs, error texts, reprs or tracebacks, whatever the other side does."""

import base64
import logging
import traceback
from collections.abc import Callable

import pytest

from analytics_platform.gms.access import Access
from analytics_platform.gms.client import Gms
from analytics_platform.source.errors import SourceError
from analytics_platform_tests.genesys_cloud.conftest import CANARY
from analytics_platform_tests.genesys_cloud.scripted import Asked, Reply, Scripted
from analytics_platform_tests.gms.conftest import FILES, STREAM, WHOLE_DAY, path_of

ENCODED = base64.b64encode(f"reader:{CANARY}".encode()).decode()


def echo(status: int) -> Callable[[Asked], Reply]:
    """A server that says back in its body what it was told."""

    def answer(asked: Asked) -> Reply:
        heard = f"{asked.headers['authorization']} {CANARY}"
        return Reply(status, {"message": heard, "exception": heard})

    return answer


@pytest.fixture
def gms(connect: Callable[..., Gms]) -> Gms:
    return connect(access=Access("reader", CANARY, "101"))


@pytest.mark.parametrize(
    "reply",
    [
        *(echo(status) for status in (200, 302, 400, 401, 403, 408, 409, 429, 500, 503)),
        Reply(404, body=CANARY.encode()),
        Reply(cut=-1),
        Reply(json={"service_id": "x" * 90}, cut=9),
        Reply(body=f"<html>{CANARY} {ENCODED}</html>".encode()),
        Reply(json=[{"echo": ENCODED}, CANARY]),
    ],
)
@pytest.mark.parametrize(
    "ask",
    [
        lambda gms: gms.ids(WHOLE_DAY),
        lambda gms: gms.request_files(WHOLE_DAY),
        lambda gms: list(gms.content(WHOLE_DAY)),
        lambda gms: list(gms.services(["7-a"])),
    ],
    ids=["ids", "files", "content", "services"],
)
def test_a_canary_is_never_seen(
    server: Scripted,
    gms: Gms,
    caplog: pytest.LogCaptureFixture,
    reply: Reply | Callable[[Asked], Reply],
    ask: Callable[[Gms], object],
) -> None:
    caplog.set_level(logging.DEBUG)
    for method, path in (("GET", STREAM), ("POST", FILES), ("GET", path_of("7-a"))):
        server.on(method, path, reply)
    shown = f"{gms!r} {vars(gms)}"
    try:
        ask(gms)
    except SourceError as fault:
        shown += "".join(traceback.format_exception(fault)) + f"{fault!r} {vars(fault)}"
    assert server.requests()[0].headers["authorization"] == f"Basic {ENCODED}"
    logged = "\n".join(f"{record.getMessage()} {record.exc_text}" for record in caplog.records)
    for secret in (CANARY, ENCODED):
        assert secret not in shown
        assert secret not in logged
