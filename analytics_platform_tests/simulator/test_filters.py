"""Simple filters are honoured; what is not simple is refused, never ignored."""

import json
from typing import Any

import pytest

from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.asking import Asker, day

ALL = "2026-03-02T00:00:00.000Z/2026-03-05T00:00:00.000Z"


def dimension(name: str, value: str | None = None, operator: str | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {"type": "dimension", "dimension": name}
    if operator is not None:
        told["operator"] = operator
    if value is not None:
        told["value"] = value
    return told


def one(*predicates: dict[str, Any], kind: str = "and") -> list[dict[str, Any]]:
    return [{"type": kind, "predicates": list(predicates)}]


def media_of(record: dict[str, Any]) -> set[str]:
    return {session["mediaType"] for told in record["participants"] for session in told["sessions"]}


def test_a_conversation_filter_looks_at_the_conversation(asker: Asker) -> None:
    outbound = asker.run("conversations", ALL, conversationFilters=one(dimension("originatingDirection", "outbound")))
    whole = asker.run("conversations", ALL)
    assert outbound == [record for record in whole if record.get("originatingDirection") == "outbound"]
    assert 0 < len(outbound) < len(whole)


def test_the_end_can_be_asked_for(org: SimulatedOrg, asker: Asker) -> None:
    ended = asker.run("conversations", ALL, conversationFilters=one(dimension("conversationEnd", operator="exists")))
    still_open = asker.run(
        "conversations", ALL, conversationFilters=one(dimension("conversationEnd", operator="notExists"))
    )
    assert all("conversationEnd" in record for record in ended)
    assert still_open
    assert not any("conversationEnd" in record for record in still_open)


def test_lists_match_by_any_of_their_items(asker: Asker) -> None:
    division = asker.run("conversations", ALL)[0]["divisionIds"][0]
    found = asker.run("conversations", ALL, conversationFilters=one(dimension("divisionId", division)))
    assert found
    assert all(division in record["divisionIds"] for record in found)


def test_a_segment_filter_wants_all_of_it_in_one_segment(asker: Asker) -> None:
    wanted = one(dimension("mediaType", "email"), dimension("purpose", "agent"), dimension("segmentType", "wrapup"))
    found = asker.run("conversations", ALL, segmentFilters=wanted)
    assert found
    assert all("email" in media_of(record) for record in found)
    nonsense = one(dimension("segmentType", "wrapup"), dimension("segmentType", "alert"))
    assert asker.run("conversations", ALL, segmentFilters=nonsense) == []


def test_or_and_clauses(asker: Asker) -> None:
    either = one(dimension("mediaType", "email"), dimension("mediaType", "chat"), kind="or")
    found = asker.run("conversations", ALL, segmentFilters=either)
    nested = [{"type": "and", "clauses": either, "predicates": [dimension("purpose", "agent")]}]
    narrower = asker.run("conversations", ALL, segmentFilters=nested)
    assert all(media_of(record) & {"email", "chat"} for record in found)
    assert 0 < len(narrower) <= len(found)


def test_a_property_is_looked_for_on_segments(asker: Asker) -> None:
    held = {
        (entry["property"], entry["propertyType"], entry["value"])
        for record in asker.run("conversations", ALL)
        for participant in record["participants"]
        for session in participant["sessions"]
        for segment in session["segments"]
        for entry in segment.get("properties", [])
    }
    name, kind, value = min(held)
    wanted = {"type": "property", "property": name, "propertyType": kind, "value": value}
    found = asker.run("conversations", ALL, segmentFilters=one(wanted))
    assert found
    assert all(f'"value": "{value}"' in json.dumps(record) for record in found)
    assert asker.run("conversations", ALL, segmentFilters=one({**wanted, "value": "no such value"})) == []
    assert len(asker.run("conversations", ALL, segmentFilters=one({**wanted, "operator": "exists"}))) >= len(found)


def test_a_user_filter_names_users(asker: Asker) -> None:
    everybody = asker.run("users", ALL)
    chosen = everybody[3]["userId"]
    found = asker.run("users", ALL, userFilters=one(dimension("userId", chosen)))
    assert found == [everybody[3]]


@pytest.mark.parametrize(
    ("family", "body"),
    [
        ("conversations", {"conversationFilters": one({"type": "metric", "metric": "tTalk", "range": {"gt": 5}})}),
        ("conversations", {"segmentFilters": one({**dimension("mediaType", "voice"), "range": {"gt": 5}})}),
        ("conversations", {"segmentFilters": one(dimension("flowName", "x"))}),
        ("conversations", {"segmentFilters": one({"type": "property", "property": "x", "range": {"gt": 5}})}),
        ("users", {"presenceFilters": one(dimension("systemPresence", "AWAY"))}),
        ("users", {"routingStatusFilters": one(dimension("routingStatus", "IDLE"))}),
    ],
)
def test_what_is_not_supported_is_refused(asker: Asker, family: str, body: dict[str, Any]) -> None:
    refused = asker.refused(family, interval=day("2026-03-02"), **body)
    assert "does not support" in refused["message"]


@pytest.mark.parametrize("predicate", [{"type": "dimension"}, {"type": "property"}, dimension("mediaType")])
def test_half_a_predicate_is_refused(asker: Asker, predicate: dict[str, Any]) -> None:
    assert asker.refused(interval=day("2026-03-02"), segmentFilters=one(predicate))["code"] == "bad.request"
