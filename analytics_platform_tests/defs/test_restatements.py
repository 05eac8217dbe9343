"""What the vendor changed of days it had told before, as Dagster and SQL show it."""

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, USER_DETAILS
from analytics_platform.lake import Lake
from analytics_platform.lake.views import connect, named
from analytics_platform_tests.defs.test_checks import verdict
from analytics_platform_tests.defs.ticks import Ticks
from analytics_platform_tests.defs.workplace import CHECKOUT, Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

DAY, NEXT = date(2026, 3, 2), date(2026, 3, 3)
RAW, RESTATEMENTS = CONVERSATION_DETAILS.raw.name, CONVERSATION_DETAILS.restatements.name
SOON, LATER = "2026-03-06T00:00:00Z", "2026-03-12T00:00:00Z"


@pytest.fixture
def changing_org(start_org: Callable[..., SimulatedOrg]) -> SimulatedOrg:
    """20 conversations a day, of which nothing changes by itself."""
    return start_org(conversations_per_day=20, late_changes=False, now=SOON, assume=["pending_looks=0"])


@pytest.fixture
def corrected(changing_org: SimulatedOrg, tmp_path: Path) -> Workplace:
    """A day has landed, and the vendor has changed five of its conversations since."""
    workplace = Workplace(tmp_path, changing_org.url)
    assert workplace.land(CONVERSATION_DETAILS, [DAY, NEXT]).success
    changing_org.change("correct", conversations=changing_org.truth_conversation_ids(DAY, DAY)[:5], at=LATER)
    changing_org.set_now(LATER)
    return workplace


def recorded(workplace: Workplace) -> set[str]:
    with workplace.instance() as instance:
        return set(instance.get_materialized_partitions(dg.AssetKey(RESTATEMENTS)))


def shown(workplace: Workplace, asset: str) -> dict[str, object]:
    """The metadata of an asset's last materialization."""
    with workplace.instance() as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(asset))
    assert event is not None and event.asset_materialization is not None
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def test_a_day_read_again_tells_its_differences_in_metadata_check_and_sql(corrected: Workplace) -> None:
    first = verdict(corrected, RAW, "restated")
    assert first.passed and first.metadata["days_read_again"].value == 0
    assert recorded(corrected) == set()
    assert corrected.land(CONVERSATION_DETAILS, [DAY]).success

    assert recorded(corrected) == {str(DAY)}
    for asset in (RAW, RESTATEMENTS):
        told = shown(corrected, asset)
        assert (told["restated_added"], told["restated_changed"], told["restated_removed"]) == (0, 5, 0)
    warned = verdict(corrected, RAW, "restated")
    assert not warned.passed and warned.severity == dg.AssetCheckSeverity.WARN
    assert warned.metadata["days_read_again"].value == 1 and warned.metadata["restated_changed"].value == 5
    rows = len(corrected.lake.read(RAW, DAY))
    assert warned.metadata["days_above"].value == {str(DAY): f"5 of {rows}"}
    assert warned.metadata["changed_fields"].value == told["restated_fields"]
    corrected.set("ANALYTICS_PLATFORM_RESTATED_WARN_SHARE", 0.5)
    assert verdict(corrected, RAW, "restated").passed

    with connect(corrected.lake) as database:
        asked = "SELECT stream, day, kind, count(*) FROM restatements WHERE as_of >= '2026-03-12' GROUP BY ALL"
        assert database.execute(asked).fetchall() == [("conversation_details", DAY, "changed", 5)]


def test_a_run_killed_while_it_publishes_loses_and_doubles_no_difference(corrected: Workplace) -> None:
    command = [sys.executable, "-m", "analytics_platform_tests.defs.die_at", RAW, str(DAY), RAW]
    quiet = subprocess.DEVNULL
    killed = subprocess.run(command, env=corrected.environment, cwd=CHECKOUT, stdout=quiet, stderr=quiet)
    assert killed.returncode == -signal.SIGKILL and corrected.lake.days(RESTATEMENTS) == [DAY]
    with corrected.instance() as instance:
        for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
            instance.report_run_failed(run)
    events = Ticks(corrected).look("conversation_details_upkeep").asset_events
    # What Dagster was not told of is recorded by upkeep.
    assert [(event.asset_key.to_user_string(), event.partition) for event in events] == [(RESTATEMENTS, str(DAY))]
    assert corrected.land(CONVERSATION_DETAILS, [DAY]).success
    rows = corrected.lake.read(RESTATEMENTS, DAY).to_pylist()
    assert len({row["conversation_id"] for row in rows}) == len(rows) == 5 and recorded(corrected) == {str(DAY)}
    raw = corrected.lake.manifest(RAW, DAY)
    assert raw is not None and raw.facts["restated_changed"] == 5


def test_the_view_shows_all_streams_also_where_no_links_can_be_made(
    corrected: Workplace, changing_org: SimulatedOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lake, "snapshot", lambda lake, partitions: None)
    with connect(corrected.lake) as database, pytest.raises(duckdb.CatalogException):
        database.execute("FROM restatements")
    changing_org.arm("record_unknown_field", "users.results")  # a user of whom nobody tells later
    assert corrected.land(USER_DETAILS, [DAY]).success
    for stream in (CONVERSATION_DETAILS, USER_DETAILS):
        assert corrected.land(stream, [DAY]).success
    asked = "SELECT stream, kind, count(conversation_id), count(user_id) FROM restatements GROUP BY ALL ORDER BY 1"
    with connect(corrected.lake, named(corrected.lake, asked)) as database:
        assert database.execute(asked).fetchall() == [
            ("conversation_details", "changed", 5, 0),
            ("user_details", "removed", 0, 1),
        ]
