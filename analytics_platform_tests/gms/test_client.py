"""The client against a scripted server: what it asks, what it makes of answers, what it asks again."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from threading import Event

import pytest

from analytics_platform.catalogue.services import State
from analytics_platform.gms.access import Access
from analytics_platform.gms.client import Gms
from analytics_platform.gms.selection import Selection
from analytics_platform.source.errors import (
    CutShort,
    MissingPermission,
    NoAnswer,
    NotFound,
    NotJson,
    QueryRefused,
    ServerFault,
    SourceError,
    UnexpectedAnswer,
    Unreachable,
)
from analytics_platform.source.http_client import Timeouts
from analytics_platform_tests.genesys_cloud.scripted import Asked, Reply, Scripted
from analytics_platform_tests.gms.conftest import DAY, IDS, STREAM, WHOLE_DAY, path_of, refused


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
