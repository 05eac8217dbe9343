"""Services with their content, all at once, against a scripted server: whole or not at all."""

import json
from collections.abc import Callable
from threading import Event

import pytest

from analytics_platform.catalogue.services import Events, State
from analytics_platform.gms.client import Gms
from analytics_platform.gms.selection import Selection
from analytics_platform.source.errors import CutShort, NoAnswer, NotJson, ServerFault, SourceError, UnexpectedAnswer
from analytics_platform.source.http_client import Timeouts
from analytics_platform_tests.genesys_cloud.scripted import Reply, Scripted
from analytics_platform_tests.gms.conftest import DAY, IDS, STREAM, WHOLE_DAY, refused


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
    gms = connect(content_seconds=1, timeouts=Timeouts(pool=None))
    with pytest.raises(NoAnswer):
        list(gms.content(WHOLE_DAY))
    hold.set()
    assert len(server.requests()) == 1
