"""What reporting lists, as sent: page after page, or once for each entity it is asked about."""

import json
from typing import Any

import pytest

from analytics_platform.catalogue.listings import LISTINGS, Listing
from analytics_platform.catalogue.operations.reporting import REPORTS, SCHEDULES
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.listings import list_now
from analytics_platform.source.errors import UnexpectedAnswer
from analytics_platform_tests.genesys_cloud.scripted import Reply, Scripted


def _listing(stream: str) -> Listing:
    return next(listing for listing in LISTINGS if listing.stream == stream)


def _page(*ids: str, of: int = 1) -> dict[str, Any]:
    return {"entities": [{"id": one} for one in ids], "pageCount": of}


def test_a_paged_list_is_followed_to_its_last_page_each_answer_as_sent(server: Scripted, client: GenesysCloud) -> None:
    listing = _listing("exports")
    told = [_page("a", "b", of=2), _page("c", of=2)]
    server.on("GET", listing.operation.path, *(Reply(json=one) for one in told))
    answers = list(list_now(client, listing))
    assert [json.loads(answer.text) for answer in answers] == told
    assert [json.loads(answer.request) for answer in answers] == [
        {"operation": "exports.list", "query": {"pageNumber": number, "pageSize": 100}} for number in (1, 2)
    ]


@pytest.mark.parametrize("stream", ["export_views", "reporting_settings", "report_formats", "report_time_periods"])
def test_what_has_no_pages_is_asked_for_once(server: Scripted, client: GenesysCloud, stream: str) -> None:
    listing = _listing(stream)
    server.on("GET", listing.operation.path, Reply(json={"nextUri": "/of/something"}))
    (answer,) = list_now(client, listing)
    assert json.loads(answer.request) == {"operation": listing.operation.name}
    assert [asked.query for asked in server.requests(listing.operation.path)] == [{}]


def test_a_history_is_asked_for_of_every_schedule(server: Scripted, client: GenesysCloud) -> None:
    listing = _listing("report_schedule_runs")
    server.on("GET", SCHEDULES.path, Reply(json=_page("s2", "s1")))
    for schedule, runs in (("s1", _page("r1")), ("s2", _page())):
        server.on("GET", listing.operation.path.replace("{scheduleId}", schedule), Reply(json=runs))
    answers = list(list_now(client, listing))
    assert [json.loads(answer.request)["path"] for answer in answers] == [{"scheduleId": "s1"}, {"scheduleId": "s2"}]
    assert [json.loads(answer.text) for answer in answers] == [_page("r1"), _page()]


def test_every_report_is_read_by_itself(server: Scripted, client: GenesysCloud) -> None:
    listing = _listing("report_details")
    server.on("GET", REPORTS.path, Reply(json=_page("r1", of=2)), Reply(json=_page("r2", of=2)))
    for report in ("r1", "r2"):
        server.on("GET", listing.operation.path.replace("{reportId}", report), Reply(json={"id": report}))
    assert [json.loads(answer.text) for answer in list_now(client, listing)] == [{"id": "r1"}, {"id": "r2"}]


def test_a_page_that_is_none_is_refused(server: Scripted, client: GenesysCloud) -> None:
    listing = _listing("reports")
    server.on("GET", listing.operation.path, Reply(json=["no page"]))
    with pytest.raises(UnexpectedAnswer, match="Page 1 of /api/v2/analytics/reporting/metadata came without entities"):
        list(list_now(client, listing))
