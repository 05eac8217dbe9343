"""The administration of reports: what is read is the org's, what is changed is checked first and sent once."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from pydantic import SecretStr

from analytics_platform.catalogue.models import model
from analytics_platform.catalogue.names import UnknownName
from analytics_platform.catalogue.operations.reporting import SCHEDULE_CREATE, SETTINGS_CHANGE
from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.hosts import Hosts
from analytics_platform.genesys_cloud.reporting import (
    Reporting,
    change_settings,
    create_schedule,
    delete_schedule,
    run_now,
    update_schedule,
    written_fields,
)
from analytics_platform.source.errors import NotFound, QueryRefused, ServerFault
from analytics_platform_tests.genesys_cloud.conftest import QUICK
from analytics_platform_tests.genesys_cloud.scripted import Asked, Reply, Scripted
from analytics_platform_tests.simulated_org import SimulatedOrg

SCHEDULES = "/api/v2/analytics/reporting/schedules"
DAILY = {
    "name": "every morning",
    "reportId": "a-report",
    "quartzCronExpression": "0 0 6 * * ?",
    "interval": "2026-03-02T00:00:00.000Z/2026-03-03T00:00:00.000Z",
    "timeZone": "Europe/Dublin",
    "enabled": True,
    "parameters": {"queueIds": ["a-queue"]},
}


@pytest.fixture
def at() -> Iterator[Callable[[SimulatedOrg], GenesysCloud]]:
    """Clients of orgs."""
    with ExitStack() as clients:

        def enter(org: SimulatedOrg) -> GenesysCloud:
            hosts = Hosts.of(api_url=org.url)
            secret = SecretStr(org.client_secret)
            client = GenesysCloud(hosts, org.client_id, secret, RequestBudget.unlimited(), retries=QUICK)
            return clients.enter_context(client)

        yield enter


def _daily(reporting: Reporting) -> dict[str, Any]:
    """The body of a schedule of a report the org has."""
    return {**DAILY, "reportId": next(reporting.reports())["id"]}


def test_reports_formats_and_periods_are_the_orgs(
    org: SimulatedOrg, at: Callable[[SimulatedOrg], GenesysCloud]
) -> None:
    reporting = Reporting(at(org))
    listed = list(reporting.reports())
    assert listed and len({report["id"] for report in listed}) == len(listed)
    one = reporting.report(listed[-1]["id"])
    assert one["id"] == listed[-1]["id"] and set(one) <= set(model("ReportMetaData").fields)
    for words in (reporting.formats(), reporting.time_periods()):
        assert words and len(set(words)) == len(words) and all(words)
    with pytest.raises(NotFound):
        reporting.report("no-such-report")


def test_a_schedule_from_its_making_to_its_end(org: SimulatedOrg, at: Callable[[SimulatedOrg], GenesysCloud]) -> None:
    client = at(org)
    reporting = Reporting(client)
    before = {schedule["id"] for schedule in reporting.schedules()}
    body = _daily(reporting)

    made = create_schedule(body).send(client)
    schedule_id = made["id"]
    assert {schedule["id"] for schedule in reporting.schedules()} == before | {schedule_id}
    assert {name: reporting.schedule(schedule_id)[name] for name in body} == body

    update_schedule(schedule_id, {**body, "name": "every evening", "enabled": False}).send(client)
    changed = reporting.schedule(schedule_id)
    assert (changed["name"], changed["enabled"], changed["reportId"]) == ("every evening", False, body["reportId"])

    started = run_now(schedule_id).send(client)
    assert set(started) <= set(model("RunNowResponse").fields)
    for told in reporting.history(schedule_id):
        assert reporting.run(schedule_id, told["id"]) == told
        assert set(told) <= set(model("ReportRunEntry").fields)

    assert delete_schedule(schedule_id).send(client) is None
    assert {schedule["id"] for schedule in reporting.schedules()} == before
    with pytest.raises(NotFound):
        reporting.schedule(schedule_id)


def test_what_reports_mask_is_read_and_changed(
    start_org: Callable[..., SimulatedOrg], at: Callable[[SimulatedOrg], GenesysCloud]
) -> None:
    client = at(start_org())
    before = Reporting(client).settings()
    masked = not before["piiMaskingEnabled"]
    change_settings({"piiMaskingEnabled": masked}).send(client)
    assert Reporting(client).settings() == {**before, "piiMaskingEnabled": masked}


def test_an_org_without_the_withdrawn_operations_answers_that_there_is_nothing(
    start_org: Callable[..., SimulatedOrg], at: Callable[[SimulatedOrg], GenesysCloud]
) -> None:
    client = at(start_org(withdrawn=False))
    for asked in (
        lambda: list(Reporting(client).reports()),
        lambda: create_schedule(DAILY).send(client),
        lambda: Reporting(client).latest("any"),
    ):
        with pytest.raises(NotFound):
            asked()


def test_a_list_is_read_to_its_last_page(server: Scripted, client: GenesysCloud) -> None:
    def page(asked: Asked) -> Reply:
        number = int(asked.query["pageNumber"])
        return Reply(json={"entities": [{"id": f"run {number}"}], "pageNumber": number, "pageCount": 3})

    server.on("GET", f"{SCHEDULES}/s/history", page)
    assert [run["id"] for run in Reporting(client).history("s")] == ["run 1", "run 2", "run 3"]


def test_the_newest_run_and_one_run_are_read_by_their_own_paths(server: Scripted, client: GenesysCloud) -> None:
    server.on("GET", f"{SCHEDULES}/s/history/latest", Reply(json={"id": "r2"}))
    server.on("GET", f"{SCHEDULES}/s/history/r1", Reply(json={"id": "r1"}))
    assert (Reporting(client).latest("s"), Reporting(client).run("s", "r1")) == ({"id": "r2"}, {"id": "r1"})


def test_a_locale_is_asked_for_where_it_is_given(server: Scripted, client: GenesysCloud) -> None:
    server.on("GET", "/api/v2/analytics/reporting/r/metadata", Reply(json={"id": "r"}))
    Reporting(client).report("r", "de")
    Reporting(client).report("r")
    assert [asked.query for asked in server.requests("/api/v2/analytics")] == [{"locale": "de"}, {}]


def test_a_new_schedule_is_not_sent_twice_when_nobody_knows_whether_it_was_taken(
    server: Scripted, client: GenesysCloud
) -> None:
    server.on("POST", SCHEDULES, Reply(500, {"message": "Oh no"}))
    with pytest.raises(ServerFault):
        create_schedule(DAILY).send(client)
    assert len(server.requests(SCHEDULES)) == 1


def test_a_change_tells_what_it_would_send() -> None:
    change = update_schedule("a/b c", DAILY)
    assert change.target == f"PUT {SCHEDULES}/a%2Fb%20c"
    assert change.body == DAILY
    assert (delete_schedule("x").body, run_now("x").target) == (None, f"POST {SCHEDULES}/x/runreport")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({**DAILY, "quartzCron": "x"}, "no field of ReportSchedule 'quartzCron'; nearest are quartzCronExpression"),
        ({"name": "x"}, "requires: quartzCronExpression, interval, reportId"),
        ({**DAILY, "reportId": ""}, "requires: reportId"),
        ({**DAILY, "reportId": None}, "requires: reportId"),
        ({**DAILY, "enabled": "yes"}, "enabled takes a boolean, not 'yes'"),
        ({**DAILY, "name": 3}, "name takes a string, not 3"),
        ({**DAILY, "name": True}, "name takes a string, not True"),
        ({**DAILY, "lastRun": {"runStatus": "DONE"}}, "no runStatus 'DONE'"),
        ({**DAILY, "lastRun": {"state": "DONE"}}, "no field of ReportRunEntry 'state'"),
    ],
)
def test_a_body_the_model_does_not_know_is_refused_before_anything_is_sent(body: dict[str, Any], said: str) -> None:
    for made in (lambda: create_schedule(body), lambda: update_schedule("x", body)):
        with pytest.raises((QueryRefused, UnknownName)) as refusal:
            made()
        assert said in str(refusal.value)


@pytest.mark.parametrize("made", [delete_schedule, run_now, lambda given: update_schedule(given, DAILY)])
def test_an_empty_id_is_refused_since_it_would_mean_the_list(made: Callable[[str], object]) -> None:
    with pytest.raises(QueryRefused, match="scheduleId"):
        made("  ")


def test_settings_without_one_to_change_are_refused_with_those_there_are() -> None:
    with pytest.raises(QueryRefused, match="piiMaskingEnabled"):
        change_settings({})


def test_typed_values_become_what_the_fields_take() -> None:
    typed = {"enabled": "false", "name": "12", "parameters": '{"queueIds": ["a"]}', "interval": "P1D"}
    assert written_fields(SCHEDULE_CREATE, typed) == {
        "enabled": False,
        "name": "12",
        "parameters": {"queueIds": ["a"]},
        "interval": "P1D",
    }


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"piiMasking": "true"}, "nearest are piiMaskingEnabled"),
        ({"piiMaskingEnabled": "yes"}, "piiMaskingEnabled takes a boolean, not 'yes'"),
    ],
)
def test_typed_values_that_cannot_be_read_are_refused(typed: dict[str, str], said: str) -> None:
    with pytest.raises((QueryRefused, UnknownName)) as refusal:
        written_fields(SETTINGS_CHANGE, typed)
    assert said in str(refusal.value)
