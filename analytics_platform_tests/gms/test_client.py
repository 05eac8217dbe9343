"""The client against a scripted server: what it asks, what it makes of answers, what it asks again."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from threading import Event

import pytest

from analytics_platform.catalogue.services import Events, State
from analytics_platform.gms.access import Access
from analytics_platform.gms.client import Gms
from analytics_platform.gms.selection import Selection
from analytics_platform.source.errors import (
    BadRequest,
    CutShort,
    MissingPermission,
    NoAnswer,
    NotFound,
    NotJson,
    QueryRefused,
    ServerFault,
    SourceError,
    SubmitUncertain,
    UnexpectedAnswer,
    Unreachable,
)
from analytics_platform.source.http_client import Timeouts
from analytics_platform_tests.genesys_cloud.scripted import Asked, Reply, Scripted
from analytics_platform_tests.gms.conftest import DAY, FILES, STREAM, WHOLE_DAY, path_of, refused

IDS = ["7-a", "8-b", "9-c"]


def test_ids_are_given_once_each_in_order_with_what_was_asked_when_and_what_came(server: Scripted, gms: Gms) -> None:
    server.on("GET", STREAM, Reply(json=["8-b", "7-a", "8-b"]))
    listed = gms.ids(WHOLE_DAY)
    assert listed.ids == ("8-b", "7-a")
    assert listed.count == 3
    assert listed.sha256 == hashlib.sha256(json.dumps(["8-b", "7-a", "8-b"]).encode()).hexdigest()
    assert listed.request == (
        f"GET {STREAM}?time_from=2026-03-02T00:00:00.000Z&time_to=2026-03-03T00:00:00.000Z&filter_events=any"
    )
    (asked,) = server.requests()
    assert dict(asked.query) == WHOLE_DAY.parameters()
    assert asked.headers["accept"] == "application/json"


def test_the_digest_is_of_the_body_also_when_it_travels_compressed(server: Scripted, gms: Gms) -> None:
    server.on("GET", STREAM, Reply(json=IDS), Reply(json=IDS, gzipped=True))
    assert gms.ids(WHOLE_DAY).sha256 == gms.ids(WHOLE_DAY).sha256


@pytest.mark.parametrize("reply", [Reply(json=[]), Reply(204)])
def test_no_ids_are_none(server: Scripted, gms: Gms, reply: Reply) -> None:
    server.on("GET", STREAM, reply)
    assert gms.ids(WHOLE_DAY).ids == ()


@pytest.mark.parametrize("state", [State.ACTIVE, State.INACTIVE])
def test_a_list_of_ids_is_never_asked_with_a_state(server: Scripted, gms: Gms, state: State) -> None:
    with pytest.raises(QueryRefused):
        gms.ids(Selection(DAY, WHOLE_DAY.end, state=state))
    assert server.requests() == []


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(json=[{"service_id": "7-a"}]), UnexpectedAnswer, "with services where ids were asked for"),
        (Reply(json=["7-a", 12]), UnexpectedAnswer, "something else where ids"),
        (Reply(json=[""]), UnexpectedAnswer, "something else where ids"),
        (Reply(json={"created": []}), UnexpectedAnswer, "where a list of ids was asked for"),
        (Reply(body=b'["7-a", "8-'), CutShort, "breaks off"),
        (Reply(body=b""), CutShort, "breaks off"),
        (Reply(body=b"<html>sign in</html>"), NotJson, "look for a proxy"),
        (Reply(302, headers={"Location": "/sign-in"}), UnexpectedAnswer, "check GMS_URL"),
    ],
)
def test_a_body_that_is_no_list_of_ids_is_an_error(
    server: Scripted, gms: Gms, reply: Reply, kind: type[SourceError], words: str
) -> None:
    server.on("GET", STREAM, reply)
    with pytest.raises(kind, match=words):
        gms.ids(WHOLE_DAY)


def test_a_service_is_read_with_everything_it_has_and_kept_as_sent(server: Scripted, gms: Gms) -> None:
    sent = b'{ "service_id" : "7/a b",\n "x": 1.50, "text": "\xc3\xa9 \\ud83d" }'
    server.on("GET", path_of("7%2Fa%20b"), Reply(body=sent))
    service = gms.service("7/a b")
    assert service is not None
    assert (service.service_id, service.record, service.active) == ("7/a b", sent, True)
    (asked,) = server.requests()
    flags = ("active_states", "completed_states", "active_tasks", "completed_tasks")
    assert asked.query == {**dict.fromkeys(flags, "true"), "extensions": "*"}


def test_a_service_with_an_end_event_is_not_active(server: Scripted, gms: Gms) -> None:
    server.on("GET", path_of("7-a"), Reply(json={"service_id": "7-a", "completed": {"timestamp": "x"}}))
    service = gms.service("7-a")
    assert service is not None
    assert not service.active


def test_a_service_gms_does_not_know_is_none(server: Scripted, gms: Gms) -> None:
    server.on("GET", path_of("7-a"), refused(404, "Service 7-a not found", "NotFound"))
    assert gms.service("7-a") is None


def test_a_404_that_is_not_of_gms_does_not_make_services_gone(server: Scripted, gms: Gms) -> None:
    server.on("GET", path_of("7-a"), Reply(404, body=b"<html>No such application</html>"))
    with pytest.raises(NotFound, match="check GMS_URL"):
        gms.service("7-a")


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(json=["7-a"]), UnexpectedAnswer),
        (Reply(204), CutShort),
        (Reply(body=b'{"service_id": "7-'), CutShort),
        (Reply(json={"service_id": "7-a"}, cut=9), CutShort),
        (Reply(body=b"<html></html>"), NotJson),
    ],
)
def test_a_body_that_is_no_service_is_an_error(
    server: Scripted, gms: Gms, reply: Reply, kind: type[SourceError]
) -> None:
    server.on("GET", path_of("7-a"), reply)
    with pytest.raises(kind):
        gms.service("7-a")


def test_services_come_in_the_order_of_their_ids_and_the_missing_as_none(server: Scripted, gms: Gms) -> None:
    first = Event()

    def let_go(asked: Asked) -> Reply:
        first.set()
        return Reply(json={"service_id": "9-c"})

    server.on("GET", path_of("7-a"), Reply(json={"service_id": "7-a"}, hold=first))
    server.on("GET", path_of("8-b"), refused(404, "not found"))
    server.on("GET", path_of("9-c"), let_go)
    told = [(service_id, service and service.service_id) for service_id, service in gms.services(IDS)]
    assert told == [("7-a", "7-a"), ("8-b", None), ("9-c", "9-c")]


def test_the_first_error_ends_the_reading_of_services(server: Scripted, connect: Callable[..., Gms]) -> None:
    gms = connect(concurrency=2)
    ids = [f"{number}-x" for number in range(200)]
    for each in ids:
        server.on("GET", path_of(each), Reply(json={"service_id": each}))
    server.on("GET", path_of("bad"), refused(403, "not allowed"))
    read: list[str] = []
    with pytest.raises(MissingPermission, match="Administrator or Supervisor"):
        read += [service_id for service_id, _ in gms.services([*ids[:5], "bad", *ids[5:]])]
    assert len(server.requests()) <= 5 + 1 + 2 * 4 + 2


def test_two_readings_share_the_limit_of_requests_at_once(server: Scripted, connect: Callable[..., Gms]) -> None:
    gms = connect(concurrency=3)
    hold = Event()
    for each in ("1-a", "2-a", "3-a", "4-a", "5-a", "6-a"):
        server.on("GET", path_of(each), Reply(json={"service_id": each}, hold=hold))
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        readings = [pool.submit(list, gms.services(ids)) for ids in (["1-a", "2-a", "3-a"], ["4-a", "5-a", "6-a"])]
        assert len(server.wait_for(3)) == 3
        hold.set()
        assert [len(reading.result(30)) for reading in readings] == [3, 3]


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504, 500])
def test_a_read_is_tried_again_after_what_may_pass(server: Scripted, gms: Gms, status: int) -> None:
    server.on("GET", STREAM, refused(status, "busy", "Unavailable"), Reply(json=IDS))
    assert list(gms.ids(WHOLE_DAY).ids) == IDS


def test_a_read_is_tried_again_after_an_answer_that_broke_off(server: Scripted, gms: Gms) -> None:
    server.on("GET", STREAM, Reply(cut=-1), Reply(json=IDS, cut=5), Reply(json=IDS))
    assert list(gms.ids(WHOLE_DAY).ids) == IDS


@pytest.mark.parametrize(
    "reply",
    [
        refused(500, "Unparseable date", "JsonParseException"),
        refused(500, "For input string", "NumberFormatException"),
        refused(400, "bad date"),
        refused(401, "who are you"),
        refused(403, "not allowed"),
        refused(409, "conflict"),
    ],
)
def test_a_read_is_not_tried_again_after_what_stays(server: Scripted, gms: Gms, reply: Reply) -> None:
    server.on("GET", STREAM, reply)
    with pytest.raises(SourceError) as caught:
        gms.ids(WHOLE_DAY)
    assert not caught.value.transient
    assert len(server.requests()) == 1


def test_a_gms_that_is_not_there_is_unreachable(connect: Callable[..., Gms]) -> None:
    with pytest.raises(Unreachable, match="No connection to"):
        connect("http://127.0.0.1:1").ids(WHOLE_DAY)


def test_nobody_is_named_and_no_tenant_unless_configured(server: Scripted, gms: Gms) -> None:
    server.on("GET", STREAM, Reply(json=[]))
    gms.ids(WHOLE_DAY)
    (asked,) = server.requests()
    assert not {"authorization", "contactcenterid", "groupid"} & set(asked.headers)


def test_user_and_tenant_go_with_every_request(server: Scripted, connect: Callable[..., Gms]) -> None:
    gms = connect(access=Access("reader", "päss:word", "101", "group 1"))
    server.on("GET", STREAM, Reply(json=[]))
    gms.ids(WHOLE_DAY)
    (asked,) = server.requests()
    assert asked.headers["authorization"] == "Basic cmVhZGVyOnDDpHNzOndvcmQ="
    assert (asked.headers["contactcenterid"], asked.headers["groupid"]) == ("101", "group 1")


def test_content_is_given_as_sent(server: Scripted, gms: Gms) -> None:
    sent = b'[{"service_id":"7-a", "n": 1.0},\n {"x":"\\ud83d"} , {"service_id":9}]'
    server.on("GET", STREAM, Reply(body=sent), Reply(body=sent, gzipped=True))
    selection = Selection(DAY, WHOLE_DAY.end, Events.STARTED, State.ACTIVE)
    for _ in range(2):
        told = [(service.service_id, service.record) for service in gms.content(selection)]
        assert told == [("7-a", b'{"service_id":"7-a", "n": 1.0}'), ("", b'{"x":"\\ud83d"}'), ("", b'{"service_id":9}')]
    assert dict(server.requests()[0].query) == {**selection.parameters(), "export_content": "true"}


@pytest.mark.parametrize("reply", [Reply(json=[]), Reply(204)])
def test_no_content_is_none(server: Scripted, gms: Gms, reply: Reply) -> None:
    server.on("GET", STREAM, reply)
    assert list(gms.content(WHOLE_DAY)) == []


_SERVICES = json.dumps([{"service_id": each, "text": "x" * 90} for each in IDS]).encode()


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(body=_SERVICES[:-1]), CutShort, "breaks off before its end"),
        (Reply(body=_SERVICES[:200]), CutShort, "breaks off before its end"),
        (Reply(body=_SERVICES, cut=200), CutShort, "broke off"),
        (Reply(body=_SERVICES[:200], unframed=True), CutShort, "breaks off before its end"),
        (Reply(body=b'[{"x":"\\ud83d"},{'), CutShort, "breaks off before its end"),
        (Reply(body=b""), CutShort, "breaks off before its end"),
        (Reply(body=_SERVICES + b"{}"), NotJson, "look for a proxy"),
        (Reply(body=b"<html></html>"), NotJson, "look for a proxy"),
        (Reply(json=IDS), UnexpectedAnswer, "without the services' content"),
        (Reply(json=[{"service_id": "7-a"}, "8-b"]), UnexpectedAnswer, "without the services' content"),
        (Reply(json={"message": "x"}), UnexpectedAnswer, "where a list of services was asked for"),
    ],
)
def test_content_that_is_not_whole_gives_nothing(
    server: Scripted, gms: Gms, reply: Reply, kind: type[SourceError], words: str
) -> None:
    server.on("GET", STREAM, reply)
    given: list[str] = []
    with pytest.raises(kind, match=words):
        given += [service.service_id for service in gms.content(WHOLE_DAY)]
    assert given == []
    assert len(server.requests()) == 1


@pytest.mark.parametrize(("status", "requests"), [(503, 2), (502, 2), (504, 1), (500, 1), (408, 1)])
def test_content_is_asked_again_only_where_gms_is_surely_not_at_work(
    server: Scripted, gms: Gms, status: int, requests: int
) -> None:
    server.on("GET", STREAM, refused(status, "no"), Reply(json=[]))
    if requests == 1:
        with pytest.raises(ServerFault):
            list(gms.content(WHOLE_DAY))
    else:
        assert list(gms.content(WHOLE_DAY)) == []
    assert len(server.requests()) == requests


def test_content_is_waited_for_as_long_as_configured_and_not_asked_again(
    server: Scripted, connect: Callable[..., Gms]
) -> None:
    hold = Event()
    server.on("GET", STREAM, Reply(json=[], hold=hold))
    gms = connect(content_seconds=0.1, timeouts=Timeouts(pool=None))
    with pytest.raises(NoAnswer):
        list(gms.content(WHOLE_DAY))
    hold.set()
    assert len(server.requests()) == 1


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


def test_a_server_fault_ends_as_one_after_the_attempts(server: Scripted, gms: Gms) -> None:
    server.on("GET", STREAM, Reply(503))
    with pytest.raises(ServerFault):
        gms.ids(WHOLE_DAY)
    assert len(server.requests()) == 3


def test_the_whole_answer_may_take_so_long(server: Scripted, connect: Callable[..., Gms]) -> None:
    hold = Event()
    server.on("GET", STREAM, Reply(json=IDS, hold=hold))
    with pytest.raises(NoAnswer, match="did not answer"):
        connect(timeouts=Timeouts(read=0.1, pool=None)).ids(Selection(DAY, DAY + timedelta(hours=1)))
    hold.set()
