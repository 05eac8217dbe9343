"""A service by its id: only what is asked for, only what was known at the clock's instant."""

from collections.abc import Callable
from typing import Any

import pytest

from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.gms_asking import EVERYTHING, STREAM, asking_gms, at, day_of

StartOrg = Callable[..., SimulatedOrg]
DAY = "2026-03-06"
LISTS = ("active_states", "completed_states", "active_tasks", "completed_tasks")
SERVICE: dict[str, Any] = {
    "name": "one",
    "service_type": 3,
    "contact_key": "+49 1",
    "started": {"timestamp": at(DAY, "08:00"), "media_type": "voice", "survey offered": {"a": 1}},
    "completed": {"timestamp": at(DAY, "12:00"), "disposition": "done"},
    "states": [
        {"started": at(DAY, "08:00"), "completed": at(DAY, "10:00"), "state_type": "waiting"},
        {"started": at(DAY, "10:00"), "state_type": 7, "previous_state_id": 1, "extensions": {"why": None}},
    ],
    "tasks": [{"started": at(DAY, "09:00"), "state_id": 2, "task_type": 12, "completed": at(DAY, "13:00")}],
    "extensions": {"two words": [1, {"x": "ä"}], "Größe": 2},
    "later": [{"known": at(DAY, "11:00"), "customer_id": "C1", "extensions": {"note": "x", "Größe": 3}}],
    "gone_at": at(DAY, "20:00"),
}
STARTED = {"timestamp": at(DAY, "08:00"), "media_type": "voice"}


@pytest.fixture
def known(org: SimulatedOrg) -> Any:
    """The org with that service alone, its id beside it."""
    yield org, org.put_only_services(SERVICE)["one"]
    org.restore_services()


def test_nothing_beside_its_own_fields_is_told_unless_asked_for(known: tuple[SimulatedOrg, str]) -> None:
    org, service_id = known
    org.set_now(at(DAY, "09:30"))
    with asking_gms(org) as asker:
        told = asker.service(service_id, extensions="")
    assert told == {"service_id": service_id, "service_type": 3, "contact_key": "+49 1", "started": STARTED}


def test_all_of_it_is_told_when_all_is_asked_for(known: tuple[SimulatedOrg, str]) -> None:
    org, service_id = known
    org.set_now(at(DAY, "18:00"))
    with asking_gms(org) as asker:
        told = asker.service(service_id)
    completed = {"timestamp": at(DAY, "12:00"), "disposition": "done"}
    assert told == {
        "service_id": service_id,
        "service_type": 3,
        "contact_key": "+49 1",
        "customer_id": "C1",
        "started": {**STARTED, "survey offered": {"a": 1}},
        "completed": completed,
        "two words": [1, {"x": "ä"}],
        "Größe": 3,
        "note": "x",
        "active_states": [
            {
                "state_id": 2,
                "state_type": 7,
                "previous_state_id": 1,
                "started": {"timestamp": at(DAY, "10:00")},
                "why": None,
            }
        ],
        "completed_states": [
            {
                "state_id": 1,
                "state_type": "waiting",
                "started": {"timestamp": at(DAY, "08:00")},
                "completed": {"timestamp": at(DAY, "10:00")},
            }
        ],
        "active_tasks": [],
        "completed_tasks": [
            {
                "task_id": 1,
                "task_type": 12,
                "state_id": 2,
                "started": {"timestamp": at(DAY, "09:00")},
                "completed": {"timestamp": at(DAY, "13:00")},
            }
        ],
    }
    assert org.truth_services(DAY, DAY) == [{"service": told, "gone_at": None}]


@pytest.mark.parametrize("flag", LISTS)
def test_each_list_is_told_for_its_flag_alone(known: tuple[SimulatedOrg, str], flag: str) -> None:
    org, service_id = known
    org.set_now(at(DAY, "18:00"))
    with asking_gms(org) as asker:
        told, whole = asker.service(service_id, **{flag: "true"}), asker.service(service_id, **EVERYTHING)
    assert [name for name in LISTS if name in told] == [flag]
    assert len(told[flag]) == len(whole[flag])
    assert not any("service_id" in part or "why" in part for part in told[flag])


@pytest.mark.parametrize(
    ("extensions", "names"),
    [
        ("two words", {"two words"}),
        ("Größe, note", {"Größe", "note"}),
        ("Service.note,State.note", {"note"}),
        ("State.why", set()),
        ("*", {"two words", "Größe", "note"}),
    ],
)
def test_extensions_are_told_by_name_by_entity_or_all(
    known: tuple[SimulatedOrg, str], extensions: str, names: set[str]
) -> None:
    org, service_id = known
    org.set_now(at(DAY, "18:00"))
    with asking_gms(org) as asker:
        told = asker.service(service_id, extensions=extensions, active_states="true")
    assert told.keys() & {"two words", "Größe", "note"} == names
    assert ("why" in told["active_states"][0]) == (extensions in ("*", "State.why"))
    assert ("survey offered" in told["started"]) == (extensions == "*")


def test_what_was_not_known_yet_is_not_told(known: tuple[SimulatedOrg, str]) -> None:
    org, service_id = known
    with asking_gms(org) as asker:
        org.set_now(at(DAY, "10:59:59.999"))
        before = asker.service(service_id)
        org.set_now(at(DAY, "11:00"))
        after = asker.service(service_id)
    assert (before.get("customer_id"), before["Größe"], "note" in before) == (None, 2, False)
    assert (after["customer_id"], after["Größe"], after["note"]) == ("C1", 3, "x")
    assert "completed" not in after
    assert [part["task_id"] for part in after["active_tasks"]] == [1]


@pytest.mark.parametrize("now", ["07:59:59.999", "20:00"])
def test_a_service_is_not_found_before_its_start_and_when_it_is_gone(known: tuple[SimulatedOrg, str], now: str) -> None:
    org, service_id = known
    org.set_now(at(DAY, now))
    with asking_gms(org) as asker:
        answer = asker.http.get(f"/services/{service_id}")
        assert asker.stream(**day_of(DAY)) == []
    assert answer.status_code == 404
    assert service_id in answer.json()["message"]
    assert [told["gone_at"] for told in org.truth_services(DAY, DAY)] == ([at(DAY, "20:00")] if now == "20:00" else [])


@pytest.mark.parametrize("service_id", ["1", "x", "0-0", "99999999999999999999999-a", "٣-a", "4097-nobody"])
def test_an_unknown_id_is_not_found(org: SimulatedOrg, service_id: str) -> None:
    with asking_gms(org) as asker:
        assert asker.http.get(f"/services/{service_id}").status_code == 404


def test_there_is_no_other_path(org: SimulatedOrg) -> None:
    with asking_gms(org) as asker:
        for method, path in (("GET", "/maintenance/services/files"), ("GET", "/maintenance/exports"), ("PUT", STREAM)):
            answer = asker.http.request(method, path)
            assert answer.status_code == 404
            assert set(answer.json()) == {"message", "exception"}


def test_exported_content_is_what_reading_by_id_tells(org: SimulatedOrg) -> None:
    query = {"time_from": "2026-02-01T00:00:00.000Z", "time_to": "2026-03-07T00:00:00.000Z"}
    with asking_gms(org) as asker:
        ids, whole = asker.stream(**query), asker.stream(**query, export_content="true")
        assert {told["service_id"]: told for told in whole} == {each: asker.service(each) for each in ids}
    assert len(whole) == len(ids)
    assert {told["service"]["service_id"] for told in org.truth_services("2026-02-01", "2026-03-06")} >= set(ids)


def test_exported_content_breaks_off_beyond_a_number_of_services(start_org: StartOrg) -> None:
    org = start_org(assume=["gms_content_most=7"], now=at(DAY, "18:00"))
    org.put_only_services(figure=DAY)
    with asking_gms(org) as asker:
        query = {**day_of(DAY), "export_content": "true"}
        cut = asker.http.get(STREAM, params=query)
        assert cut.status_code == 200
        with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
            cut.json()
        assert len(asker.stream(**query, filter_events="completed")) == 7


def test_a_state_s_tasks_may_be_told_within_it(start_org: StartOrg) -> None:
    org = start_org(assume=["gms_tasks_within_states=true"], now=at(DAY, "18:00"))
    service_id = org.put_only_services(SERVICE)["one"]
    with asking_gms(org) as asker:
        told = asker.service(service_id)
    assert told["completed_tasks"] == []
    assert [task["task_id"] for task in told["active_states"][0]["tasks"]] == [1]
