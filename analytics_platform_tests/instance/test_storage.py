"""Dagster's own storage locked or gone: nothing landed is harmed, and an instance that knows nothing is told of it."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test
from dagster._daemon.monitoring.run_monitoring import monitor_started_run

from analytics_platform.catalogue.aggregates import aggregate_family
from analytics_platform.catalogue.streams import USER_DETAILS
from analytics_platform.defs.partitions import range_tags
from analytics_platform.defs.requests import days_in_progress
from analytics_platform.lake import Manifest
from analytics_platform_tests.defs.ticks import Ticks
from analytics_platform_tests.defs.workplace import CHECKOUT, Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.waiting import wait_until

DAYS = [date(2026, 3, 2), date(2026, 3, 3)]
RAW = USER_DETAILS.raw.name
FLOWS = aggregate_family("flows")


def held_back(workplace: Workplace, org: SimulatedOrg) -> "subprocess.Popen[bytes]":
    """A run over the second day in a process of its own, which waits for a page that the org holds back."""
    org.arm("hold", "users.results")
    process = subprocess.Popen(
        [sys.executable, "-m", "analytics_platform_tests.defs.run_days", RAW, str(DAYS[1]), str(DAYS[1])],
        env=workplace.environment,
        cwd=CHECKOUT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: any(fault["waiting"] for fault in org.faults()), "a page held back")
    return process


def landed(workplace: Workplace) -> dict[date, Manifest]:
    return {day: workplace.lake.verify(RAW, day) for day in workplace.lake.days(RAW)}


def lock(workplace: Workplace) -> sqlite3.Connection:
    """Hold the index of events as somebody does who writes into it with a tool and takes his time."""
    held = sqlite3.connect(workplace.home / "history" / "runs" / "index.db", isolation_level=None)
    held.execute("BEGIN EXCLUSIVE")
    return held


def test_a_run_outlives_storage_that_is_locked_for_a_while(workplace: Workplace, org: SimulatedOrg) -> None:
    assert workplace.land(USER_DETAILS, DAYS[:1]).success
    before = landed(workplace)
    process = held_back(workplace, org)
    held = lock(workplace)
    org.release()
    wait_until(lambda: DAYS[1] in workplace.lake.days(RAW), "the day in the lake while Dagster cannot be told")
    held.close()
    process.wait(timeout=240)
    assert landed(workplace)[DAYS[0]] == before[DAYS[0]]
    ticks = Ticks(workplace)
    ticks.look(f"{RAW}_upkeep")
    with workplace.instance() as instance:
        known = instance.get_materialized_partitions(dg.AssetKey(RAW))
    assert known == {day.isoformat() for day in DAYS}, "by the run, or by upkeep after it"
    assert len(org.requests()["submits"]) == 2


def test_a_run_whose_instance_is_deleted_harms_nothing_and_a_new_instance_finds_the_day(
    workplace: Workplace, org: SimulatedOrg, beside: Callable[[Workplace], Workplace]
) -> None:
    assert workplace.land(USER_DETAILS, DAYS[:1]).success
    before = landed(workplace)
    process = held_back(workplace, org)
    shutil.rmtree(workplace.home)
    org.release()
    assert process.wait(timeout=240) != 0
    assert landed(workplace)[DAYS[0]] == before[DAYS[0]]

    anew = beside(workplace)
    if DAYS[1] not in anew.lake.days(RAW):
        assert anew.land(USER_DETAILS, DAYS[1:]).success
    assert len(org.requests()["submits"]) == 2, "the job that was asked for is read to its end"
    Ticks(anew).look(f"{RAW}_upkeep")
    with anew.instance() as instance:
        assert instance.get_materialized_partitions(dg.AssetKey(RAW)) == {day.isoformat() for day in DAYS}


def test_a_new_instance_is_told_of_details_aggregates_and_services(
    workplace: Workplace, org: SimulatedOrg, beside: Callable[[Workplace], Workplace]
) -> None:
    services = ["service_ids", "service_records"]
    streams = [
        ([RAW], f"{RAW}_upkeep"),
        ([table.name for table in USER_DETAILS.tables], f"{RAW}_upkeep"),
        ([FLOWS.raw().name, FLOWS.stream], "daily_conversations_upkeep"),
        (services, "services_upkeep"),
    ]
    workplace.set("GMS_URL", org.url)
    for tables, _ in streams:
        assert workplace.run(tables, DAYS).success
    anew = beside(workplace)
    anew.set("GMS_URL", org.url)
    org.clear_requests()
    ticks = Ticks(anew)
    for sensor in dict.fromkeys(sensor for _, sensor in streams):
        assert not [request for request in ticks.look(sensor).run_requests or () if "missing" in str(request.run_key)]
    with anew.instance() as instance:
        for tables, _ in streams:
            for table in tables:
                known = instance.get_materialized_partitions(dg.AssetKey(table))
                assert known == {day.isoformat() for day in DAYS}, table
    assert not org.requests()["submits"]


@pytest.mark.parametrize(("hours", "counts"), [(23, True), (25, False)])
def test_a_run_that_is_called_started_for_ever_holds_its_days_for_a_day(
    workplace: Workplace, hours: int, counts: bool
) -> None:
    began = datetime.now(UTC) - timedelta(hours=hours)
    with workplace.instance() as instance:
        run = create_run_for_test(
            instance,
            status=dg.DagsterRunStatus.STARTED,
            asset_selection=frozenset([dg.AssetKey(RAW)]),
            tags=range_tags(DAYS),
        )
        with sqlite3.connect(workplace.home / "history" / "runs.db") as runs:
            runs.execute(
                "UPDATE runs SET create_timestamp = ?, start_time = ? WHERE run_id = ?",
                (began.strftime("%Y-%m-%d %H:%M:%S.%f"), began.timestamp(), run.run_id),
            )
        assert days_in_progress(instance, [RAW]) == (set(DAYS) if counts else set())
        # The shipped instance ends it then: it would hold a place in the queue for ever.
        (record,) = instance.get_run_records(dg.RunsFilter(run_ids=[run.run_id]))
        monitor_started_run(instance, None, record, dg.get_dagster_logger())  # type: ignore[arg-type]
        (after,) = instance.get_runs(dg.RunsFilter(run_ids=[run.run_id]))
        assert (after.status is dg.DagsterRunStatus.STARTED) is counts
