"""Two daemons started by mistake on one instance: the lake comes to hold the truth, each day by one job."""

from collections.abc import Callable
from datetime import date

import dagster as dg
import pytest

from analytics_platform.catalogue.streams import USER_DETAILS
from analytics_platform.defs.partitions import days_between
from analytics_platform_tests.defs.deployment import MISSING, Deployment, installed
from analytics_platform_tests.defs.expected import assert_same, expected_statuses, rows_of
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.waiting import wait_until

_AT_WORK = dg.RunsFilter(
    statuses=[dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
)
DAYS = days_between(date(2026, 3, 2), date(2026, 3, 4))


@pytest.mark.skipif(not installed(), reason=MISSING)
def test_two_daemons_on_one_instance_land_each_day_by_one_job(
    start_org: Callable[..., SimulatedOrg], workplace: Workplace
) -> None:
    org = start_org(now="2026-03-05T06:00:00Z", conversations_per_day=10)
    workplace.set("GENESYSCLOUD_API_URL", org.url)
    workplace.set("ANALYTICS_PLATFORM_SENSOR_SECONDS", 1)
    lake = workplace.lake
    with Deployment(workplace) as ui:
        ui.start_daemon()
        ui.start_sensor("user_details_availability")
        ui.start_sensor("user_statuses_home_days")
        wait_until(lambda: set(DAYS) <= set(lake.days("user_routing_status")), "typed days", seconds=400)
        with workplace.instance() as instance:
            wait_until(lambda: not instance.get_runs(_AT_WORK), "the end of all runs", seconds=400)
        wait_until(lambda: b"Another" in ui.output, "one daemon to notice the other", seconds=400)
    truth = expected_statuses(org.truth_statuses(DAYS[0], DAYS[-1]))
    for table in USER_DETAILS.tables:
        assert_same(rows_of(lake, table, DAYS), truth[table.name], table.name)
    asked = [submit["body"]["interval"][:10] for submit in org.requests()["submits"]]
    assert sorted(asked) == [day.isoformat() for day in DAYS]
