"""The same day requested twice at once, by runs in processes of their own: one writer wins, one job does for both."""

import subprocess
import sys
from collections.abc import Sequence
from datetime import date

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, USER_DETAILS
from analytics_platform_tests.defs.expected import assert_lake_is_truth
from analytics_platform_tests.defs.workplace import CHECKOUT, Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

DAY = date(2026, 3, 2)


def started(workplace: Workplace, *tables: str) -> "subprocess.Popen[bytes]":
    """A run over the day in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "analytics_platform_tests.defs.run_days", ",".join(tables), str(DAY), str(DAY)],
        env=workplace.environment,
        cwd=CHECKOUT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def submits(org: SimulatedOrg) -> list[str]:
    return [submit["body"]["interval"][:10] for submit in org.requests()["submits"]]


def ended(processes: "Sequence[subprocess.Popen[bytes]]") -> list[int]:
    try:
        return [process.wait(timeout=240) for process in processes]
    finally:
        for process in processes:
            process.kill()


def test_a_run_that_was_launched_twice_from_one_look_finds_its_day_landed(
    workplace: Workplace, org: SimulatedOrg
) -> None:
    launched = {"dagster/run_key": "user_details: complete 2026-03-02..2026-03-02"}
    for _ in range(2):
        assert workplace.run([USER_DETAILS.raw.name], [DAY], tags=launched).success
    assert submits(org) == [DAY.isoformat()]
    assert workplace.run([USER_DETAILS.raw.name], [DAY]).success
    assert len(submits(org)) == 2, "a person who asks again is given a new reading"


def test_raw_and_typed_tables_made_by_two_runs_at_once_are_those_of_one(
    workplace: Workplace, org: SimulatedOrg
) -> None:
    assert workplace.land(CONVERSATION_DETAILS, [DAY]).success and workplace.land(USER_DETAILS, [DAY]).success
    tables = [CONVERSATION_DETAILS.raw.name, *(table.name for table in CONVERSATION_DETAILS.tables)]
    runs = [started(workplace, *chosen) for chosen in (tables, tables[1:], tables[1:])]
    assert 0 in ended(runs)
    assert workplace.make(CONVERSATION_DETAILS, [DAY]).success and workplace.make(USER_DETAILS, [DAY]).success
    for table in tables:
        workplace.lake.verify(table, DAY)
    assert_lake_is_truth(workplace.lake, org, [DAY])
