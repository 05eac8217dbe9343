"""Services started, ended, changed and deleted by the vendor's own calls, at the clock's instant."""

from collections.abc import Iterator

import pytest

from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.gms_asking import STREAM, GmsAsker, asking_gms, at, day_of

DAY = "2026-03-06"


@pytest.fixture
def asker(org: SimulatedOrg) -> Iterator[GmsAsker]:
    """A client of the org at noon; what it changes is forgotten afterwards."""
    org.set_now(at(DAY, "12:00"))
    with asking_gms(org) as asker:
        yield asker
    org.restore_services()


def started(asker: GmsAsker, **told: object) -> str:
    return str(asker.change("POST", "/services/start", {"contact_key": "k", **told})["service_id"])


def test_a_service_lives_from_its_start_to_its_deletion(org: SimulatedOrg, asker: GmsAsker) -> None:
    service_id = started(asker, service_type="Claims", media_type=1, Contract={"n": 1})
    org.set_now(at(DAY, "13:00"))
    assert asker.change("POST", f"/services/{service_id}/states/start", {"state_type": "a"}) == {"state_id": 1}
    task = {"task_type": 4, "state_id": 1, "due": "soon"}
    assert asker.change("POST", f"/services/{service_id}/tasks/start", task) == {"task_id": 1}
    asker.change("PUT", f"/services/{service_id}/extensions/a b", [1])
    asker.change("POST", f"/customers/C1/services/{service_id}")
    org.set_now(at(DAY, "14:00"))
    asker.change("POST", f"/services/{service_id}/states/1/end", {"disposition": 2})
    asker.change("POST", f"/services/{service_id}/end", {"disposition": 1, "timestamp": at(DAY, "13:30")})
    later = asker.change("POST", f"/services/{service_id}/states/start", {"state_type": "after all"})
    assert later == {"state_id": 2}
    assert asker.service(service_id) == {
        "service_id": service_id,
        "service_type": "Claims",
        "contact_key": "k",
        "customer_id": "C1",
        "started": {"timestamp": at(DAY, "12:00"), "media_type": 1},
        "completed": {"timestamp": at(DAY, "13:30"), "disposition": 1},
        "Contract": {"n": 1},
        "a b": [1],
        "active_states": [{"state_id": 2, "state_type": "after all", "started": {"timestamp": at(DAY, "14:00")}}],
        "completed_states": [
            {
                "state_id": 1,
                "state_type": "a",
                "started": {"timestamp": at(DAY, "13:00")},
                "completed": {"timestamp": at(DAY, "14:00"), "disposition": 2},
            }
        ],
        "active_tasks": [
            {"task_id": 1, "task_type": 4, "state_id": 1, "started": {"timestamp": at(DAY, "13:00")}, "due": "soon"}
        ],
        "completed_tasks": [],
    }
    told = asker.service(service_id)
    asker.change("DELETE", f"/services/{service_id}")
    assert asker.http.get(f"/services/{service_id}").status_code == 404
    assert service_id not in asker.stream(**day_of(DAY))
    gone = [line for line in org.truth_services(DAY, DAY) if line["service"]["service_id"] == service_id]
    assert gone == [{"service": told, "gone_at": at(DAY, "14:00")}]


def test_a_service_of_the_world_changes_and_is_given_back(org: SimulatedOrg, asker: GmsAsker) -> None:
    active = asker.stream(time_from=at("2026-03-02", "00:00"), filter_state="active")[0]
    before = asker.service(active)
    asker.change("POST", f"/services/{active}/end")
    assert asker.service(active)["completed"] == {"timestamp": at(DAY, "12:00")}
    assert active in asker.stream(time_from=at("2026-03-02", "00:00"), filter_state="inactive")
    org.restore_services()
    assert asker.service(active) == before


def test_ids_are_never_given_twice(asker: GmsAsker) -> None:
    ids = {started(asker) for _ in range(5)}
    assert len(ids) == 5
    assert all(each.partition("-")[0].isdigit() for each in ids)


def test_a_purge_takes_what_was_completed_before(org: SimulatedOrg, asker: GmsAsker) -> None:
    ids = org.put_only_services(figure="2026-03-04")
    asker.change("POST", f"/maintenance/purge?time_to={at('2026-03-04', '11:30')}")
    left = {told["service"]["service_id"] for told in org.truth_services() if told["gone_at"] is None}
    assert set(ids.values()) - left == {ids["S3"], ids["E1"], ids["E7"]}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/services/start", {"service_type": 1}, 400),
        ("POST", "/services/start", {"contact_key": "k", "timestamp": "yesterday"}, 400),
        ("POST", "/services/start", [1], 400),
        ("POST", "/services/1-nobody/end", {}, 404),
        ("POST", "/services/1-nobody/states/start", {}, 404),
        ("DELETE", "/services/1-nobody", None, 404),
        ("POST", "/services/{id}/states/9/end", {}, 404),
        ("POST", "/maintenance/purge", None, 400),
    ],
)
def test_a_change_that_cannot_be_is_refused(asker: GmsAsker, method: str, path: str, body: object, status: int) -> None:
    answer = asker.http.request(method, path.format(id=started(asker)), json=body)
    assert answer.status_code == status
    assert set(answer.json()) == {"message", "exception"}


def test_a_completed_service_is_not_completed_again_and_a_body_must_be_json(asker: GmsAsker) -> None:
    service_id = started(asker)
    asker.change("POST", f"/services/{service_id}/end")
    assert asker.http.post(f"/services/{service_id}/end", json={}).status_code == 400
    broken = asker.http.post("/services/start", content=b"{")
    assert broken.status_code == 400
    assert broken.json()["exception"].endswith("JsonParseException")


def test_a_service_is_deleted_between_the_list_and_its_reading(org: SimulatedOrg, asker: GmsAsker) -> None:
    org.put_only_services(figure=DAY)
    listed = asker.stream(**day_of(DAY))
    org.arm("service_deleted", "services.read")
    answers = [asker.http.get(f"/services/{each}").status_code for each in listed[:2]]
    assert answers == [404, 200]
    assert asker.http.get(STREAM, params=day_of(DAY)).json() == [each for each in asker.stream(**day_of(DAY))]
    assert len(asker.stream(**day_of(DAY))) == len(listed) - 1
