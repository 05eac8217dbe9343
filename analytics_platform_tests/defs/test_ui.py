"""The UI in a real browser: after landing, a person sees partitions and their state, columns, lineage and checks."""

import os
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform_tests.defs.conftest import Deployed
from analytics_platform_tests.defs.deployment import MISSING, installed

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.skipif(not installed(), reason=MISSING),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium, chromium-browser or google-chrome is on the PATH"),
]
DAYS = [date(2026, 3, 2), date(2026, 3, 3)]


@pytest.fixture(scope="module")
def page(deployed: Deployed) -> "Iterator[Page]":
    """A browser's page beside a deployment in which two days of conversations have landed, raw and typed."""
    from playwright.sync_api import sync_playwright

    workplace = deployed.ui.workplace
    if not set(DAYS) <= set(workplace.lake.days("conversation_details")):
        assert workplace.land(CONVERSATION_DETAILS, DAYS).success
    assert workplace.make(CONVERSATION_DETAILS, DAYS).success
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


def test_the_partitions_page_shows_the_days_and_their_state(page: "Page") -> None:
    seen(page, "/assets/conversation_details?view=partitions", "2026-03-02", "Missing (", "Failed (0)")
    landed = page.get_by_text("Materialized (").first.inner_text()
    assert int(landed.removeprefix("Materialized (").removesuffix(")")) >= len(DAYS)


def test_the_page_of_a_day_tells_its_manifest(page: "Page") -> None:
    path = "/assets/conversation_details?view=partitions&partition=2026-03-03"
    seen(page, path, "2026-03-03", "Materialized", "state", "watermark", "job_ids", "home_days", "checksum")


def test_the_overview_shows_description_columns_and_owner(page: "Page") -> None:
    seen(page, "/assets/conversations?view=overview", "One row a conversation", "conversation_id", "data-engineering")


def test_the_checks_page_shows_that_the_checks_passed(page: "Page") -> None:
    seen(page, "/assets/participants?view=checks", "children_have_parents", "unique_keys", "Passed")


def test_the_group_shows_the_way_from_raw_to_the_tables(page: "Page") -> None:
    group = "/locations/analytics_platform.definitions/asset-groups/conversation_details/lineage"
    seen(page, group, "conversations", "participants", "sessions", "segments", "session_metrics")


def test_the_sensors_page_says_what_each_sensor_does(page: "Page") -> None:
    seen(page, "/automation", "conversation_details_availability", "user_statuses_home_days")
