"""The UI in a real browser: after landing, a person sees partitions and their state, columns, lineage and checks."""

import os
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analytics_platform.catalogue.operations import operation
from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.catalogue.turns import RAW as RAW_TURNS
from analytics_platform.catalogue.turns import TABLES as TURN_TABLES
from analytics_platform.defs.aggregates import AggregateConfig
from analytics_platform_tests.defs.conftest import Deployed
from analytics_platform_tests.defs.deployment import MISSING, installed
from analytics_platform_tests.defs.snapshot_runs import early_in_an_hour

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.skipif(not installed(), reason=MISSING),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium, chromium-browser or google-chrome is on the PATH"),
]
DAYS = [date(2026, 3, 2), date(2026, 3, 3)]
DAILY = [
    *("conversation_aggregates_raw", "conversation_aggregates"),
    *("export_queues_raw", "export_queues"),
    *(table.name for table in (RAW_TURNS, *TURN_TABLES)),
]
OBSERVED = ["queue_observations_raw", "queue_observations"]
JOBS = [
    *("query_conversations", "query_conversations_by_ids", "query_users", "query_transcripts", "index_property"),
    *("reporting_create_schedule", "reporting_run_schedule_now", "reporting_change_settings", "capability_probe"),
]
AUTOMATIONS = [
    *("daily_conversations_availability", "daily_conversations_upkeep", "daily_users_availability", "exports_finished"),
    *("observations", "listings", "capability_probe_daily", "Every hour", "At 03:00 AM UTC"),
]
LOCATION = "/locations/analytics_platform.definitions"


@pytest.fixture(scope="module")
def today() -> date:
    """The UTC day of the snapshots, not soon over."""
    return early_in_an_hour().date()


@pytest.fixture(scope="module")
def page(deployed: Deployed, today: date) -> "Iterator[Page]":
    """A browser's page beside a deployment in which two days of conversations have landed, raw and typed, their
    aggregates, an export and bot turns beside them, and a snapshot of the queues of today."""
    from playwright.sync_api import sync_playwright

    workplace = deployed.ui.workplace
    if not set(DAYS) <= set(workplace.lake.days("conversation_details")):
        assert workplace.land(CONVERSATION_DETAILS, DAYS).success
    assert workplace.make(CONVERSATION_DETAILS, DAYS).success
    assert workplace.run(DAILY, DAYS).success
    assert workplace.run(OBSERVED, [today]).success
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        page = browser.new_page(base_url=deployed.ui.url, viewport={"width": 1500, "height": 1000})
        page.set_default_timeout(60_000)
        yield page
        browser.close()


def seen(page: "Page", path: str, *texts: str) -> None:
    """Open a page of the UI and wait until each text is seen; a picture is kept where SCREENSHOTS names a folder."""
    page.goto(path)
    for text in texts:
        page.get_by_text(text).first.wait_for()
    if folder := os.environ.get("SCREENSHOTS"):
        name = re.sub(r"\W+", "-", path).strip("-")
        page.screenshot(path=Path(folder) / f"{name}.png")


def _materialized(page: "Page") -> int:
    """How many partitions the opened partitions page says have landed."""
    told = page.get_by_text("Materialized (").first.inner_text()
    return int(told.removeprefix("Materialized (").removesuffix(")"))


def test_the_partitions_page_shows_the_days_and_their_state(page: "Page") -> None:
    seen(page, "/assets/conversation_details?view=partitions", "2026-03-02", "Missing (", "Failed (0)")
    assert _materialized(page) >= len(DAYS)


def test_the_page_of_a_day_tells_its_manifest(page: "Page") -> None:
    path = "/assets/conversation_details?view=partitions&partition=2026-03-03"
    seen(page, path, "2026-03-03", "Materialized", "state", "watermark", "job_ids", "home_days", "checksum")


def test_the_overview_shows_description_columns_and_owner(page: "Page") -> None:
    seen(page, "/assets/conversations?view=overview", "One row a conversation", "conversation_id", "data-engineering")


def test_the_checks_page_shows_that_the_checks_passed(page: "Page") -> None:
    seen(page, "/assets/participants?view=checks", "children_have_parents", "unique_keys", "Passed")


def test_the_group_shows_the_way_from_raw_to_the_tables(page: "Page") -> None:
    group = f"{LOCATION}/asset-groups/conversation_details/lineage"
    seen(page, group, "conversations", "participants", "sessions", "segments", "session_metrics")


def test_the_partitions_of_aggregates_are_counted_and_a_day_tells_what_was_asked(page: "Page") -> None:
    seen(page, "/assets/conversation_aggregates?view=partitions", "2026-03-02", "Missing (", "Failed (0)")
    assert _materialized(page) == len(DAYS)
    path = "/assets/conversation_aggregates?view=partitions&partition=2026-03-03"
    seen(page, path, "complete", "watermark", "answers", "question", "interval", "2026-03-03T00:00:00.000Z/2026-03-04")
    page.get_by_text("[Show JSON]").first.click()
    page.get_by_text('"queueId"').first.wait_for()


def test_what_an_aggregate_can_be_asked_stands_in_its_config_schema_with_descriptions(page: "Page") -> None:
    seen(page, "/assets/conversation_aggregates?view=overview", "Metrics of conversations by bucket", "interval_start")
    page.get_by_text("Compute details").click()
    page.get_by_text("View config details").click()
    schema = page.get_by_role("dialog")
    for name, field in AggregateConfig.model_fields.items():
        assert field.description
        schema.get_by_text(name, exact=True).wait_for()
        schema.get_by_text(field.description).wait_for()


def test_the_snapshots_of_today_tell_their_ticks_and_are_checked_for_missing_ones(page: "Page", today: date) -> None:
    path = f"/assets/queue_observations?view=partitions&partition={today}"
    seen(page, path, "Materialized", "snapshots", "ticks")
    assert _materialized(page) == 1
    path = "/assets/queue_observations?view=checks&checkDetail=ticks_missing"
    seen(page, path, "ticks_missing", "A snapshot was taken every", "Passed")


def test_a_day_of_an_export_tells_its_file_and_its_end(page: "Page") -> None:
    path = "/assets/export_queues?view=partitions&partition=2026-03-03"
    seen(page, path, "export_id", "export_queues_files/day=2026-03-03/export.csv", "file_rows", "COMPLETED", "headings")
    assert _materialized(page) == len(DAYS)
    seen(page, "/assets/export_queues?view=overview", "View QUEUE_PERFORMANCE_SUMMARY_VIEW as CSV, by PT1H.")


def test_a_day_of_bot_turns_tells_how_many_each_flow_had(page: "Page") -> None:
    seen(page, "/assets/bot_turns?view=partitions&partition=2026-03-03", "complete", "bot_flows", "question")
    assert _materialized(page) == len(DAYS)
    seen(page, "/assets/bot_turns?view=checks", "unique_keys", "one_question", "Passed")


def test_an_asset_that_the_org_does_not_serve_says_so_and_why(page: "Page") -> None:
    seen(page, "/assets/report_schedules?view=overview", "Never scheduled.", "not_served_because")
    why = page.get_by_text("Never scheduled.").first.inner_text()
    assert operation("schedules.list").path in why
    seen(page, "/assets/reporting_settings?view=overview", "Whether reports mask personal data", "served")
    assert page.get_by_text("Never scheduled.").count() == 0


def test_the_jobs_page_lists_what_a_person_can_start(page: "Page") -> None:
    seen(page, "/jobs", *JOBS)
    seen(page, f"{LOCATION}/jobs/query_conversations", "Asks page by page and writes each as it comes")


def test_the_sensors_page_says_what_each_sensor_does(page: "Page") -> None:
    seen(page, "/automation", "conversation_details_availability", "user_statuses_home_days")
    seen(page, "/automation", *AUTOMATIONS)
    path = f"{LOCATION}/sensors/daily_conversations_availability"
    seen(page, path, "Requests each day of", "conversation_aggregates", "export_queues", "bot_turns")
