"""The fixture itself: an org starts, tells the time, and stops clean."""

import signal
import subprocess
from collections.abc import Callable

import httpx
import pytest

from analytics_platform_tests.simulated_org import NO_TLS, SimulatedOrg, command_line
from analytics_platform_tests.simulator.asking import DAYS, asking, day


def test_an_org_stops_with_status_zero(start_org: Callable[..., SimulatedOrg]) -> None:
    org = start_org(conversations_per_day=5)
    assert org.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_an_org_that_holds_an_answer(number: signal.Signals) -> None:
    with subprocess.Popen(command_line(conversations_per_day=5), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        fault = {"kind": "hold", "operation": "token"}
        httpx.post(f"{url}/__simulated_org__/faults", json=fault, trust_env=False, verify=NO_TLS)
        form = {"grant_type": "client_credentials"}
        with (
            httpx.Client(trust_env=False, verify=NO_TLS) as client,
            client.stream("POST", f"{url}/oauth/token", auth=("demo", "demo"), data=form) as held,
        ):
            assert held.status_code == 200
            process.send_signal(number)
            assert process.wait(timeout=30) == 0


def test_a_held_answer_ends_with_its_client(org: SimulatedOrg) -> None:
    org.arm("hold", "conversations.results")
    with asking(org) as asker:
        job = asker.submit("conversations", day(DAYS[0]))
        asker.finish("conversations", job)
        with asker.http.stream("GET", f"/conversations/details/jobs/{job}/results") as answer:
            assert answer.status_code == 200
            while not org.faults()[0]["waiting"]:
                pass
    while org.faults()[0]["waiting"]:
        pass


def test_the_clock_stands_until_it_is_set(org: SimulatedOrg) -> None:
    assert org.now == "2026-03-07T00:00:00Z"
    org.set_now("2026-03-08T00:00:00Z")
    assert org.availability() == "2026-03-07T18:00:00Z"


def test_the_truth_lies_in_its_days(org: SimulatedOrg) -> None:
    told = org.truth_conversations("2026-03-03", "2026-03-03")
    assert len(told) == 60
    assert {record["conversationStart"][:10] for record in told} == {"2026-03-03"}
    assert [record["conversationId"] for record in told] == org.truth_conversation_ids("2026-03-03", "2026-03-03")


def test_the_truth_of_users_lies_in_its_days(org: SimulatedOrg) -> None:
    told = org.truth_statuses("2026-03-03", "2026-03-03")
    assert {line["status"]["startTime"][:10] for line in told} == {"2026-03-03"}
    assert {line["family"] for line in told} == {"primaryPresence", "routingStatus"}


def test_a_nonsense_day_is_refused(org: SimulatedOrg) -> None:
    with pytest.raises(httpx.HTTPStatusError):
        org.truth_conversations("tomorrow")
    with pytest.raises(httpx.HTTPStatusError):
        org.set_now("tomorrow")
