"""`reports`, `schedules` and `settings`: the org's reports looked at, and changed only when it is meant."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analytics_platform_tests.cli.conftest import Run
from analytics_platform_tests.simulated_org import SimulatedOrg

FIELDS = ("quartzCronExpression=0 0 6 * * ?", "interval=2026-03-02T00:00:00.000Z/2026-03-03T00:00:00.000Z")


@pytest.fixture
def name_org(monkeypatch: pytest.MonkeyPatch, run: Run) -> Callable[[SimulatedOrg], None]:
    """Makes an org the one the settings name."""

    def name(org: SimulatedOrg) -> None:
        monkeypatch.setenv("GENESYSCLOUD_REGION", "")
        monkeypatch.setenv("GENESYSCLOUD_API_URL", org.url)
        monkeypatch.setenv("GENESYSCLOUD_OAUTHCLIENT_ID", org.client_id)
        monkeypatch.setenv("GENESYSCLOUD_OAUTHCLIENT_SECRET", org.client_secret)
        monkeypatch.setenv("COLUMNS", "300")

    return name


@pytest.fixture
def named(org: SimulatedOrg, name_org: Callable[[SimulatedOrg], None]) -> SimulatedOrg:
    """The session's org, named by the settings."""
    name_org(org)
    return org


def _told(run: Run, *words: str, input: str | None = None) -> str:
    done = run(*words, input=input)
    assert done.exit_code == 0, done.output
    return str(done.output)


def _json(run: Run, *words: str) -> Any:
    return json.loads(_told(run, *words, "--json"))


def _created(run: Run) -> str:
    report = _json(run, "reports", "list")[0]["id"]
    fields = (f"reportId={report}", *FIELDS, 'parameters={"queueIds": ["a-queue"]}', "name=mornings")
    return str(json.loads(_told(run, "schedules", "create", *fields))["id"])


def test_reports_are_listed_and_shown_as_tables_and_as_json(named: SimulatedOrg, run: Run) -> None:
    listed = _json(run, "reports", "list")
    table = _told(run, "reports", "list")
    assert listed and all(report["id"] in table for report in listed)
    assert _json(run, "reports", "show", listed[0]["id"])["id"] == listed[0]["id"]
    assert listed[0]["id"] in _told(run, "reports", "show", listed[0]["id"])
    for words in ("formats", "periods"):
        assert _told(run, "reports", words).splitlines() == _json(run, "reports", words) != []


def test_a_schedule_is_created_listed_changed_run_and_deleted(named: SimulatedOrg, run: Run) -> None:
    schedule = _created(run)
    assert schedule in {each["id"] for each in _json(run, "schedules", "list")}
    now = _json(run, "schedules", "show", schedule)
    assert now["name"] == "mornings" and "mornings" in _told(run, "schedules", "show", schedule)
    _told(run, "schedules", "update", schedule, "--yes", "--body", json.dumps(now), "enabled=false")
    assert _json(run, "schedules", "show", schedule)["enabled"] is False
    _told(run, "schedules", "run-now", schedule)
    for told in _json(run, "schedules", "history", schedule):
        assert _json(run, "schedules", "run", schedule, told["id"]) == told
    _told(run, "schedules", "delete", schedule, "--yes")
    gone = run("schedules", "show", schedule)
    assert gone.exit_code == 1 and "404" in gone.output and len(gone.output.splitlines()) == 1


def test_deleting_asks_first_and_a_no_leaves_everything(named: SimulatedOrg, run: Run) -> None:
    schedule = _created(run)
    refused = run("schedules", "delete", schedule, input="n\n")
    assert refused.exit_code == 1 and f"/schedules/{schedule}?" in refused.output
    assert run("schedules", "delete", schedule, input="").exit_code == 1, "nobody there to ask is a no"
    assert _json(run, "schedules", "show", schedule)["id"] == schedule
    assert "Done: DELETE" in _told(run, "schedules", "delete", schedule, input="y\n")
    assert schedule not in {each["id"] for each in _json(run, "schedules", "list")}


@pytest.mark.parametrize(
    ("words", "sent", "body"),
    [
        (
            ("schedules", "create", "reportId=r", "enabled=true", *FIELDS),
            "POST /api/v2/analytics/reporting/schedules",
            {"reportId": "r", "enabled": True, **dict(field.split("=") for field in FIELDS)},
        ),
        (
            ("schedules", "update", "s", "--body", '{"reportId": "old", "interval": "i"}', "reportId=r", FIELDS[0]),
            "PUT /api/v2/analytics/reporting/schedules/s",
            {"reportId": "r", "interval": "i", "quartzCronExpression": "0 0 6 * * ?"},
        ),
        (("schedules", "delete", "s"), "DELETE /api/v2/analytics/reporting/schedules/s", None),
        (("schedules", "run-now", "s"), "POST /api/v2/analytics/reporting/schedules/s/runreport", None),
        (
            ("settings", "change", "piiMaskingEnabled=true"),
            "PATCH /api/v2/analytics/reporting/settings",
            {"piiMaskingEnabled": True},
        ),
    ],
    ids=lambda given: " ".join(given[:2]) if isinstance(given, tuple) else "",
)
def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(
    named: SimulatedOrg, run: Run, words: tuple[str, ...], sent: str, body: dict[str, Any] | None
) -> None:
    first, _, rest = _told(run, *words, "--dry-run").partition("\n")
    assert first == f"Nothing was sent. It would be {sent}{'' if body is None else ' with'}"
    assert (json.loads(rest) if rest else None) == body
    assert named.requests()["total"] == 0


def test_a_body_may_lie_in_a_file(named: SimulatedOrg, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "schedule.json"
    file.write_text(json.dumps({"reportId": "r", **dict(field.split("=") for field in FIELDS)}))
    assert '"reportId": "r"' in _told(run, "schedules", "create", "--dry-run", "--body", str(file))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("schedules", "create", "reportld=r"), "nearest are reportId"),
        (("schedules", "create", "reportId=r"), "requires: quartzCronExpression, interval"),
        (("schedules", "create", "reportId"), "write name=value"),
        (("schedules", "create", "--body", "{"), "The body is not JSON"),
        (("schedules", "create", "--body", "[]"), "The body cannot be read from []"),
        (("schedules", "create", "--body", "nowhere.json"), "The body cannot be read from nowhere.json"),
        (("settings", "change", "piiMaskingEnabled=maybe"), "takes a boolean"),
        (("settings", "change", "piiMasking=true"), "nearest are piiMaskingEnabled"),
    ],
)
def test_what_cannot_be_sent_is_one_sentence_before_any_request(
    named: SimulatedOrg, run: Run, words: tuple[str, ...], said: str
) -> None:
    refused = run(*words)
    assert refused.exit_code == 1 and said in refused.output
    assert len(refused.output.splitlines()) == 1
    assert named.requests()["total"] == 0


def test_settings_are_shown_and_changed(
    start_org: Callable[..., SimulatedOrg], name_org: Callable[[SimulatedOrg], None], run: Run
) -> None:
    name_org(start_org())
    before = _json(run, "settings", "show")
    wanted = str(not before["piiMaskingEnabled"]).lower()
    assert run("settings", "change", f"piiMaskingEnabled={wanted}", input="n\n").exit_code == 1
    assert _json(run, "settings", "show") == before
    _told(run, "settings", "change", f"piiMaskingEnabled={wanted}", "--yes")
    assert _json(run, "settings", "show")["piiMaskingEnabled"] is not before["piiMaskingEnabled"]
    assert "piiMaskingEnabled" in _told(run, "settings", "show")


def test_an_org_that_lacks_what_the_vendor_withdrew_is_told_so(
    start_org: Callable[..., SimulatedOrg], name_org: Callable[[SimulatedOrg], None], run: Run
) -> None:
    name_org(start_org(withdrawn=False))
    refused = run("schedules", "list")
    assert refused.exit_code == 1 and len(refused.output.splitlines()) == 1
    assert "404" in refused.output and "withdrew" in refused.output and "analytics-platform check" in refused.output
    run("check")
    assert "This org does not answer GET /api/v2/analytics/reporting/schedules" in run("schedules", "list").output
