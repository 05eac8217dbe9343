"""Every fault strikes where it is armed, as often as it is armed, and nowhere else."""

import threading
from typing import Any

import httpx
import pytest

from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.asking import DAYS, Asker, asking, day, mint

AVAILABILITY = "/conversations/details/jobs/availability"


def finished(asker: Asker, family: str = "conversations") -> str:
    job = asker.submit(family, day(DAYS[0]))
    asker.finish(family, job)
    return job


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_status_is_answered_in_the_vendor_s_form(org: SimulatedOrg, asker: Asker, status: int) -> None:
    org.arm("status", "conversations.availability", status=status, times=2, retry_after=7)
    answers = [asker.http.get(AVAILABILITY) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [status, status, 200]
    assert answers[0].json()["status"] == status
    assert answers[0].json()["contextId"] == answers[0].headers["ININ-Correlation-Id"]
    assert answers[0].headers["Retry-After"] == "7"


def test_a_gateway_answers_in_html(org: SimulatedOrg, asker: Asker) -> None:
    org.arm("status", "conversations.availability", status=502, html=True)
    answer = asker.http.get(AVAILABILITY)
    assert answer.headers["content-type"] == "text/html"
    assert answer.content.startswith(b"<html>")


def test_a_fault_of_one_operation_leaves_the_others_alone(org: SimulatedOrg, asker: Asker) -> None:
    org.arm("status", "users.availability")
    assert asker.http.get(AVAILABILITY).status_code == 200
    assert asker.http.get("/users/details/jobs/availability").status_code == 503
    assert [fault["fired"] for fault in org.faults()] == [1]


def test_the_token_endpoint_fails_too(org: SimulatedOrg) -> None:
    org.arm("status", "token", status=503)
    with pytest.raises(httpx.HTTPStatusError):
        mint(org)
    assert mint(org)


def test_a_revoked_token_is_refused_until_a_new_one_is_minted(org: SimulatedOrg, asker: Asker) -> None:
    org.arm("token_revoked", "conversations.availability")
    assert [asker.http.get(AVAILABILITY).status_code for _ in range(2)] == [401, 401]
    asker.http.headers["Authorization"] = f"Bearer {mint(org)}"
    assert asker.http.get(AVAILABILITY).status_code == 200


def test_a_permission_is_withdrawn_and_given_back(org: SimulatedOrg, asker: Asker) -> None:
    org.arm("permission_withdrawn", "conversations.*", times=None)
    assert asker.http.get("/users/details/jobs/availability").status_code == 200
    assert [asker.http.get(AVAILABILITY).status_code for _ in range(3)] == [403, 403, 403]
    org.clear_faults()
    assert asker.http.get(AVAILABILITY).status_code == 200


@pytest.mark.parametrize(
    ("kind", "state"), [("job_failed", "FAILED"), ("job_expired", "EXPIRED"), ("job_cancelled", "CANCELLED")]
)
def test_a_job_ends_badly(org: SimulatedOrg, asker: Asker, kind: str, state: str) -> None:
    org.arm(kind, "users.submit")
    job = asker.submit("users", day(DAYS[0]))
    told = asker.finish("users", job)
    assert told["state"] == state
    assert ("errorMessage" in told) == (state == "FAILED")
    assert asker.results("users", job).status_code == 400
    assert asker.finish("users", asker.submit("users", day(DAYS[0])))["state"] == "FULFILLED"


def test_a_job_is_stuck(org: SimulatedOrg, asker: Asker) -> None:
    org.arm("job_stuck", "conversations.submit")
    job = asker.submit("conversations", day(DAYS[0]))
    assert [asker.status("conversations", job)["state"] for _ in range(6)][1:] == ["PENDING"] * 5


@pytest.mark.parametrize(
    ("kind", "check"),
    [
        ("record_without_id", lambda record: "conversationId" not in record),
        ("record_wrong_type", lambda record: record["conferenceStart"] == ["not an instant"]),
        ("record_unknown_field", lambda record: record["aFieldNobodyKnows"] == {"nested": [1, "two"]}),
        ("record_fraction", lambda record: _first_metric(record)["value"] % 1 == 0.5),
    ],
)
def test_a_spoiled_record_is_added_to_one_page(org: SimulatedOrg, asker: Asker, kind: str, check: Any) -> None:
    job = finished(asker)
    sound = asker.pages("conversations", job, 20)
    org.arm(kind, "conversations.results", page=1)
    pages = asker.pages("conversations", job, 20)
    assert pages[0] == sound[0]
    assert pages[2:] == sound[2:]
    assert pages[1]["conversations"][:-1] == sound[1]["conversations"]
    assert check(pages[1]["conversations"][-1])
    assert not any(kind != "record_fraction" and check({**_blank(), **told}) for told in sound[1]["conversations"])


def _blank() -> dict[str, Any]:
    return {"conferenceStart": None, "aFieldNobodyKnows": None}


def _first_metric(record: dict[str, Any]) -> dict[str, Any]:
    return next(
        metric
        for participant in record["participants"]
        for session in participant["sessions"]
        for metric in session.get("metrics", [])
    )


@pytest.mark.parametrize("family", ["conversations", "users"])
def test_a_record_comes_twice(org: SimulatedOrg, asker: Asker, family: str) -> None:
    job = finished(asker, family)
    org.arm("record_duplicate", f"{family}.results")
    records = asker.results(family, job, pageSize=5).json()[
        "conversations" if family == "conversations" else "userDetails"
    ]
    assert len(records) == 6
    assert records[5] == records[0]


def test_a_page_is_no_json(org: SimulatedOrg, asker: Asker) -> None:
    job = finished(asker)
    org.arm("not_json", "conversations.results")
    answer = asker.results("conversations", job)
    assert answer.status_code == 200
    assert answer.content.startswith(b"<html>")
    assert asker.results("conversations", job).json()["conversations"]


@pytest.mark.parametrize("kind", ["cut", "lost_answer"])
def test_a_connection_ends_early(org: SimulatedOrg, asker: Asker, kind: str) -> None:
    job = finished(asker)
    org.arm(kind, "conversations.results")
    with pytest.raises(httpx.RemoteProtocolError):
        asker.results("conversations", job)
    assert asker.results("conversations", job).json()["conversations"]


def test_a_submit_whose_answer_is_lost_was_made_all_the_same(org: SimulatedOrg, asker: Asker) -> None:
    org.arm("lost_answer", "conversations.submit")
    with pytest.raises(httpx.RemoteProtocolError):
        asker.submit("conversations", day(DAYS[0]))
    told = org.requests()
    assert told["counts"]["POST /api/v2/analytics/conversations/details/jobs"] == {"0": 1}
    assert asker.finish("conversations", told["submits"][0]["jobId"])["state"] == "FULFILLED"


def test_a_page_is_held_until_it_is_released(org: SimulatedOrg) -> None:
    with asking(org) as asker:
        job = finished(asker)
        org.arm("hold", "conversations.results", page=1)
        pages: list[dict[str, Any]] = []
        reading = threading.Thread(target=lambda: pages.extend(asker.pages("conversations", job, 30)))
        reading.start()
        while not org.faults()[0]["waiting"]:
            pass
        assert not pages
        org.release()
        reading.join(timeout=30)
        assert len(pages) > 1
        assert org.faults()[0]["waiting"] == 0


def test_a_slow_body_arrives_whole(org: SimulatedOrg, asker: Asker) -> None:
    job = finished(asker)
    sound = asker.results("conversations", job).content
    org.arm("slow", "conversations.results", seconds=0.05)
    assert asker.results("conversations", job).content == sound


def test_an_unknown_fault_is_refused(org: SimulatedOrg) -> None:
    with pytest.raises(httpx.HTTPStatusError):
        org.arm("earthquake")
    with pytest.raises(httpx.HTTPStatusError):
        org.arm("status", weather="bad")


def test_requests_are_counted_by_operation_and_status(org: SimulatedOrg, asker: Asker) -> None:
    org.clear_requests()
    job = finished(asker)
    asker.pages("conversations", job, 1000)
    base = "/api/v2/analytics/conversations/details/jobs"
    told = org.requests()
    assert told["counts"] == {
        f"POST {base}": {"202": 1},
        f"GET {base}/{{jobId}}": {"202": 2, "200": 1},
        f"GET {base}/{{jobId}}/results": {"200": 1},
    }
    assert told["total"] == 5
    assert told["submits"] == [
        {"family": "conversations", "clientId": "demo", "jobId": job, "body": {"interval": day(DAYS[0])}}
    ]


def test_a_fault_strikes_at_its_page_only(org: SimulatedOrg, asker: Asker) -> None:
    job = finished(asker)
    org.arm("status", "conversations.results", status=404, page=1)
    first = asker.results("conversations", job, pageSize=20).json()
    again = {"pageSize": 20, "cursor": first["cursor"]}
    answers = [asker.results("conversations", job, **again) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [404, 200]
    assert answers[0].json()["code"] == "not.found"
