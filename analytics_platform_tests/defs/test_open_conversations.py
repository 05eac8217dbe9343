"""Open conversations of a lake that follows an org: current on the day they end, whatever their age."""

from collections.abc import Callable
from datetime import date, timedelta

import dagster as dg

from analytics_platform.catalogue.operations.details import CONVERSATIONS_BY_IDS
from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.defs.partitions import days_between
from analytics_platform.lake.views import connect
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

FIRST, LAST = date(2026, 3, 2), date(2026, 3, 4)


def land(workplace: Workplace, org: SimulatedOrg, day: date) -> dg.AssetCheckEvaluation:
    """Bring an activity day and all home days it touched, and give what the check says."""
    org.set_now(f"{day + timedelta(days=1)}T06:00:00Z")
    assert workplace.land(CONVERSATION_DETAILS, [day]).success
    made = workplace.make(CONVERSATION_DETAILS, days_between(FIRST, day))
    assert made.success
    (told,) = [each for each in made.get_asset_check_evaluations() if each.check_name == "open_conversations"]
    return told


def still_open(workplace: Workplace) -> dict[str, int]:
    """The ages of the open conversations, by id."""
    with connect(workplace.lake) as connection:
        rows = connection.execute("SELECT conversation_id, age_days FROM open_conversations").fetchall()
    return dict(rows)


def of_truth(org: SimulatedOrg, until: date) -> dict[str, int]:
    """The same, of what the org knows at its watermark."""
    told = org.truth_conversations(FIRST - timedelta(days=90), until)
    opened = {one["conversationId"]: one["conversationStart"][:10] for one in told if "conversationEnd" not in one}
    return {identity: (until - date.fromisoformat(day)).days for identity, day in opened.items()}


def test_conversations_of_any_age_are_current_on_the_day_they_end(
    start_org: Callable[..., SimulatedOrg], start_workplace: Callable[..., Workplace]
) -> None:
    org = start_org(days=3, late_changes=False)
    workplace = start_workplace(org, stuck_after_days=50)
    ended: dict[str, int] = {}
    before: dict[str, int] = {}
    for day in days_between(FIRST, LAST):
        told = land(workplace, org, day)
        now = still_open(workplace)
        assert now == of_truth(org, day)
        assert told.metadata["open"].value == len(now)
        stuck = {identity for identity, age in now.items() if age > 50}
        assert told.metadata["stuck"].value == len(stuck) and told.passed is not bool(stuck)
        if stuck:
            assert set(told.metadata["stuck_ids"].value) == stuck  # type: ignore[call-overload]
            assert told.severity is dg.AssetCheckSeverity.WARN
        assert told.metadata["open_and_no_longer_told"].value == 0
        ended |= {identity: age for identity, age in before.items() if identity not in now}
        before = now
    assert max(ended.values()) > 50, "one that began long before the first day was open, and ended"
    assert min(ended.values()) <= 1


def test_one_that_vanishes_while_it_is_open_is_told_where_the_vendor_does_not_say_what_became_of_it(
    start_org: Callable[..., SimulatedOrg], start_workplace: Callable[..., Workplace]
) -> None:
    org = start_org(days=3, late_changes=False)
    workplace = start_workplace(org)
    assert land(workplace, org, FIRST).passed
    org.set_now(f"{LAST}T06:00:00Z")
    lasting = of_truth(org, LAST - timedelta(days=1)).keys() & still_open(workplace).keys()
    gone = min(lasting)
    org.change("erase", conversations=[gone])
    org.arm("status", CONVERSATIONS_BY_IDS.name, status=403, times=None)
    told = land(workplace, org, FIRST + timedelta(days=1))
    assert not told.passed and told.severity is dg.AssetCheckSeverity.WARN
    assert told.metadata["open_and_no_longer_told"].value == 1
    assert told.metadata["open_and_no_longer_told_ids"].value == [gone]
    org.clear_faults()
    told = land(workplace, org, FIRST + timedelta(days=1))
    assert told.passed and gone not in still_open(workplace)
