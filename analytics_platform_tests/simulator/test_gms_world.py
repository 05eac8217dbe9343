"""The services of a world: the same for the same options, tied to its conversations, with lives of every kind."""

import subprocess
import sys
from typing import Any

import httpx
import pytest

from analytics_platform.simulator.world.instants import DAY, FOREVER, HOUR, day_start
from analytics_platform.simulator.world.services import LONGEST, Service, Services
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.gms_asking import asking_gms, at
from analytics_platform_tests.simulator.telling import START, small_world

ALWAYS = (-FOREVER, FOREVER)
_DIGEST = """
import hashlib
from analytics_platform.simulator.world.instants import FOREVER
from analytics_platform.simulator.world.services import Services
from analytics_platform_tests.simulator.telling import small_world
services = Services(small_world())
told = [repr(services.service(span.id)) for span in services.spans(0, FOREVER)]
print(hashlib.sha256("".join(told).encode()).hexdigest())
"""


def all_services(**options: Any) -> list[Service]:
    services = Services(small_world(**options))
    found = [services.service(span.id) for span in services.spans(0, FOREVER)]
    assert None not in found
    return [service for service in found if service is not None]


def test_two_processes_make_the_same_services() -> None:
    digests = {
        subprocess.run([sys.executable, "-c", _DIGEST], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(digests) == 1
    assert len(digests.pop().strip()) == 64


def test_the_order_of_asking_does_not_matter() -> None:
    ids = [service.id for service in all_services()]
    one, two = Services(small_world()), Services(small_world())
    assert [one.service(each) for each in ids] == [two.service(each) for each in reversed(ids)][::-1]


def test_a_longer_world_begins_like_a_shorter_one_and_a_larger_one_has_more() -> None:
    first = day_start(START) + HOUR
    shorter, longer = (
        [span for span in Services(small_world(days=days)).spans(first, first + 2 * DAY) if span.started >= first]
        for days in (3, 9)
    )
    assert shorter == longer != []
    assert len(all_services(conversations_per_day=1000)) > len(all_services(conversations_per_day=100)) * 3


def test_what_is_listed_is_what_the_services_tell() -> None:
    services = Services(small_world(days=40, conversations_per_day=50))
    everyone = services.spans(0, FOREVER)
    assert [span for each in everyone if (told := services.service(each.id)) and (span := told.span)] == everyone
    assert max(span.completed - span.started for span in everyone if span.completed) <= LONGEST + DAY
    first = day_start(START)
    for start, end in ((first - DAY, first), (first, first + DAY), (first + 20 * DAY, first + 21 * DAY)):
        expected = [
            span
            for span in everyone
            if start <= span.started <= end or (span.completed is not None and start <= span.completed <= end)
        ]
        assert services.spans(start, end) == expected != []


def test_services_begin_in_conversations_and_belong_to_their_customers() -> None:
    world = small_world(conversations_per_day=100)
    outlines = {outline.id: outline for outline in world.outlines_started(0, FOREVER)}
    services = Services(world)
    for span in services.spans(0, FOREVER):
        service = services.service(span.id)
        assert service is not None
        conversation = world.conversation(outlines[service.started.facts["interaction_id"]])
        assert conversation.start < service.started.known <= conversation.start + HOUR
        known = {each.facts.get("externalContactId") for each in conversation.participants}
        owner = {name: value for late in service.owners for name, value in late.facts.items()}
        assert owner.keys() <= {"customer_id", "contact_key"}
        assert owner.get("customer_id") in known or "contact_key" in owner


def test_there_are_lives_of_every_kind() -> None:
    services = all_services()
    completed = [service for service in services if service.completed is not None]
    assert any(service.completed is None and service.gone == FOREVER for service in services)
    assert any(service.completed is None and service.gone < FOREVER for service in services)
    assert any(service.gone < FOREVER for service in completed)
    assert any(service.started.at < service.started.known for service in services)
    assert any(event.at < event.known for each in completed if (event := each.completed))
    assert any(event.at - each.started.at > 5 * DAY for each in completed if (event := each.completed))
    assert any(part.started.at > event.at for each in completed for part in each.states if (event := each.completed))
    assert any(len(service.owners) == 2 for service in services)
    assert {type(service.facts["service_type"]) for service in services} == {int, str}
    assert any("est_duration" not in service.facts for service in services)
    kinds = {type(value) for each in services for late in each.extensions for value in late.facts.values()}
    assert {dict, list, str, int, bool, float, type(None)} <= kinds
    assert any("survey offered" in service.started.facts for service in services)
    assert {bool(service.states) and bool(service.tasks) for service in services} >= {True}
    for service in services:
        assert [state.id for state in service.states] == list(range(1, len(service.states) + 1))
        assert service.completed is None or service.completed.at >= service.started.at
        assert {task.facts.get("state_id") for task in service.tasks} <= {None, *(part.id for part in service.states)}
        assert len(service.started.facts["session_id"]) <= 32


def test_nothing_is_known_before_it_happened_and_the_truth_grows(org: SimulatedOrg) -> None:
    counts, ends = [], []
    for now in ("2026-03-02T00:00:00Z", "2026-03-03T12:00:00Z", "2026-03-05T00:00:00Z", "2026-04-30T00:00:00Z"):
        org.set_now(now)
        told = org.truth_services()
        assert all(line["service"]["started"]["timestamp"] <= now for line in told)
        counts.append(len(told))
        ends.append(sum("completed" in line["service"] for line in told))
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]
    assert ends == sorted(ends)
    assert any(line["gone_at"] for line in told)


def test_the_truth_is_told_by_home_day(org: SimulatedOrg) -> None:
    days = [f"2026-03-0{day}" for day in range(1, 8)]
    by_day = {day: org.truth_services(day, day) for day in days}
    for day, told in by_day.items():
        assert all(line["service"]["started"]["timestamp"].startswith(day) for line in told)
    assert org.truth_services(days[0], days[-1]) == [line for day in days for line in by_day[day]]
    assert len(by_day["2026-03-03"]) == 12
    present = [line["service"] for line in by_day["2026-03-03"] if line["gone_at"] is None]
    with asking_gms(org) as asker:
        assert [asker.service(service["service_id"]) for service in present] == present


def test_services_put_stand_beside_the_world_s_or_in_their_place(org: SimulatedOrg) -> None:
    before = org.truth_services()
    put = org.put_services({"name": "a", "started": at("2026-03-03", "10:00")}, figure="2026-03-04")
    assert len(org.truth_services()) == len(before) + 13
    again = org.put_services({"service_id": put["a"], "started": at("2026-03-04", "10:00")})
    assert list(again.values()) == [put["a"]]
    moved = [line["service"] for line in org.truth_services() if line["service"]["service_id"] == put["a"]]
    assert [service["started"]["timestamp"] for service in moved] == [at("2026-03-04", "10:00")]
    only = org.put_only_services({"name": "b", "started": at("2026-03-03", "10:00")})
    assert [line["service"]["service_id"] for line in org.truth_services()] == [only["b"]]
    org.restore_services()
    assert org.truth_services() == before


@pytest.mark.parametrize(
    "script",
    [{"started": "soon"}, {"completed": at("2026-03-03", "10:00")}, {"started": at("2026-03-03", "10:00"), "x": 1}],
)
def test_a_script_that_makes_no_sense_is_refused(org: SimulatedOrg, script: dict[str, Any]) -> None:
    with pytest.raises(httpx.HTTPStatusError):
        org.put_services(script)


def test_what_would_happen_after_a_service_is_gone_never_does(org: SimulatedOrg) -> None:
    noon = at("2026-03-04", "12:00")
    org.put_only_services(
        {
            "started": at("2026-03-04", "10:00"),
            "completed": noon,
            "states": [{"started": at("2026-03-04", "11:00"), "completed": noon}, {"started": noon}],
            "tasks": [{"started": noon}],
            "later": [{"known": noon, "customer_id": "C"}],
            "gone_at": noon,
        }
    )
    (line,) = org.truth_services()
    assert line["gone_at"] == noon
    assert not line["service"].keys() & {"completed", "customer_id"}
    assert [len(line["service"][name]) for name in ("active_states", "completed_states", "active_tasks")] == [1, 0, 0]
    org.restore_services()
