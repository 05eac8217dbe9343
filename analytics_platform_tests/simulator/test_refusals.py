"""What is refused, and in which words: bodies, parameters, bearers, permissions, budgets."""

from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest

from analytics_platform_tests.simulated_org import NO_TLS, SimulatedOrg
from analytics_platform_tests.simulator.asking import DAYS, FAMILIES, Asker, asking, day, mint
from analytics_platform_tests.waiting import wait_until

StartOrg = Callable[..., SimulatedOrg]
ERROR_KEYS = ["message", "code", "status", "contextId", "details", "errors"]
JOBS = "/api/v2/analytics/conversations/details/jobs"


def get(org: SimulatedOrg, path: str, token: str | None) -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return httpx.get(org.url + path, headers=headers, trust_env=False, verify=NO_TLS)


def assert_vendor_error(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert answer.status_code == body["status"] == status
    assert body["code"] == code
    assert body["contextId"] == answer.headers["ININ-Correlation-Id"]
    assert [key for key in body if not key.startswith("messageWith") and key != "messageParams"] == ERROR_KEYS
    return body


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({}, "constraint.validation", "interval may not be null"),
        ({"interval": "yesterday"}, "invalid.date", "Invalid interval"),
        ({"interval": "2026-03-02/2026-03-03"}, "invalid.date", "Invalid interval"),
        ({"interval": "2026-03-03T00:00Z/2026-03-02T00:00Z"}, "bad.request", "after the start"),
        ({"interval": "2026-01-01T00:00Z/2026-03-02T00:00Z"}, "bad.request", "does not exceed 31 days"),
        ({"interval": day(DAYS[0]), "order": "up"}, "invalid.value", "Value [up] is not valid for field type [Order]."),
        ({"interval": day(DAYS[0]), "paging": {"pageSize": 5}}, "bad.request", 'Unrecognized field "paging"'),
        ({"interval": day(DAYS[0]), "limit": "5"}, "bad.request", "is not a valid integer"),
        ({"interval": day(DAYS[0]), "limit": 0}, "bad.request", "at least 1"),
        ({"interval": 5}, "bad.request", "is not a valid string"),
        ({"interval": day(DAYS[0]), "segmentFilters": {}}, "bad.request", "is not a valid list"),
        ({"interval": day(DAYS[0]), "segmentFilters": [{"type": "xor"}]}, "invalid.value", "values are: and, or"),
        ({"interval": day(DAYS[0]), "startOfDayIntervalMatching": 1}, "bad.request", "is not a valid boolean"),
    ],
)
def test_a_body_the_model_does_not_know_is_refused(asker: Asker, body: dict[str, Any], code: str, words: str) -> None:
    refused = asker.refused(**body)
    assert refused["code"] == code
    assert words in refused["message"]


def test_the_real_words_for_a_bad_enum_value(asker: Asker) -> None:
    refused = asker.refused(interval=day(DAYS[0]), order="")
    assert (
        refused["message"] == "Value [] is not valid for field type [Order]. Allowable values are: asc, desc, unordered"
    )


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"text"'])
def test_a_body_that_is_no_object_is_refused(asker: Asker, content: bytes) -> None:
    answer = asker.http.post("/conversations/details/jobs", content=content)
    assert_vendor_error(answer, 400, "bad.request")


@pytest.mark.parametrize("query", [{"cursor": "abc"}, {"cursor": "Y3Vyc29yX3YyMjEwMA=="}, {"pageSize": 0}])
def test_a_bad_page_is_refused(asker: Asker, query: dict[str, Any]) -> None:
    job = asker.submit("conversations", day(DAYS[0]))
    asker.finish("conversations", job)
    assert_vendor_error(asker.results("conversations", job, **query), 400, "invalid.query.param.value")


def test_a_cursor_of_another_job_is_refused(asker: Asker) -> None:
    jobs = [asker.submit("conversations", day(DAYS[0])) for _ in range(2)]
    for job in jobs:
        asker.finish("conversations", job)
    cursor = asker.results("conversations", jobs[0], pageSize=5).json()["cursor"]
    answer = asker.results("conversations", jobs[1], cursor=cursor, pageSize=5)
    assert_vendor_error(answer, 400, "invalid.query.param.value")


@pytest.mark.parametrize("family", FAMILIES)
def test_an_unknown_job_is_not_found(asker: Asker, family: str) -> None:
    url = f"/{family}/details/jobs/11111111-2222-4333-8444-555555555555"
    assert_vendor_error(asker.http.get(url), 404, "not.found")
    assert_vendor_error(asker.http.get(url + "/results"), 404, "not.found")
    assert_vendor_error(asker.http.delete(url), 404, "not.found")


def test_a_job_of_the_other_family_is_not_found(asker: Asker) -> None:
    job = asker.submit("conversations", day(DAYS[0]))
    assert_vendor_error(asker.http.get(f"/users/details/jobs/{job}"), 404, "not.found")


def test_results_of_an_unfinished_job_are_refused(asker: Asker) -> None:
    job = asker.submit("conversations", day(DAYS[0]))
    assert_vendor_error(asker.results("conversations", job), 400, "bad.request")


def test_a_path_nobody_knows_is_not_found(asker: Asker) -> None:
    assert_vendor_error(asker.http.get("/conversations/nothing"), 404, "not.found")


def test_without_a_bearer_authentication_is_required(org: SimulatedOrg) -> None:
    assert_vendor_error(get(org, f"{JOBS}/availability", None), 401, "authentication.required")


def test_an_unknown_bearer_is_refused(org: SimulatedOrg) -> None:
    assert_vendor_error(get(org, f"{JOBS}/availability", "made-up"), 401, "bad.credentials")


@pytest.mark.parametrize(
    ("auth", "grant", "status", "error"),
    [
        (("demo", "wrong"), "client_credentials", 401, "invalid_client"),
        (("nobody", "demo"), "client_credentials", 401, "invalid_client"),
        (None, "client_credentials", 401, "invalid_client"),
        (("demo", "demo"), "password", 400, "unsupported_grant_type"),
        (("demo", "demo"), "", 400, "unsupported_grant_type"),
    ],
)
def test_tokens_are_for_client_credentials(
    org: SimulatedOrg, auth: tuple[str, str] | None, grant: str, status: int, error: str
) -> None:
    answer = httpx.post(f"{org.url}/oauth/token", auth=auth, data={"grant_type": grant}, trust_env=False, verify=NO_TLS)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_token_tells_its_lifetime(org: SimulatedOrg) -> None:
    answer = httpx.post(
        f"{org.url}/oauth/token",
        auth=("demo", "demo"),
        data={"grant_type": "client_credentials"},
        trust_env=False,
        verify=NO_TLS,
    )
    assert list(answer.json()) == ["access_token", "token_type", "expires_in"]
    assert answer.json()["expires_in"] == 86_399
    assert answer.json()["token_type"] == "bearer"


def test_a_token_expires(start_org: StartOrg) -> None:
    org = start_org(conversations_per_day=1, token_lifetime=1)
    token = mint(org)
    while (answer := get(org, f"{JOBS}/availability", token)).status_code == 200:
        pass
    assert_vendor_error(answer, 401, "bad.credentials")
    assert get(org, f"{JOBS}/availability", mint(org)).status_code == 200


def test_tokens_have_a_limit_of_their_own(start_org: StartOrg) -> None:
    org = start_org(conversations_per_day=1, assume=["token_rate_limit=2"])
    for _ in range(2):
        mint(org)
    answer = httpx.post(
        f"{org.url}/oauth/token",
        auth=("demo", "demo"),
        data={"grant_type": "client_credentials"},
        trust_env=False,
        verify=NO_TLS,
    )
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"
    assert "rate limit exceeded" in answer.json()["description"]


def test_permissions_are_each_client_s_own(start_org: StartOrg) -> None:
    agent_view = "analytics:agentConversationDetail:view"
    org = start_org(conversations_per_day=1, client=["all:a", "none:n:", f"agent:g:{agent_view}"])
    assert get(org, f"{JOBS}/availability", mint(org, "all", "a")).status_code == 200
    refused = get(org, f"{JOBS}/availability", mint(org, "none", "n"))
    body = assert_vendor_error(refused, 403, "missing.permissions")
    assert body["message"].endswith("analytics:conversationDetail:view")
    token = mint(org, "none", "n")
    headers = {"Authorization": f"Bearer {token}"}
    refused = httpx.post(
        org.url + JOBS, headers=headers, json={"interval": day(DAYS[0])}, trust_env=False, verify=NO_TLS
    )
    body = assert_vendor_error(refused, 403, "missing.any.permissions")
    assert agent_view in body["messageParams"]["permissions"]
    headers = {"Authorization": f"Bearer {mint(org, 'agent', 'g')}"}
    answer = httpx.post(
        org.url + JOBS, headers=headers, json={"interval": day(DAYS[0])}, trust_env=False, verify=NO_TLS
    )
    assert answer.status_code == 202


def test_the_budget_is_told_and_kept(start_org: StartOrg) -> None:
    org = start_org(conversations_per_day=1, rate_limit=3, client=["one:1", "two:2"])
    token = mint(org, "one", "1")
    answers = [get(org, f"{JOBS}/availability", token) for _ in range(4)]
    assert [answer.headers["inin-ratelimit-count"] for answer in answers] == ["1", "2", "3", "4"]
    assert {answer.headers["inin-ratelimit-allowed"] for answer in answers} == {"3"}
    body = assert_vendor_error(answers[3], 429, "too.many.requests.retry.after")
    seconds = answers[3].headers["Retry-After"]
    assert 0 < int(seconds) <= 60
    assert body["message"] == f"Rate limit exceeded the maximum. Retry the request in [{seconds}] seconds"
    assert answers[3].headers["inin-ratelimit-reset"] == seconds
    assert get(org, f"{JOBS}/availability", mint(org, "two", "2")).status_code == 200


def test_the_budget_comes_back(start_org: StartOrg) -> None:
    org = start_org(conversations_per_day=1, rate_limit=1, assume=["rate_window_seconds=0.5"])
    with asking(org) as asker:
        url = "/conversations/details/jobs/availability"

        def answers(status: int) -> bool:
            return asker.http.get(url).status_code == status

        assert answers(200)
        for status in (429, 200):
            wait_until(partial(answers, status), f"an answer of {status}")


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, deflate", "gzip"), ("identity", None)])
def test_answers_are_compressed_where_that_is_accepted(asker: Asker, accepted: str, encoding: str | None) -> None:
    job = asker.submit("conversations", day(DAYS[0]))
    asker.finish("conversations", job)
    url = f"/conversations/details/jobs/{job}/results"
    answer = asker.http.get(url, headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == encoding
    assert len(answer.json()["conversations"]) > 50
