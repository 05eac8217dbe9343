"""The job `rebuild`, and what a release that knows more leads to by itself."""

import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.definitions import platform
from analytics_platform.landing.home_days import stale_home_days
from analytics_platform_tests.defs.ticks import Ticks
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.landing import older_release
from analytics_platform_tests.simulated_org import OrgOptions, SimulatedOrg

DAYS = date(2026, 3, 2), date(2026, 3, 3)
TYPED = [table.name for table in CONVERSATION_DETAILS.tables]


@pytest.fixture(scope="module")
def filled(session_org: SimulatedOrg, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake that a release filled which knew less."""
    session_org.reset()
    session_org.set_now(OrgOptions.now)
    script, folder = Path(older_release.__file__), tmp_path_factory.mktemp("older")
    arguments = [session_org.url, str(folder), *map(str, DAYS)]
    subprocess.run([sys.executable, str(script), *arguments], check=True, cwd=script.parents[2])
    return folder / "lake"


@pytest.fixture
def upgraded(filled: Path, workplace: Workplace, org: SimulatedOrg) -> Workplace:
    """A deployment with that lake, in which nothing has landed since."""
    shutil.copytree(filled, workplace.folder / "lake")
    return workplace


def rebuild(workplace: Workplace, **config: Any) -> dg.ExecuteInProcessResult:
    with workplace.entered() as settings, workplace.instance() as instance:
        job = platform(settings).resolve_job_def("rebuild")
        return job.execute_in_process(
            run_config={"ops": {"make_anew": {"config": config}}}, instance=instance, raise_on_error=False
        )


def test_the_job_makes_what_raw_holds_without_an_org_and_shows_each_day(upgraded: Workplace, org: SimulatedOrg) -> None:
    for name in ("API_URL", "OAUTHCLIENT_ID", "OAUTHCLIENT_SECRET"):
        upgraded.set(f"GENESYSCLOUD_{name}", "")
    done = rebuild(upgraded, streams=["conversations", "conversation_aggregates"], last_day=str(DAYS[0]))
    assert done.success and org.requests()["total"] == 0
    shown = {
        (str(event.asset_key.to_user_string()), event.partition)
        for event in done.all_events
        if event.is_step_materialization and event.asset_key
    }
    assert {(name, str(DAYS[0])) for name in (*TYPED, "conversation_aggregates")} <= shown
    assert not {day for _, day in shown if day and day > str(DAYS[0])}
    assert "originating_direction" in upgraded.lake.read("conversations", DAYS[0]).column_names
    assert [home.day for home in stale_home_days(CONVERSATION_DETAILS, upgraded.lake)] == [DAYS[1]]


def test_an_unknown_stream_fails_in_a_sentence(workplace: Workplace) -> None:
    done = rebuild(workplace, streams=["conversatoins"])
    (event,) = [event for event in done.all_events if event.is_step_failure]
    assert "There is no stream with raw in the lake 'conversatoins'" in str(event.step_failure_data.error)


def test_a_release_that_knows_more_asks_for_its_home_days_where_nothing_lands(
    upgraded: Workplace, org: SimulatedOrg
) -> None:
    ticks = Ticks(upgraded)
    assert ticks.look("conversations_home_days").skip_message == "No day has landed since the last look."
    asked = [key for key in ticks.requested("conversation_details_upkeep") if key.startswith("stale")]
    assert asked == [f"stale {DAYS[0]}..{DAYS[1]}"], "days before the first partition are made with it"
    assert upgraded.make(CONVERSATION_DETAILS, DAYS).success
    assert stale_home_days(CONVERSATION_DETAILS, upgraded.lake) == []
    assert not [key for key in ticks.requested("conversation_details_upkeep") if key.startswith("stale")]
    assert not org.requests()["submits"], "nothing was asked of the org but how late it is"
