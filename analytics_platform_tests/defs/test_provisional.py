"""A provisional load: only when it is asked for, marked everywhere, and replaced once the watermark has passed."""

from collections.abc import Callable
from datetime import date

import dagster as dg
import pytest

from analytics_platform.catalogue.aggregates import aggregate_family
from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, USER_DETAILS
from analytics_platform.defs.partitions import days_between
from analytics_platform.lake.views import connect
from analytics_platform_tests.defs.ticks import Ticks
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

DAY, BEFORE = date(2026, 3, 4), date(2026, 3, 3)
NOON, OPENED = "2026-03-04T12:00:00Z", "2026-03-05T06:00:00Z"
FLOWS = aggregate_family("flows")


def states(workplace: Workplace, *tables: str) -> set[str]:
    """What SQL, the manifests and the newest events of Dagster say of the day's tables."""
    with connect(workplace.lake) as connection, workplace.instance() as instance:
        found = {
            str(state)
            for (state,) in connection.execute(
                f"SELECT state FROM days WHERE day = DATE '{DAY}' AND table_name IN {tables}"
            ).fetchall()
        }
        for table in tables:
            manifest = workplace.lake.manifest(table, DAY)
            event = instance.get_latest_materialization_event(dg.AssetKey(table))
            assert manifest is not None and event is not None and event.asset_materialization is not None
            found |= {manifest.state, str(event.asset_materialization.metadata["state"].value)}
    return found


def check(workplace: Workplace, ran: dg.ExecuteInProcessResult, table: str) -> dg.AssetCheckEvaluation:
    assert ran.success
    (told,) = [
        each
        for each in ran.get_asset_check_evaluations()
        if (each.check_name, each.asset_key) == ("provisional_replaced", dg.AssetKey(table))
    ]
    return told


def test_details_landed_before_their_watermark_are_marked_until_upkeep_has_replaced_them(
    workplace: Workplace, org: SimulatedOrg
) -> None:
    raw, head = CONVERSATION_DETAILS.raw.name, CONVERSATION_DETAILS.head.name
    org.set_now(NOON)
    assert not workplace.land(CONVERSATION_DETAILS, [DAY]).success, "only when it is asked for"
    told = check(workplace, workplace.land(CONVERSATION_DETAILS, [DAY], provisional=True), raw)
    assert told.passed and told.metadata["days"].value == [str(DAY)]
    made = check(workplace, workplace.make(CONVERSATION_DETAILS, [DAY]), head)
    assert made.passed and made.metadata["provisional"].value == 1
    assert states(workplace, raw, head) == {"provisional"}

    org.set_now(OPENED)
    ticks = Ticks(workplace)
    late = check(workplace, workplace.land(CONVERSATION_DETAILS, [BEFORE]), raw)
    assert not late.passed and late.severity is dg.AssetCheckSeverity.WARN
    assert late.metadata["overdue"].value == [str(DAY)]
    assert not check(workplace, workplace.make(CONVERSATION_DETAILS, [BEFORE]), head).passed
    ticks.set_cursor(f"{raw}_availability", "2026-03-05")
    assert "missing 2026-03-04..2026-03-04" in ticks.requested(f"{raw}_upkeep")
    assert check(workplace, workplace.land(CONVERSATION_DETAILS, [DAY]), raw).passed
    assert ticks.requested("conversations_home_days") == ["touched 2026-03-02..2026-03-04"]
    touched = days_between(date(2026, 3, 2), DAY)
    assert check(workplace, workplace.make(CONVERSATION_DETAILS, touched), head).passed
    assert states(workplace, raw, head) == {"complete"}


def test_aggregates_landed_before_their_watermark_are_marked_and_replaced(
    workplace: Workplace, org: SimulatedOrg
) -> None:
    tables = [FLOWS.raw().name, FLOWS.stream]
    org.set_now(NOON)
    assert not workplace.run(tables, [DAY]).success
    provisional = {FLOWS.stream: {"provisional": True}}
    assert check(workplace, workplace.run(tables, [DAY], config=provisional), FLOWS.stream).passed
    assert states(workplace, *tables) == {"provisional"}
    org.set_now(OPENED)
    assert not check(workplace, workplace.run(tables, [BEFORE]), FLOWS.stream).passed
    assert check(workplace, workplace.run(tables, [DAY]), FLOWS.stream).passed
    assert states(workplace, *tables) == {"complete"}


@pytest.mark.parametrize("provisional", [False, True], ids=["as usual", "asked for provisionally"])
def test_a_watermark_that_goes_back_takes_nothing_back_and_requests_nothing(
    workplace: Workplace, org: SimulatedOrg, provisional: bool
) -> None:
    ticks = Ticks(workplace)
    org.set_now(OPENED)
    ticks.settle()
    before = workplace.lake.manifests(USER_DETAILS.raw.name)
    assert {manifest.state for manifest in before.values()} == {"complete"} and len(before) == 3
    org.set_lag(users=48)
    try:
        assert not workplace.land(USER_DETAILS, [DAY], provisional=provisional).success
        assert ticks.settle() == []
        assert workplace.lake.manifests(USER_DETAILS.raw.name) == before
    finally:
        org.set_lag(users=6)
    assert ticks.settle() == []


def test_the_watermark_of_one_family_does_not_open_days_of_the_other(
    start_org: Callable[..., SimulatedOrg], start_workplace: Callable[..., Workplace]
) -> None:
    org = start_org(now=OPENED, users_lag_hours=54)
    workplace = start_workplace(org)
    Ticks(workplace).settle()
    landed = {stream: workplace.lake.days(stream.raw.name)[-1] for stream in (CONVERSATION_DETAILS, USER_DETAILS)}
    assert landed == {CONVERSATION_DETAILS: DAY, USER_DETAILS: date(2026, 3, 2)}
    assert not workplace.land(USER_DETAILS, [BEFORE]).success
