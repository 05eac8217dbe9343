"""Jobs end to end: states, selection, order, pages, expiry, cancelling."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.asking import DAYS, FAMILIES, Asker, asking, day, mint

StartOrg = Callable[..., SimulatedOrg]
ALL = "2026-03-02T00:00:00.000Z/2026-03-05T00:00:00.000Z"


def ids(records: list[dict[str, Any]]) -> list[str]:
    return [record["conversationId"] for record in records]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_job_goes_through_its_states(asker: Asker, family: str) -> None:
    job = asker.submit(family, day(DAYS[0]))
    answers = [asker.http.get(f"/{family}/details/jobs/{job}") for _ in range(3)]
    assert [answer.json()["state"] for answer in answers] == ["QUEUED", "PENDING", "FULFILLED"]
    assert [answer.status_code for answer in answers] == [202, 202, 200]
    assert "completionDate" not in answers[0].json()
    assert answers[2].json() == {
        "state": "FULFILLED",
        "expirationDate": "2026-03-08T00:00:00Z",
        "submissionDate": "2026-03-07T00:00:00Z",
        "completionDate": "2026-03-07T00:00:00Z",
    }


@pytest.mark.parametrize(("family", "lag"), [("conversations", 6), ("users", 2)])
def test_each_family_has_its_watermark(org: SimulatedOrg, asker: Asker, family: str, lag: int) -> None:
    org.set_lag(**{family: lag})
    answer = asker.http.get(f"/{family}/details/jobs/availability")
    org.set_lag(conversations=6, users=6)
    assert answer.json() == {"dataAvailabilityDate": f"2026-03-06T{24 - lag:02d}:00:00Z"}


def test_a_job_delivers_every_conversation_alive_in_its_interval(org: SimulatedOrg, asker: Asker) -> None:
    start = f"{DAYS[1]}T00:00:00Z"
    expected = {
        record["conversationId"]
        for record in org.truth_conversations()
        if record["conversationStart"] < f"{DAYS[2]}T" and record.get("conversationEnd", "9") >= start
    }
    delivered = asker.run("conversations", day(DAYS[1]))
    assert set(ids(delivered)) == expected
    assert any(record["conversationStart"] < f"{DAYS[0]}T" for record in delivered)


def test_all_days_together_are_the_truth(org: SimulatedOrg, asker: Asker) -> None:
    newest: dict[str, dict[str, Any]] = {}
    for text in (*DAYS, "2026-03-05", "2026-03-06"):
        newest |= {record["conversationId"]: record for record in asker.run("conversations", day(text))}
    assert [newest[told["conversationId"]] for told in org.truth_conversations()] == org.truth_conversations()
    assert set(newest) == set(org.truth_conversation_ids())


def test_users_of_all_days_together_are_the_truth(org: SimulatedOrg, asker: Asker) -> None:
    told: dict[tuple[str, str, str, str], dict[str, Any]] = {}
    for text in (*DAYS, "2026-03-05", "2026-03-06"):
        for record in asker.run("users", day(text)):
            for family, value in (("primaryPresence", "systemPresence"), ("routingStatus", "routingStatus")):
                for status in record.get(family, []):
                    told[record["userId"], family, status["startTime"], status[value]] = status
    truth = {
        (line["userId"], line["family"], line["status"]["startTime"], _name(line["status"])): line["status"]
        for line in org.truth_statuses(DAYS[0])
    }
    assert {key: status for key, status in told.items() if key[2] >= f"{DAYS[0]}T"} == truth


def _name(status: dict[str, Any]) -> str:
    return str(status.get("systemPresence") or status["routingStatus"])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("page_size", [1, 7, 1000])
def test_pages_together_are_the_whole(asker: Asker, family: str, page_size: int) -> None:
    job = asker.submit(family, day(DAYS[0]))
    asker.finish(family, job)
    whole = asker.pages(family, job, 1000)
    pages = asker.pages(family, job, page_size)
    assert len(whole) == 1
    records = [record for page in pages for record in page[FAMILIES[family]]]
    assert records == whole[0][FAMILIES[family]]
    assert all(len(page[FAMILIES[family]]) == page_size for page in pages[:-1])
    assert all(list(page) == [FAMILIES[family], "cursor", "dataAvailabilityDate"] for page in pages[:-1])


def test_a_cursor_can_be_followed_again(asker: Asker) -> None:
    job = asker.submit("conversations", day(DAYS[0]))
    asker.finish("conversations", job)
    cursor = asker.results("conversations", job, pageSize=10).json()["cursor"]
    again = [asker.results("conversations", job, pageSize=10, cursor=cursor).content for _ in range(2)]
    assert again[0] == again[1]


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_found_is_an_answer_without_records(asker: Asker, family: str) -> None:
    job = asker.submit(family, "2020-01-01T00:00:00Z/2020-01-02T00:00:00Z")
    asker.finish(family, job)
    assert asker.pages(family, job) == [{"dataAvailabilityDate": "2026-03-06T18:00:00Z"}]


def test_past_the_watermark_a_job_leaves_the_tail_out_in_silence(org: SimulatedOrg, asker: Asker) -> None:
    org.set_now(f"{DAYS[1]}T18:00:00Z")
    delivered = asker.run("conversations", day(DAYS[1]))
    assert max(record["conversationStart"] for record in delivered) < f"{DAYS[1]}T12:00:00Z"
    assert any("conversationEnd" not in record for record in delivered)
    org.set_now("2026-03-07T00:00:00Z")
    assert len(asker.run("conversations", day(DAYS[1]))) > len(delivered)


def test_a_job_keeps_the_watermark_it_was_submitted_under(org: SimulatedOrg, asker: Asker) -> None:
    org.set_now(f"{DAYS[1]}T18:00:00Z")
    job = asker.submit("conversations", day(DAYS[1]))
    org.set_now("2026-03-07T00:00:00Z")
    asker.finish("conversations", job)
    page = asker.pages("conversations", job, 1000)[0]
    assert page["dataAvailabilityDate"] == f"{DAYS[1]}T12:00:00Z"
    assert max(record["conversationStart"] for record in page["conversations"]) < f"{DAYS[1]}T12:00:00Z"


def test_the_clock_can_go_back(org: SimulatedOrg, asker: Asker) -> None:
    before = asker.run("conversations", day(DAYS[0]))
    org.set_now(f"{DAYS[0]}T12:00:00Z")
    assert len(asker.run("conversations", day(DAYS[0]))) < len(before)
    org.set_now("2026-03-07T00:00:00Z")
    assert asker.run("conversations", day(DAYS[0])) == before


@pytest.mark.parametrize("order_by", ["conversationStart", "conversationEnd", "segmentStart", "segmentEnd"])
def test_order_is_kept(asker: Asker, order_by: str) -> None:
    ascending = asker.run("conversations", ALL, orderBy=order_by, order="asc")
    keys = [_key(record, order_by) for record in ascending]
    assert all(one <= two for one, two in pairwise(keys))
    descending = asker.run("conversations", ALL, orderBy=order_by, order="desc")
    keys = [_key(record, order_by) for record in descending]
    assert all(one >= two for one, two in pairwise(keys))
    assert sorted(ids(ascending)) == sorted(ids(descending))


def _key(record: dict[str, Any], order_by: str) -> str:
    segments = [s for told in record["participants"] for session in told["sessions"] for s in session["segments"]]
    key: str = {
        "conversationStart": record["conversationStart"],
        "conversationEnd": record.get("conversationEnd", "9"),
        "segmentStart": min(segment["segmentStart"] for segment in segments),
        "segmentEnd": max(segment.get("segmentEnd", "9") for segment in segments),
    }[order_by]
    return key.replace("Z", ".000Z") if len(key) == 20 else key


def test_unordered_is_the_same_set_in_no_order(asker: Asker) -> None:
    ordered, unordered = asker.run("conversations", ALL), asker.run("conversations", ALL, order="unordered")
    assert ids(ordered) != ids(unordered)
    assert sorted(ids(ordered)) == sorted(ids(unordered))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_limit_cuts(asker: Asker, family: str) -> None:
    assert asker.run(family, ALL, limit=5) == asker.run(family, ALL)[:5]


def test_start_of_day_matching_takes_only_what_started_then(asker: Asker) -> None:
    interval = f"{DAYS[1]}T09:00:00Z/{DAYS[2]}T00:00:00Z"
    matched = asker.run("conversations", interval, startOfDayIntervalMatching=True)
    whole = asker.run("conversations", interval)
    assert ids(matched) == [
        record["conversationId"] for record in whole if record["conversationStart"] >= f"{DAYS[1]}T"
    ]
    assert len(matched) < len(whole)


def test_results_expire(org: SimulatedOrg, asker: Asker) -> None:
    job = asker.submit("conversations", day(DAYS[0]))
    asker.finish("conversations", job)
    org.set_now("2026-03-07T23:59:59Z")
    assert asker.status("conversations", job)["state"] == "FULFILLED"
    org.set_now("2026-03-08T00:00:00Z")
    assert asker.status("conversations", job)["state"] == "EXPIRED"
    assert asker.results("conversations", job).status_code == 400


def test_an_unfinished_job_is_cancelled_and_a_finished_one_forgotten(asker: Asker) -> None:
    job = asker.submit("conversations", day(DAYS[0]))
    url = f"/conversations/details/jobs/{job}"
    answer = asker.http.delete(url)
    assert (answer.status_code, answer.content) == (204, b"")
    assert asker.status("conversations", job)["state"] == "CANCELLED"
    assert asker.results("conversations", job).status_code == 400
    assert asker.http.delete(url).status_code == 204
    assert asker.http.get(url).status_code == 404


def test_assumptions_can_be_changed(start_org: StartOrg) -> None:
    changed = ["delete_status=200", "unfinished_status=200", "queued_looks=2", "pending_looks=0", "default_page_size=3"]
    org = start_org(conversations_per_day=10, assume=[*changed, "max_page_size=4", "max_jobs_in_flight=1"])
    with asking(org) as asker:
        job = asker.submit("conversations", day(DAYS[0]))
        answer = asker.http.post("/conversations/details/jobs", json={"interval": day(DAYS[0])})
        assert answer.status_code == 429
        answers = [asker.http.get(f"/conversations/details/jobs/{job}") for _ in range(3)]
        assert [answer.json()["state"] for answer in answers] == ["QUEUED", "QUEUED", "FULFILLED"]
        assert {answer.status_code for answer in answers} == {200}
        assert len(asker.results("conversations", job).json()["conversations"]) == 3
        assert asker.results("conversations", job, pageSize=5).status_code == 400
        assert asker.http.delete(f"/conversations/details/jobs/{job}").status_code == 200


def test_pages_may_be_short(start_org: StartOrg) -> None:
    org = start_org(conversations_per_day=20, assume=["short_pages=true"])
    with asking(org) as asker:
        job = asker.submit("conversations", day(DAYS[0]))
        asker.finish("conversations", job)
        pages = asker.pages("conversations", job, 9)
        assert [len(page["conversations"]) for page in pages[:-1]] == [6] * (len(pages) - 1)
        told = [record["conversationId"] for page in pages for record in page["conversations"]]
        assert len(set(told)) == len(told) >= 20


def test_a_job_takes_its_time(start_org: StartOrg) -> None:
    slow = ["queued_seconds=1", "pending_seconds=1", "queued_looks=0", "pending_looks=0"]
    org = start_org(conversations_per_day=1, assume=slow)
    with asking(org) as asker:
        job = asker.submit("users", day(DAYS[0]))
        states = [asker.status("users", job)["state"]]
        while states[-1] != "FULFILLED":
            states.append(asker.status("users", job)["state"])
        assert list(dict.fromkeys(states)) == ["QUEUED", "PENDING", "FULFILLED"]


def test_results_end_at_a_cap(start_org: StartOrg) -> None:
    org = start_org(conversations_per_day=20, assume=["result_cap=10"])
    with asking(org) as asker:
        job = asker.submit("conversations", day(DAYS[0]))
        asker.finish("conversations", job)
        first = asker.results("conversations", job, pageSize=10).json()
        refused = asker.results("conversations", job, pageSize=10, cursor=first["cursor"])
        assert refused.status_code == 400
        assert refused.json()["message"].startswith("Pagination may not exceed 10 results.")


def test_many_clients_at_once(org: SimulatedOrg) -> None:
    def whole(_: int) -> list[dict[str, Any]]:
        with asking(org) as asker:
            return asker.run("conversations", ALL, page_size=20)

    org.clear_requests()
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(whole, range(6)))
    assert all(records == found[0] for records in found)
    assert len(org.requests()["submits"]) == 6


@pytest.mark.parametrize(("private", "status"), [("true", 404), ("false", 202)])
def test_whether_another_client_knows_a_job_is_assumed(start_org: StartOrg, private: str, status: int) -> None:
    org = start_org(client=["demo:demo", "other:other"], assume=[f"jobs_are_private={private}"])
    other = Asker(org, mint(org, "other", "other"))
    with asking(org) as mine, other.http:
        path = f"/conversations/details/jobs/{mine.submit('conversations', day(DAYS[0]))}"
        assert mine.http.get(path).status_code == 202
        assert other.http.get(path).status_code == status
