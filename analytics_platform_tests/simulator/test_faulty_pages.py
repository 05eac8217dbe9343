"""Faults of pages, cursors, watermarks and clocks."""

import json
from email.utils import parsedate_to_datetime
from itertools import chain
from typing import Any

import pytest

from analytics_platform_tests.simulated_org import OrgOptions, SimulatedOrg
from analytics_platform_tests.simulator.asking import DAYS, FAMILIES, Asker, day

KEYS = {"conversations": "conversationId", "users": "userId"}


def finished(asker: Asker, family: str = "conversations") -> str:
    job = asker.submit(family, day(DAYS[0]))
    asker.finish(family, job)
    return job


def records(pages: list[dict[str, Any]], family: str = "conversations") -> list[dict[str, Any]]:
    return list(chain.from_iterable(page.get(FAMILIES[family], []) for page in pages))


def test_a_page_comes_twice_and_nothing_is_lost(org: SimulatedOrg, asker: Asker) -> None:
    job = finished(asker)
    sound = [page["conversations"] for page in asker.pages("conversations", job, 20)]
    org.arm("page_twice", "conversations.results", page=1)
    told = [page["conversations"] for page in asker.pages("conversations", job, 20)]
    assert told == [sound[0], sound[1], *sound[1:]]


@pytest.mark.parametrize("family", ["conversations", "users"])
def test_a_short_page_loses_nothing(org: SimulatedOrg, asker: Asker, family: str) -> None:
    job = finished(asker, family)
    sound = asker.pages(family, job, 8)
    org.arm("page_short", f"{family}.results", times=2)
    told = asker.pages(family, job, 8)
    assert [len(page[FAMILIES[family]]) for page in told[:2]] == [4, 4]
    assert len(told) > len(sound)
    assert records(told, family) == records(sound, family)


def test_a_cursor_is_refused(org: SimulatedOrg, asker: Asker) -> None:
    job = finished(asker)
    org.arm("cursor_refused", "conversations.results")
    first = asker.results("conversations", job, pageSize=20)
    assert first.status_code == 200
    again = {"pageSize": 20, "cursor": first.json()["cursor"]}
    told = [asker.results("conversations", job, **again) for _ in range(2)]
    assert [answer.status_code for answer in told] == [400, 200]
    assert "cursor" in told[0].json()["message"]


@pytest.mark.parametrize("family", ["conversations", "users"])
@pytest.mark.parametrize("kind", ["record_unknown_value", "record_malformed", "record_huge", "record_fraction"])
def test_an_invented_record_is_told_by_its_id(org: SimulatedOrg, asker: Asker, family: str, kind: str) -> None:
    job = finished(asker, family)
    sound = records(asker.pages(family, job, 1000), family)
    org.arm(kind, f"{family}.results", bytes=300_000)
    told = records(asker.pages(family, job, 1000), family)
    assert told[:-1] == sound
    assert [fault["made"] for fault in org.faults()] == [[told[-1][KEYS[family]]]]
    assert org.made() == [told[-1][KEYS[family]]]
    assert told[-1][KEYS[family]] not in {record[KEYS[family]] for record in sound}


def test_a_huge_record_has_the_size_asked_for_and_no_longer_attributes(org: SimulatedOrg, asker: Asker) -> None:
    job = finished(asker)
    org.arm("record_huge", "conversations.results")
    record = records(asker.pages("conversations", job, 1000))[-1]
    assert 18e6 < len(json.dumps(record)) < 22e6
    assert max(map(len, record["participants"][0]["attributes"].values())) == 1024


def test_an_unknown_value_and_a_malformed_record_are_what_they_say(org: SimulatedOrg, asker: Asker) -> None:
    jobs = {family: finished(asker, family) for family in FAMILIES}
    org.arm("record_unknown_value", "*.results", times=2)
    odd = {family: records(asker.pages(family, job, 1000), family)[-1] for family, job in jobs.items()}
    assert "hologram" in json.dumps(odd["conversations"]) and "LEVITATING" in json.dumps(odd["users"])
    org.arm("record_malformed", "*.results", times=2)
    bad = {family: records(asker.pages(family, job, 1000), family)[-1] for family, job in jobs.items()}
    assert isinstance(bad["conversations"]["participants"], dict)
    assert isinstance(bad["users"]["primaryPresence"], dict)


def test_two_kinds_invent_two_records(org: SimulatedOrg, asker: Asker) -> None:
    job = finished(asker)
    for kind in ("record_unknown_field", "record_unknown_value"):
        org.arm(kind, "conversations.results")
    asker.pages("conversations", job, 1000)
    assert len(set(org.made())) == 2


def test_the_watermark_goes_back_for_one_answer(org: SimulatedOrg, asker: Asker) -> None:
    path = "/conversations/details/jobs/availability"
    org.arm("watermark_back", "conversations.availability", hours=48)
    told = [asker.http.get(path).json()["dataAvailabilityDate"] for _ in range(2)]
    assert told == ["2026-03-04T18:00:00Z", "2026-03-06T18:00:00Z"]


def test_a_clock_is_off(org: SimulatedOrg, asker: Asker) -> None:
    job = asker.submit("conversations", day(DAYS[0]))
    org.arm("clock_skew", "*", seconds=-3600, times=2)
    late = asker.http.get(f"/conversations/details/jobs/{job}")
    assert late.json()["submissionDate"] == "2026-03-06T23:00:00Z"
    assert parsedate_to_datetime(late.headers["Date"]).isoformat() == "2026-03-06T23:00:00+00:00"
    elsewhere = asker.http.get("/conversations/details/jobs/availability")
    assert parsedate_to_datetime(elsewhere.headers["Date"]).isoformat() == "2026-03-06T23:00:00+00:00"
    assert elsewhere.json()["dataAvailabilityDate"] == "2026-03-06T18:00:00Z"
    told = asker.http.get(f"/conversations/details/jobs/{job}").json()
    assert told["submissionDate"] == OrgOptions.now


def test_a_token_is_told_to_live_longer_than_it_does(org: SimulatedOrg, asker: Asker) -> None:
    org.arm("clock_skew", "token", seconds=600)
    login = {"data": {"grant_type": "client_credentials"}, "auth": ("demo", "demo")}
    expires = [asker.http.post(f"{org.url}/oauth/token", **login).json()["expires_in"] for _ in range(2)]
    assert expires[0] == expires[1] + 600
