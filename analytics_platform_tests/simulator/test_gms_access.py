"""Who is let in to Context Services, and how it fails: with bodies of its own, under faults of its own."""

import threading
from collections.abc import Callable, Iterator

import httpx
import pytest

from analytics_platform.simulator.assumptions import Assumptions
from analytics_platform.simulator.options import GmsUser
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.gms_asking import FILES, STREAM, asking_gms, at
from analytics_platform_tests.waiting import wait_until

StartOrg = Callable[..., SimulatedOrg]
QUERY = {"time_from": at("2026-03-04", "00:00"), "time_to": at("2026-03-05", "00:00")}


@pytest.fixture(scope="module")
def guarded() -> Iterator[SimulatedOrg]:
    """An org whose Context Services know an administrator, a supervisor, and an agent without a role of use."""
    users = ["admin:geheim", "super:geheim:Supervisor", "agent:geheim:Agent"]
    with SimulatedOrg(conversations_per_day=10, gms_user=users) as org:
        yield org


def test_users_are_read_from_text() -> None:
    assert GmsUser.parse("a:b") == GmsUser("a", "b", "Administrator")
    assert GmsUser.parse("a:b:Supervisor") == GmsUser("a", "b", "Supervisor")
    with pytest.raises(ValueError, match="name:password") as refused:
        GmsUser.parse("canary")
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("text", ["gms_bounds=(", "gms_packed=rar", "gms_default_format=xml"])
def test_an_assumption_that_is_a_choice_takes_nothing_else(text: str) -> None:
    with pytest.raises(ValueError, match="takes one of"):
        Assumptions().assume(text)


def test_anybody_is_let_in_where_no_user_is_configured(org: SimulatedOrg) -> None:
    with asking_gms(org, auth=("who", "ever")) as asker:
        assert asker.stream(**QUERY)


@pytest.mark.parametrize(
    "auth", [None, ("admin", "wrong"), ("nobody", "geheim"), ("", "")], ids=["none", "password", "name", "empty"]
)
def test_a_stranger_is_refused_with_the_realm(guarded: SimulatedOrg, auth: tuple[str, str] | None) -> None:
    with asking_gms(guarded, auth=auth) as asker:
        answer = asker.http.get(STREAM, params=QUERY)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Genesys Application Configuration Needed"'
    assert set(answer.json()) == {"message", "exception"}


def test_another_scheme_than_basic_is_refused(guarded: SimulatedOrg) -> None:
    with asking_gms(guarded, headers={"Authorization": "Bearer YWRtaW46Z2VoZWlt"}) as asker:
        assert asker.http.get(STREAM, params=QUERY).status_code == 401


@pytest.mark.parametrize(("name", "read", "write"), [("admin", 200, 201), ("super", 200, 403), ("agent", 403, 403)])
def test_a_role_tells_what_one_may_do(guarded: SimulatedOrg, name: str, read: int, write: int) -> None:
    with asking_gms(guarded, auth=(name, "geheim")) as asker:
        assert asker.http.get(STREAM, params=QUERY).status_code == read
        assert asker.http.post("/services/start", json={"contact_key": "k"}).status_code == write
        # Without a folder the administrator gets as far as the folder.
        assert asker.http.post(FILES, params=QUERY).status_code == (500 if write == 201 else 403)


def test_a_role_is_withdrawn_and_given_back(guarded: SimulatedOrg) -> None:
    guarded.arm("permission_withdrawn", "services.stream")
    with asking_gms(guarded, auth=("admin", "geheim")) as asker:
        assert [asker.http.get(STREAM, params=QUERY).status_code for _ in range(2)] == [403, 200]
    guarded.reset()


def test_a_tenant_must_be_named_where_there_are_tenants(start_org: StartOrg) -> None:
    org = start_org(conversations_per_day=10, assume=["gms_tenants=101,Resources", "gms_tenant_status=403"])
    for tenant, status in ((None, 403), ("102", 403), ("101", 200), ("Resources", 200)):
        with asking_gms(org, headers={} if tenant is None else {"ContactCenterId": tenant}) as asker:
            answer = asker.http.get(STREAM, params=QUERY)
        assert answer.status_code == status
        assert status == 200 or answer.json()["message"].startswith("Invalid tenant specified : ")


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_status_is_answered_in_its_own_form(org: SimulatedOrg, status: int) -> None:
    reason = "org.codehaus.jackson.JsonParseException"
    org.arm("status", "services.stream", status=status, retry_after=3, reason=reason)
    with asking_gms(org) as asker:
        answers = [asker.http.get(STREAM, params=QUERY) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [status, 200]
    assert answers[0].headers["Retry-After"] == "3"
    assert answers[0].json()["exception"] == reason


def test_a_proxy_answers_in_html(org: SimulatedOrg) -> None:
    org.arm("status", "services.read", status=502, html=True)
    with asking_gms(org) as asker:
        answer = asker.http.get("/services/1-a")
    assert answer.status_code == 502
    assert answer.headers["content-type"] == "text/html"


def test_a_body_is_cut(org: SimulatedOrg) -> None:
    org.arm("cut", "services.stream")
    with asking_gms(org) as asker, pytest.raises(httpx.RemoteProtocolError):
        asker.stream(**QUERY)


def test_content_may_take_longer_than_one_waits_while_ids_come_at_once(start_org: StartOrg) -> None:
    org = start_org(conversations_per_day=10, assume=["gms_content_seconds=0.2"])
    org.put_only_services(figure="2026-03-04")
    with asking_gms(org) as asker:
        with pytest.raises(httpx.ReadTimeout):
            asker.http.get(STREAM, params=QUERY | {"export_content": "true"}, timeout=0.5)
        assert len(asker.stream(**QUERY)) == 12


def test_the_cloud_s_token_budget_and_errors_are_not_its_own(start_org: StartOrg) -> None:
    org = start_org(conversations_per_day=10, rate_limit=1)
    with asking_gms(org) as asker:
        answers = [asker.http.get(STREAM, params=QUERY) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert not any("inin-ratelimit-count" in answer.headers for answer in answers)


def test_requests_are_logged_with_their_query_and_how_many_ran_at_once(org: SimulatedOrg) -> None:
    org.arm("hold", "services.read", times=None)
    with asking_gms(org) as asker:
        asker.stream(**QUERY)
        threads = [threading.Thread(target=asker.http.get, args=(f"/services/1-{i}",)) for i in range(3)]
        for thread in threads:
            thread.start()
        wait_until(lambda: org.faults()[0]["waiting"] == 3, "three readings at once")
        org.clear_faults()
        for thread in threads:
            thread.join(timeout=30)
    told = org.requests()
    assert told["atOnce"] == {"services.stream": 1, "services.read": 3}
    assert told["calls"][0] == {"operation": "services.stream", "path": {}, "query": QUERY, "body": ""}
    assert told["counts"]["GET /genesys/1/cs/services/{serviceId}"] == {"404": 3}


def test_what_ran_before_the_log_was_cleared_is_no_longer_in_it(org: SimulatedOrg) -> None:
    with asking_gms(org) as asker:
        asker.stream(**QUERY)
        org.clear_requests()
        assert org.requests()["atOnce"] == {}
        asker.http.get("/services/1-1")
    assert org.requests()["atOnce"] == {"services.read": 1}


def test_a_node_answers_as_the_balancer_does(start_org: StartOrg, tmp_path_factory: pytest.TempPathFactory) -> None:
    folders = [tmp_path_factory.mktemp("node") for _ in range(2)]
    org = start_org(conversations_per_day=10, gms_folder=folders)
    told: list[object] = []
    for node in (None, 1, 2):
        with asking_gms(org, node) as asker:
            told.append(asker.stream(**QUERY))
    assert told[0] == told[1] == told[2] != []
    with asking_gms(org, 3) as asker:
        # No such node: the cloud's own side answers, and knows no one.
        assert asker.http.get(STREAM, params=QUERY).status_code == 401
