"""The synchronous questions about details tell what the world holds, and refuse in the vendor's words."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from analytics_platform.simulator.world.world import World
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.asking import DAYS, Asker, asking, day
from analytics_platform_tests.simulator.telling import small_world
from analytics_platform_tests.simulator.test_filters import dimension, one

StartOrg = Callable[..., SimulatedOrg]
ALL = "2026-03-02T00:00:00.000Z/2026-03-05T00:00:00.000Z"
QUERY = "/conversations/details/query"
Record = dict[str, Any]


LATER = "2026-03-20T00:00:00Z"
"""When all is known that comes to be known later, resolutions too."""


@pytest.fixture
def truth(org: SimulatedOrg) -> list[Record]:
    """What started in the world's days as known at the clock's instant, without participants' attributes."""
    org.set_now(LATER)
    org.set_lag(conversations=0, users=0)
    told = [without_attributes(record) for record in org.truth_conversations(DAYS[0], DAYS[2])]
    org.set_lag(conversations=6, users=6)
    return told


def without_attributes(record: Record) -> Record:
    for participant in record.get("participants", []):
        participant.pop("attributes", None)
    return record


def query(asker: Asker, interval: str, path: str = QUERY, **body: Any) -> httpx.Response:
    return asker.http.post(path, json={"interval": interval, **body})


def told(asker: Asker, interval: str, path: str = QUERY, **body: Any) -> Record:
    answer = query(asker, interval, path, **body)
    assert answer.status_code == 200, answer.text
    found: Record = answer.json()
    return found


def paged(asker: Asker, interval: str, key: str, path: str = QUERY, size: int = 7, **body: Any) -> list[Record]:
    """All pages, until one lacks the key."""
    records: list[Record] = []
    number = 1
    while True:
        page = told(asker, interval, path, paging={"pageSize": size, "pageNumber": number}, **body)
        if key not in page:
            assert list(page) == ["totalHits"]
            assert page["totalHits"] == len(records)
            return records
        assert len(page[key]) <= size
        records += page[key]
        number += 1


def refusal(answer: httpx.Response, status: int = 400) -> str:
    assert answer.status_code == status, answer.text
    assert answer.json()["contextId"] == answer.headers["ININ-Correlation-Id"]
    return str(answer.json()["message"])


def test_all_pages_together_are_the_truth_and_nothing_comes_twice(asker: Asker, truth: list[Record]) -> None:
    assert paged(asker, ALL, "conversations") == truth
    assert any(participant for record in truth for participant in record["participants"])


def test_an_hour_delivers_all_that_started_on_its_day(asker: Asker, truth: list[Record]) -> None:
    hour = f"{DAYS[1]}T10:00:00.000Z/{DAYS[1]}T11:00:00.000Z"
    found = paged(asker, hour, "conversations", size=100)
    assert found == [record for record in truth if record["conversationStart"].startswith(DAYS[1])]
    assert len(found) == 60


def test_an_interval_to_midnight_leaves_the_next_day_out(asker: Asker, truth: list[Record]) -> None:
    found = told(asker, day(DAYS[0]))
    assert found["totalHits"] == 60
    assert found["conversations"] == truth[:25]


def test_it_tells_what_is_known_at_the_clock_not_at_the_watermark(org: SimulatedOrg, asker: Asker) -> None:
    org.set_now(f"{DAYS[1]}T12:00:00Z")
    org.set_lag(conversations=0)
    known = [without_attributes(record) for record in org.truth_conversations(DAYS[0], DAYS[2])]
    org.set_lag(conversations=6)
    assert paged(asker, ALL, "conversations", size=100) == known
    assert 60 < len(known) < 120
    assert any("conversationEnd" not in record for record in known)


@pytest.mark.parametrize(
    ("filters", "holds"),
    [
        (
            {"conversationFilters": one(dimension("originatingDirection", "outbound"))},
            lambda record: record.get("originatingDirection") == "outbound",
        ),
        (
            {"segmentFilters": one(dimension("mediaType", "email"))},
            lambda record: '"mediaType": "email"' in json.dumps(record),
        ),
        (
            {"evaluationFilters": one(dimension("evaluationId", operator="exists"))},
            lambda record: "evaluations" in record,
        ),
        ({"surveyFilters": one(dimension("surveyId", operator="exists"))}, lambda record: "surveys" in record),
        (
            {"evaluationFilters": one({"type": "metric", "metric": "oTotalScore", "range": {"gt": 20, "lt": 90}})},
            lambda record: any(20 < each.get("oTotalScore", 0) < 90 for each in record.get("evaluations", [])),
        ),
    ],
)
def test_every_kind_of_filter(
    asker: Asker, truth: list[Record], filters: dict[str, Any], holds: Callable[[Record], bool]
) -> None:
    found = paged(asker, ALL, "conversations", size=50, **filters)
    assert found == [record for record in truth if holds(record)]
    assert 0 < len(found) < len(truth)


def test_a_resolution_filter_looks_at_resolutions(start_org: StartOrg) -> None:
    with asking(start_org(conversations_per_day=300, now=LATER)) as asker:
        solved = one({"type": "metric", "metric": "nNextContactAvoided", "range": {"gte": 1}})
        found = paged(asker, ALL, "conversations", size=100, resolutionFilters=solved)
        expected = [
            record
            for record in paged(asker, ALL, "conversations", size=100)
            if any(each["nNextContactAvoided"] >= 1 for each in record.get("resolutions", []))
        ]
        assert found == expected != []


def test_order_and_what_is_ordered_by(asker: Asker, truth: list[Record]) -> None:
    assert paged(asker, ALL, "conversations", order="desc", size=100) == truth[::-1]
    ends = [
        record.get("conversationEnd", "never")
        for record in paged(asker, ALL, "conversations", size=100, orderBy="conversationEnd")
    ]
    assert ends == sorted(ends)


def test_limits_have_the_vendors_words(asker: Asker) -> None:
    eight_days = "2026-03-01T00:00:00Z/2026-03-09T00:00:00Z"
    too_long = "You must specify a search interval as part of your query that does not exceed {} days"
    assert refusal(query(asker, eight_days)) == too_long.format(7)
    voice = one(dimension("mediaType", "voice"))
    assert told(asker, eight_days, segmentFilters=voice)["totalHits"] > 0
    months = "2026-03-01T00:00:00Z/2026-04-02T00:00:00Z"
    assert refusal(query(asker, months, segmentFilters=voice)) == too_long.format(31)
    beyond = refusal(query(asker, ALL, paging={"pageSize": 100, "pageNumber": 1001}))
    assert beyond.startswith("Pagination may not exceed 100000 results.\n\nTip: ")
    assert told(asker, ALL, paging={"pageSize": 100, "pageNumber": 1000}) == {"totalHits": 180}


@pytest.mark.parametrize("paging", [{"pageSize": 101, "pageNumber": 1}, {"pageSize": 0, "pageNumber": 1}])
def test_a_page_has_1_to_100_conversations(asker: Asker, paging: dict[str, int]) -> None:
    assert "parameter [pageSize]. It must be 1 to 100" in refusal(query(asker, ALL, paging=paging))


def test_pages_are_counted_from_1(asker: Asker) -> None:
    assert "[pageNumber]" in refusal(query(asker, ALL, paging={"pageSize": 5, "pageNumber": 0}))
    assert "paging.pageNumber may not be null" in refusal(query(asker, ALL, paging={"pageSize": 5}))


@pytest.mark.parametrize(("path", "name"), [(QUERY, "aggregations"), ("/users/details/query", "presenceAggregations")])
def test_aggregations_are_refused_not_ignored(asker: Asker, path: str, name: str) -> None:
    asked = {name: [{"type": "termFrequency", "dimension": "mediaType"}]}
    assert "does not support" in refusal(query(asker, ALL, path, **asked))


def test_conversations_by_ids_come_in_the_order_asked_the_unknown_left_out(asker: Asker, truth: list[Record]) -> None:
    wanted = [truth[70], truth[3]]
    ids = [record["conversationId"] for record in wanted]
    unknown = "00000000-0000-4000-8000-000000000000"
    repeated = asker.http.get("/conversations/details", params={"id": [ids[0], unknown, "no id at all", ids[1]]})
    assert repeated.json() == {"conversations": wanted}
    assert asker.http.get("/conversations/details", params={"id": ",".join(ids)}).json() == {"conversations": wanted}


def test_at_most_100_ids_in_a_call(asker: Asker, truth: list[Record]) -> None:
    ids = [record["conversationId"] for record in truth[:101]]
    assert "1 to 100" in refusal(asker.http.get("/conversations/details", params={"id": ids}))
    assert asker.http.get("/conversations/details", params={"id": ids[:100]}).json()["conversations"] == truth[:100]
    assert "1 to 100" in refusal(asker.http.get("/conversations/details"))


def test_one_conversation_by_its_id(org: SimulatedOrg, asker: Asker, truth: list[Record]) -> None:
    record = truth[-1]
    path = f"/conversations/{record['conversationId']}/details"
    assert asker.http.get(path).json() == record
    assert "not found" in refusal(asker.http.get("/conversations/nobody/details"), 404)
    org.set_now(f"{DAYS[0]}T12:00:00Z")
    assert "not found" in refusal(asker.http.get(path), 404)


def test_an_id_is_found_without_drawing_the_days_it_is_not_of(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world(days=40, conversations_per_day=20)
    outlines = list(world.outlines_started(0, 1 << 62))
    assert all(world.outline(outline.id) == outline for outline in outlines[::97])
    assert world.outline("00000000-0000-4000-8000-000000000000") is None
    drawn: list[int] = []
    monkeypatch.setattr(world, "_day", lambda day: drawn.append(day) or World._draw(world, day))  # type: ignore[func-returns-value]
    assert world.outline(outlines[-1].id) == outlines[-1]
    assert drawn == [world.first_day + 39]
    assert world.outline("00000000-0000-4000-8000-000000000000") is None
    assert len(drawn) == 1


def test_users_of_an_interval_are_the_truth_page_by_page(org: SimulatedOrg, asker: Asker) -> None:
    org.set_lag(users=0)
    truth = org.truth_statuses()
    org.set_lag(users=6)
    start, end = f"{DAYS[1]}T00:00:00Z", f"{DAYS[2]}T00:00:00Z"
    expected: dict[str, Record] = {}
    for row in truth:
        status = row["status"]
        if status["startTime"] < end and status.get("endTime", "9") >= start:
            record = expected.setdefault(row["userId"], {"userId": row["userId"]})
            record.setdefault(row["family"], []).append(status)
    found = paged(asker, f"{start}/{end}", "userDetails", "/users/details/query", size=5)
    assert found == [expected[user] for user in sorted(expected)]
    assert len(found) > 10


def test_a_status_that_spans_days_comes_once(asker: Asker) -> None:
    found = told(asker, ALL, "/users/details/query", paging={"pageSize": 100, "pageNumber": 1})["userDetails"]
    for record in found:
        starts = [(status["startTime"], status["systemPresence"]) for status in record["primaryPresence"]]
        assert len(set(starts)) == len(starts)
    assert len({record["userId"] for record in found}) == len(found)


def test_users_are_chosen_by_id_and_nobody_is_a_count_of_nought(asker: Asker) -> None:
    chosen = told(asker, ALL, "/users/details/query")["userDetails"][4]
    found = told(asker, ALL, "/users/details/query", userFilters=one(dimension("userId", chosen["userId"])))
    assert found == {"userDetails": [chosen], "totalHits": 1}
    long_ago = "2020-01-01T00:00:00Z/2020-01-02T00:00:00Z"
    assert told(asker, long_ago, "/users/details/query") == {"totalHits": 0}


def test_indexed_properties_are_told_and_found_from_then_on(start_org: StartOrg) -> None:
    org = start_org()
    with asking(org) as asker:
        conversation = told(asker, day(DAYS[1]))["conversations"][5]
        session = conversation["participants"][0]["sessions"][0]
        segment = session["segments"][0]
        added = {"property": "caseNumber", "propertyType": "string", "value": "C-1"}
        request = {"sessionId": session["sessionId"], "targetDate": segment["segmentStart"], "properties": [added]}
        wanted = one({"type": "property", "property": "caseNumber", "propertyType": "string", "value": "C-1"})
        assert told(asker, ALL, segmentFilters=wanted) == {"totalHits": 0}
        path = f"/conversations/{conversation['conversationId']}/details"
        answer = asker.http.post(f"{path}/properties", json=request)
        assert (answer.status_code, answer.json()) == (202, request)
        segment["properties"] = [*segment.get("properties", []), added]
        assert asker.http.get(path).json() == conversation
        assert told(asker, ALL, segmentFilters=wanted) == {"conversations": [conversation], "totalHits": 1}
        assert asker.run("conversations", ALL, segmentFilters=wanted) == []
        org.set_now("2026-03-07T07:00:00Z")
        assert [record["conversationId"] for record in asker.run("conversations", ALL, segmentFilters=wanted)] == [
            conversation["conversationId"]
        ]


def test_properties_of_nothing_are_refused(asker: Asker, truth: list[Record]) -> None:
    conversation = truth[0]
    session = conversation["participants"][0]["sessions"][0]
    request = {
        "sessionId": session["sessionId"],
        "targetDate": session["segments"][0]["segmentStart"],
        "properties": [{"property": "a", "propertyType": "string", "value": "b"}],
    }
    path = f"/conversations/{conversation['conversationId']}/details/properties"

    def refused(status: int = 400, path: str = path, **changed: Any) -> str:
        return refusal(asker.http.post(path, json=request | changed), status)

    assert "not found" in refused(404, "/conversations/nobody/details/properties")
    assert "no session nobody" in refused(sessionId="nobody")
    assert "no segment at" in refused(targetDate="2020-01-01T00:00:00Z")
    assert "Invalid targetDate" in refused(targetDate="yesterday")
    assert "PropertyType" in refused(properties=[{"property": "a", "propertyType": "text", "value": "b"}])
    assert "a property and a value" in refused(properties=[{"property": "a"}])
    assert "properties may not be null" in refused(properties=None)
