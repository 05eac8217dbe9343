"""Files asked of a scripted server: once, at their own URL, and never again where they may be written."""

from collections.abc import Callable

import pytest

from analytics_platform.catalogue.services import State
from analytics_platform.gms.client import Gms
from analytics_platform.gms.selection import Selection
from analytics_platform.source.errors import BadRequest, MissingPermission, QueryRefused, SourceError, SubmitUncertain
from analytics_platform_tests.genesys_cloud.scripted import Reply, Scripted
from analytics_platform_tests.gms.conftest import DAY, FILES, WHOLE_DAY, refused


def test_files_are_asked_for_once_at_their_own_url_and_named(server: Scripted, connect: Callable[..., Gms]) -> None:
    server.on("POST", f"/node-1{FILES}", Reply(json={"created": ["C:/a_services.csv", "C:/a_states.csv"]}))
    gms = connect(files_url=f"{server.url}/node-1", file_format_parameter="fmt")
    created = gms.request_files(Selection(DAY, WHOLE_DAY.end, state=State.INACTIVE), "json")
    assert created.files == ("C:/a_services.csv", "C:/a_states.csv")
    assert created.request.startswith(f"POST {FILES}?time_from=2026-03-02T00:00:00.000Z&")
    (asked,) = server.requests()
    assert asked.body == b""
    assert (asked.query["filter_state"], asked.query["fmt"]) == ("inactive", "json")


def test_one_file_alone_is_named_too(server: Scripted, gms: Gms) -> None:
    server.on("POST", FILES, Reply(json={"created": "C:/a_services.json"}))
    assert gms.request_files(WHOLE_DAY).files == ("C:/a_services.json",)


def test_a_format_is_not_asked_for_by_a_parameter_nobody_knows(server: Scripted, gms: Gms) -> None:
    with pytest.raises(QueryRefused, match="GMS_FILE_FORMAT_PARAMETER"):
        gms.request_files(WHOLE_DAY, "csv")
    assert server.requests() == []


@pytest.mark.parametrize(
    "reply",
    [
        refused(500, "No space left on device", "IOException"),
        refused(503, "busy"),
        Reply(502, body=b"<html>Bad gateway</html>"),
        Reply(cut=-1),
        Reply(json={"created": ["C:/a_services.csv"]}, cut=9),
        Reply(body=b"<html>Done</html>"),
        Reply(json={"created": []}),
        Reply(json={"created": [1]}),
        Reply(json=["C:/a_services.csv"]),
        Reply(204),
    ],
)
def test_files_that_may_be_written_are_never_asked_for_again(server: Scripted, gms: Gms, reply: Reply) -> None:
    server.on("POST", FILES, reply)
    with pytest.raises(SubmitUncertain, match="look for new ones in its folder"):
        gms.request_files(WHOLE_DAY)
    assert len(server.requests()) == 1


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (refused(400, "Parameter time_from is mandatory"), BadRequest, "correct what GMS names"),
        (refused(403, "not allowed"), MissingPermission, "give the user the role Administrator \\("),
        (refused(429, "slow down"), SourceError, "try again later"),
    ],
)
def test_files_that_were_surely_not_written_say_why(
    server: Scripted, gms: Gms, reply: Reply, kind: type[SourceError], words: str
) -> None:
    server.on("POST", FILES, reply)
    with pytest.raises(kind, match=words) as caught:
        gms.request_files(WHOLE_DAY)
    assert not isinstance(caught.value, SubmitUncertain)
    assert len(server.requests()) == 1
