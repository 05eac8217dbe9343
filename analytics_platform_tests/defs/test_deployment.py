"""Web server and daemon as processes: a backfill asked for in the UI, sensors switched on, a failure told."""

from datetime import date, datetime

import dagster as dg
import pytest

from analytics_platform.catalogue.streams import USER_DETAILS
from analytics_platform.defs.partitions import RANGE_END, RANGE_START, days_between
from analytics_platform.defs.requests import REASON_TAG
from analytics_platform.defs.snapshots import TICK_TAG
from analytics_platform.landing.ticks import ticks_of
from analytics_platform_tests.defs.conftest import Deployed
from analytics_platform_tests.defs.deployment import MISSING, installed
from analytics_platform_tests.defs.expected import assert_same, expected_statuses, rows_of
from analytics_platform_tests.defs.webhook import SECRET_PATH
from analytics_platform_tests.waiting import wait_until

pytestmark = pytest.mark.skipif(not installed(), reason=MISSING)
DAYS = days_between(date(2026, 3, 2), date(2026, 3, 6))


def test_a_backfill_of_five_days_is_one_run(deployed: Deployed) -> None:
    ui, workplace = deployed.ui, deployed.ui.workplace
    deployed.org.clear_requests()
    backfill = ui.backfill(["conversation_details"], DAYS)
    assert wait_until(lambda: ui.finished(backfill), "the end of the backfill", seconds=240) == "COMPLETED_SUCCESS"
    with workplace.instance() as instance:
        (run,) = instance.get_runs(dg.RunsFilter(tags={"dagster/backfill": backfill}))
        assert (run.tags[RANGE_START], run.tags[RANGE_END]) == (DAYS[0].isoformat(), DAYS[-1].isoformat())
        known = instance.get_materialized_partitions(dg.AssetKey("conversation_details"))
    assert workplace.lake.days("conversation_details") == DAYS
    assert known == {day.isoformat() for day in DAYS}
    asked = [submit for submit in deployed.org.requests()["submits"] if submit["family"] == "conversations"]
    assert len(asked) == len(DAYS)


def test_sensors_switched_on_bring_raw_and_typed_days_by_themselves(deployed: Deployed) -> None:
    ui, lake = deployed.ui, deployed.ui.workplace.lake
    ui.start_sensor("user_details_availability")
    ui.start_sensor("user_statuses_home_days")
    wait_until(lambda: set(DAYS) <= set(lake.days("user_routing_status")), "typed days made by the daemon", seconds=240)
    ui.stop_sensor("user_details_availability")
    ui.stop_sensor("user_statuses_home_days")
    truth = expected_statuses(deployed.org.truth_statuses(DAYS[0], DAYS[-1]))
    for table in USER_DETAILS.tables:
        assert_same(rows_of(lake, table, DAYS), truth[table.name], table.name)
    asked = [
        submit["body"]["interval"][:10] for submit in deployed.org.requests()["submits"] if submit["family"] == "users"
    ]
    assert sorted(asked) == [day.isoformat() for day in DAYS], "each day was asked for once"


def test_a_schedule_switched_on_takes_snapshots_tick_by_tick(deployed: Deployed) -> None:
    ui, lake = deployed.ui, deployed.ui.workplace.lake

    def taken() -> list[datetime]:
        manifests = lake.manifests("queue_observations").values()
        return sorted(tick for manifest in manifests for tick in ticks_of(manifest))

    schedule = ui.start_schedule("observations")
    ticks = wait_until(lambda: taken()[1:] and taken(), "two snapshots", seconds=300)
    ui.stop_schedule(schedule)
    assert all(ticks[0] < later and later.second == 0 for later in ticks[1:])
    with ui.workplace.instance() as instance:
        runs = instance.get_runs(dg.RunsFilter(tags={REASON_TAG: "tick"}))
    assert {datetime.fromisoformat(run.tags[TICK_TAG]) for run in runs} >= set(ticks)
    assert all(run.tags["dagster/priority"] == "10" for run in runs)


def test_a_failed_run_is_told_to_the_webhook_and_no_secret_is_shown(deployed: Deployed) -> None:
    ui = deployed.ui
    deployed.org.arm("job_failed", "users.submit")
    run = ui.launch("user_details", DAYS[-1])
    wait_until(lambda: deployed.webhook.posted, "a message at the webhook", seconds=240)
    (message,) = deployed.webhook.posted
    assert message["run_id"] == run
    assert message["text"].startswith(f"user_details of {DAYS[-1]} failed: The users job ")
    kept = b"".join(file.read_bytes() for file in ui.workplace.home.rglob("*") if file.is_file())
    for secret in (SECRET_PATH.encode(), deployed.secret.encode(), b"Bearer "):
        assert secret not in kept and secret not in ui.output
