"""Reports, their schedules and runs, and the settings: what can be asked, changed, and what is refused."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from analytics_platform.catalogue.models import model
from analytics_platform.simulator.api.errors import ApiError
from analytics_platform.simulator.api.reports.cron import Cron
from analytics_platform.simulator.api.statistics.buckets import zone_of
from analytics_platform.simulator.world.instants import iso, parse
from analytics_platform_tests.simulated_org import OrgOptions, SimulatedOrg
from analytics_platform_tests.simulator.asking import Asker, asking

StartOrg = Callable[..., SimulatedOrg]
Record = dict[str, Any]
SCHEDULES = "/reporting/schedules"


@pytest.fixture
def own(start_org: StartOrg) -> Any:
    """A client of an org of the test's own, which it may change."""
    with asking(start_org()) as client:
        yield client


def get(asker: Asker, path: str, **query: Any) -> Any:
    answer = asker.http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refusal(answer: httpx.Response, status: int = 400) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["message"])


def report_called(asker: Asker, name: str) -> Record:
    return next(report for report in get(asker, "/reporting/metadata")["entities"] if report["name"] == name)


def schedule_called(asker: Asker, name: str) -> Record:
    return next(each for each in get(asker, SCHEDULES)["entities"] if each["name"] == name)


def wanted(asker: Asker, **changed: Any) -> Record:
    """A schedule of a report that requires queues, every day at noon."""
    return {
        "name": "of a test",
        "quartzCronExpression": "0 0 12 * * ?",
        "interval": "2026-03-02T00:00:00Z/2026-03-03T00:00:00Z",
        "reportId": report_called(asker, "queueMetrics")["id"],
        "parameters": {"queueIds": ["a"]},
    } | changed


def test_reports_are_listed_and_read_alone_with_their_parameters(asker: Asker) -> None:
    told = get(asker, "/reporting/metadata")
    assert set(told) <= set(model("ReportMetaDataEntityListing").fields)
    assert told["total"] == len(told["entities"]) > 5
    for report in told["entities"]:
        assert set(report) <= set(model("ReportMetaData").fields)
        assert get(asker, f"/reporting/{report['id']}/metadata") == report
        for parameter in report["parameters"]:
            fields = model("Parameter").fields
            assert parameter["parameterType"] in fields["parameterType"].known_values
            assert parameter["domain"] in fields["domain"].known_values
    assert "not found" in refusal(asker.http.get("/reporting/nothing/metadata"), 404)


def test_titles_come_in_the_locale_asked_for(asker: Asker) -> None:
    english = [report["title"] for report in get(asker, "/reporting/metadata")["entities"]]
    german = [report["title"] for report in get(asker, "/reporting/metadata", locale="de")["entities"]]
    assert all(one != two for one, two in zip(english, german, strict=True))
    assert "The locale tlh is not available" in refusal(asker.http.get("/reporting/metadata", params={"locale": "tlh"}))


def test_pages_of_reports_together_are_all(asker: Asker) -> None:
    whole = get(asker, "/reporting/metadata")["entities"]
    pages = [get(asker, "/reporting/metadata", pageSize=3, pageNumber=number) for number in (1, 2, 3)]
    assert [report for page in pages for report in page["entities"]] == whole
    assert "nextUri" in pages[0]
    assert "nextUri" not in pages[2]


def test_formats_and_periods_are_words(asker: Asker) -> None:
    for path in ("reportformats", "timeperiods"):
        told = get(asker, f"/reporting/{path}")
        assert told
        assert all(isinstance(word, str) for word in told)


def test_an_org_has_schedules_from_the_start_the_same_each_time(asker: Asker, own: Asker) -> None:
    told = get(asker, SCHEDULES)["entities"]
    assert told == get(own, SCHEDULES)["entities"]
    assert len(told) == 4
    for schedule in told:
        assert set(schedule) <= set(model("ReportSchedule").fields)
        assert get(asker, f"{SCHEDULES}/{schedule['id']}") == schedule
        assert ("nextFireTime" in schedule) == schedule["enabled"] == ("lastRun" in schedule)


def test_history_has_a_run_for_each_time_of_the_cron_up_to_the_clock(org: SimulatedOrg, asker: Asker) -> None:
    schedule = schedule_called(asker, "Queues every morning")
    path = f"{SCHEDULES}/{schedule['id']}"
    told = get(asker, f"{path}/history")
    assert [run["runTime"] for run in told["entities"]] == [
        *(f"2026-03-{day:02d}T06:00:00Z" for day in (6, 5, 4, 3, 2, 1)),
        *(f"2026-02-{day}T06:00:00Z" for day in (28, 27, 26, 25, 24, 23)),
    ]
    assert schedule["nextFireTime"] == "2026-03-07T06:00:00Z"
    assert schedule["lastRun"] == told["entities"][0] == get(asker, f"{path}/history/latest")
    statuses = model("ReportRunEntry").fields["runStatus"].known_values
    for run in told["entities"]:
        assert set(run) <= set(model("ReportRunEntry").fields)
        assert run["runStatus"] in statuses
        assert get(asker, f"{path}/history/{run['id']}") == run
    org.set_now("2026-03-07T06:00:01Z")
    running = get(asker, path)["lastRun"]
    assert (running["runTime"], running["runStatus"]) == ("2026-03-07T06:00:00Z", "RUNNING")
    assert get(asker, f"{path}/history/latest") == told["entities"][0]
    assert get(asker, path)["nextFireTime"] == "2026-03-08T06:00:00Z"


def test_a_schedule_lives_from_creation_to_deletion(own: Asker) -> None:
    made = own.http.post(SCHEDULES, json=wanted(own, id="not mine to say", dateCreated="2020-01-01T00:00:00Z"))
    assert made.status_code == 200, made.text
    schedule = made.json()
    path = f"{SCHEDULES}/{schedule['id']}"
    assert wanted(own).items() <= schedule.items()
    assert schedule["dateCreated"] == schedule["dateModified"] == OrgOptions.now
    assert schedule["nextFireTime"] == "2026-03-07T12:00:00Z"
    assert get(own, SCHEDULES)["entities"][-1] == get(own, path) == schedule
    assert get(own, f"{path}/history")["entities"] == []
    assert "not found" in refusal(own.http.get(f"{path}/history/latest"), 404)
    changed = own.http.put(path, json={**schedule, "name": "changed", "timeZone": "Europe/Berlin"}).json()
    assert (changed["id"], changed["name"], changed["nextFireTime"]) == (
        schedule["id"],
        "changed",
        "2026-03-07T11:00:00Z",
    )
    stopped = own.http.put(path, json=wanted(own, enabled=False)).json()
    assert "nextFireTime" not in stopped
    assert own.http.delete(path).status_code == 204
    for method in ("GET", "DELETE"):
        assert "not found" in refusal(own.http.request(method, path), 404)
    assert "not found" in refusal(own.http.put(path, json=wanted(own)), 404)


def test_what_ran_stays_when_a_schedule_is_changed(own: Asker) -> None:
    schedule = schedule_called(own, "Queues every morning")
    path = f"{SCHEDULES}/{schedule['id']}"
    before = [run["id"] for run in get(own, f"{path}/history")["entities"]]
    own.http.put(path, json={**schedule, "enabled": False}).raise_for_status()
    assert [run["id"] for run in get(own, f"{path}/history")["entities"]] == before


def test_a_report_run_now_is_running_and_then_completed(own: Asker) -> None:
    schedule = schedule_called(own, "Statuses, no longer wanted")
    path = f"{SCHEDULES}/{schedule['id']}"
    answer = own.http.post(f"{path}/runreport")
    assert answer.status_code == 202
    told = answer.json()
    assert set(told) == set(model("RunNowResponse").fields)
    assert told["name"] == schedule["name"]
    seen = [get(own, f"{path}/history/{told['id']}") for _ in range(2)]
    assert [run["runStatus"] for run in seen] == ["RUNNING", "COMPLETED"]
    assert get(own, f"{path}/history")["entities"] == [seen[1]]
    assert get(own, f"{path}/history/latest") == get(own, path)["lastRun"] == seen[1]
    assert "not found" in refusal(own.http.get(f"{path}/history/nothing"), 404)
    assert "not found" in refusal(own.http.post(f"{SCHEDULES}/nothing/runreport"), 404)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"quartzCronExpression": None}, "quartzCronExpression may not be null"),
        ({"interval": None}, "interval may not be null"),
        ({"reportId": None}, "reportId may not be null"),
        ({"reportId": "nothing"}, "There is no report nothing"),
        ({"quartzCronExpression": "0 6 * * *"}, "Invalid quartzCronExpression"),
        ({"interval": "yesterday"}, "Invalid interval"),
        ({"timeZone": "Mars/Olympus"}, "Invalid time zone"),
        ({"reportFormat": "TELEX"}, "Value [TELEX] is not valid for field type [ReportFormat]"),
        ({"timePeriod": "SOON"}, "Value [SOON] is not valid for field type [TimePeriod]"),
        ({"locale": "tlh"}, "The locale tlh is not available"),
        ({"parameters": {"queueIds": ["a"], "weather": "fine"}}, "has no parameter weather"),
        ({"parameters": ["queueIds"]}, "is not a valid object"),
        ({"colour": "red"}, 'Unrecognized field "colour"'),
    ],
)
def test_a_schedule_that_is_not_right_is_refused(asker: Asker, changed: Record, words: str) -> None:
    assert words in refusal(asker.http.post(SCHEDULES, json=wanted(asker, **changed)))
    path = f"{SCHEDULES}/{schedule_called(asker, 'Queues every morning')['id']}"
    assert words in refusal(asker.http.put(path, json=wanted(asker, **changed)))


def test_settings_are_told_and_changed_one_by_one(own: Asker) -> None:
    before = get(own, "/reporting/settings")
    assert before == dict.fromkeys(model("AnalyticsReportingSettings").fields, False)
    changed = own.http.patch("/reporting/settings", json={"piiMaskingEnabled": True})
    assert changed.json() == get(own, "/reporting/settings") == before | {"piiMaskingEnabled": True}
    assert "is not a valid boolean" in refusal(own.http.patch("/reporting/settings", json={"piiMaskingEnabled": "no"}))


@pytest.mark.parametrize(
    ("expression", "zone", "after", "times"),
    [
        ("0 0 6 * * ?", "UTC", "2026-03-01T06:00:00Z", ["2026-03-02T06:00:00Z", "2026-03-03T06:00:00Z"]),
        ("0 0/20 9-10 ? * MON-FRI", "UTC", "2026-03-06T10:30:00Z", ["2026-03-06T10:40:00Z", "2026-03-09T09:00:00Z"]),
        ("30 5,35 * 31 * ?", "UTC", "2026-03-31T23:05:30Z", ["2026-03-31T23:35:30Z", "2026-05-31T00:05:30Z"]),
        ("0 0 0 29 FEB ? *", "UTC", "2026-01-01T00:00:00Z", ["2028-02-29T00:00:00Z"]),
        ("0 0 8 ? * 2", "Europe/Berlin", "2026-03-23T07:00:00Z", ["2026-03-30T06:00:00Z", "2026-04-06T06:00:00Z"]),
        ("0 0 12 1 1 ? 2027", "UTC", "2026-01-01T00:00:00Z", ["2027-01-01T12:00:00Z"]),
    ],
)
def test_the_times_of_an_expression(expression: str, zone: str, after: str, times: list[str]) -> None:
    cron = Cron.parse(expression, zone_of(zone))
    instant = parse(after)
    for wanted_ in times:
        following = cron.after(instant)
        assert following is not None
        assert iso(following) == wanted_
        instant = following
    assert [iso(time) for time in cron.until(instant, parse(after))] == times[::-1]


@pytest.mark.parametrize(
    "expression",
    ["", "0 6 * * *", "0 0 6 * * *", "0 0 6 ? * ?", "0 0 25 * * ?", "0 0 6 L * ?", "0 0 6 ? * 6#3", "x 0 6 * * ?"],
)
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(ApiError, match="Invalid quartzCronExpression"):
        Cron.parse(expression, zone_of(None))
