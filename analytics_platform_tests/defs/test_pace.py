"""How soon a day whose run failed is asked for again; when runs were asked for is put into the instance's storage."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from analytics_platform.catalogue.streams import USER_DETAILS
from analytics_platform.defs.pace import Pause, pauses
from analytics_platform.defs.partitions import days_between, range_tags
from analytics_platform.defs.requests import MADE_TAG
from analytics_platform_tests.defs.ticks import Ticks
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

UPKEEP, AVAILABILITY = "user_details_upkeep", "user_details_availability"
FIRST, LAST = date(2026, 3, 2), date(2026, 3, 5)
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
HOUR = timedelta(hours=1)


def asked_at(workplace: Workplace, run_id: str, instant: datetime) -> None:
    """Let a run have been asked for at an instant."""
    with sqlite3.connect(workplace.home / "history" / "runs.db") as runs:
        told = instant.strftime("%Y-%m-%d %H:%M:%S.%f")
        runs.execute("UPDATE runs SET create_timestamp = ? WHERE run_id = ?", (told, run_id))


def failed(workplace: Workplace, days: Sequence[date], ago: timedelta) -> None:
    """A run over days of user details that a sensor asked for some time ago and that failed."""
    with workplace.instance() as instance:
        run = create_run_for_test(
            instance, status=dg.DagsterRunStatus.FAILURE, tags={**range_tags(days), MADE_TAG: USER_DETAILS.name}
        )
    asked_at(workplace, run.run_id, NOW - ago)


def paused(workplace: Workplace, *due: date, read: datetime | None = None) -> list[Pause]:
    with workplace.instance() as instance:
        return pauses(instance, USER_DETAILS.name, dict.fromkeys(due, read), HOUR, NOW)


@pytest.mark.parametrize(("failures", "periods"), [(1, 1), (2, 2), (3, 4), (5, 16), (6, 24), (40, 24)])
def test_pauses_double_from_one_period_of_upkeep_up_to_a_day(workplace: Workplace, failures: int, periods: int) -> None:
    for number in range(failures):
        failed(workplace, [FIRST], HOUR * number)
    assert paused(workplace, FIRST) == [Pause((FIRST,), failures, NOW + periods * HOUR, to_mend=False)]


def test_a_run_is_held_against_the_day_it_ended_at(workplace: Workplace) -> None:
    days = days_between(FIRST, LAST)
    failed(workplace, days, HOUR)
    assert [pause.days for pause in paused(workplace, *days[1:])] == [(days[1],)], "the first one landed"
    assert paused(workplace, date(2026, 3, 9)) == []


def test_what_failed_before_a_day_was_read_counts_no_more(workplace: Workplace) -> None:
    failed(workplace, [FIRST], 3 * HOUR)
    assert paused(workplace, FIRST, read=NOW - 2 * HOUR) == []
    failed(workplace, [FIRST], HOUR)
    assert [pause.failures for pause in paused(workplace, FIRST, read=NOW - 2 * HOUR)] == [1]


def test_runs_of_a_fortnight_ago_and_of_other_streams_count_no_more(workplace: Workplace) -> None:
    failed(workplace, [FIRST], timedelta(days=15))
    with workplace.instance() as instance:
        tags = {**range_tags([FIRST]), MADE_TAG: "conversation_details"}
        create_run_for_test(instance, status=dg.DagsterRunStatus.FAILURE, tags=tags)
    assert paused(workplace, FIRST) == []


def test_a_day_whose_job_always_fails_waits_longer_each_time_and_holds_up_no_other(
    workplace: Workplace, org: SimulatedOrg
) -> None:
    ticks = Ticks(workplace)
    ticks.set_cursor(AVAILABILITY, "2026-03-06")
    ever = datetime.now(UTC)
    failed(workplace, days_between(FIRST, LAST), NOW - ever + HOUR)
    assert ticks.requested(UPKEEP) == ["missing 2026-03-02..2026-03-02", "missing 2026-03-03..2026-03-05"]
    failed(workplace, [FIRST], NOW - ever + timedelta(minutes=1))
    told = ticks.look(UPKEEP)
    assert [request.run_key.split()[2] for request in told.run_requests or () if request.run_key] == [
        "2026-03-03..2026-03-05"
    ]
    assert workplace.land(USER_DETAILS, days_between(date(2026, 3, 3), LAST)).success
    assert workplace.make(USER_DETAILS, days_between(FIRST, LAST)).success
    until = ever - timedelta(minutes=1) + 2 * HOUR
    assert ticks.look(UPKEEP).skip_message == (
        "Nothing is due now. user_details of 2026-03-02 failed 2 times and is asked for again after "
        f"{until:%Y-%m-%d %H:%M} UTC."
    )


def test_what_a_person_must_mend_is_asked_for_at_the_slowest_pace(workplace: Workplace, org: SimulatedOrg) -> None:
    workplace.set("ANALYTICS_PLATFORM_JOBS_IN_FLIGHT", 1)
    org.arm("status", "users.submit", status=403)
    days = days_between(FIRST, LAST)
    ran = workplace.run([USER_DETAILS.raw.name], days, tags={MADE_TAG: USER_DETAILS.name})
    assert not ran.success
    with workplace.instance() as instance:
        (pause,) = pauses(instance, USER_DETAILS.name, dict.fromkeys(days), HOUR, datetime.now(UTC))
        asked = instance.get_run_records(dg.RunsFilter(run_ids=[ran.run_id]))[0].create_timestamp
    assert (pause.days, pause.to_mend) == (tuple(days), True), "it stands in the way of every day"
    assert pause.until == asked + 24 * HOUR
    told = pause.told(USER_DETAILS.name)
    assert told.startswith("user_details of 2026-03-02..2026-03-05 failed once for a reason a person must mend and is ")
    ticks = Ticks(workplace)
    ticks.set_cursor(AVAILABILITY, "2026-03-06")
    assert told in str(ticks.look(UPKEEP).skip_message)
