"""All sensors left to themselves: whatever the clock does, the lake comes to hold what the truth tells."""

from collections.abc import Callable
from datetime import date

from analytics_platform_tests.defs.expected import assert_lake_is_truth
from analytics_platform_tests.defs.ticks import Ticks
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

DAYS = [date(2026, 3, day) for day in (2, 3)]


def test_the_lake_follows_the_truth_while_the_clock_goes_on(
    start_org: Callable[..., SimulatedOrg], start_workplace: Callable[..., Workplace]
) -> None:
    org = start_org(days=2, now="2026-03-04T06:00:00Z", rate_limit=100_000)
    workplace = start_workplace(org, reread_after_days="3")
    ticks = Ticks(workplace)

    ran = ticks.settle()
    assert "conversation_details complete 2026-03-02..2026-03-03" in ran
    assert "conversations touched 2026-03-02..2026-03-03" in ran
    assert_lake_is_truth(workplace.lake, org, DAYS)
    assert len(org.requests()["submits"]) == 4, "one job a stream and day"

    # Three days later both days are due again; threads have been re-opened, judgements have come in.
    org.set_now("2026-03-07T06:00:00Z")
    before = workplace.lake.manifest("conversations", DAYS[0])
    ran = ticks.settle()
    assert "conversation_details complete 2026-03-04..2026-03-06" in ran
    assert "conversation_details read again after 3 days 2026-03-02..2026-03-03" in ran
    assert_lake_is_truth(workplace.lake, org, DAYS)
    after = workplace.lake.manifest("conversations", DAYS[0])
    assert before is not None and after is not None and before.checksum != after.checksum
    assert workplace.lake.manifests("conversation_details")[DAYS[0]].facts["state"] == "rebuilt"
    assert len(org.requests()["submits"]) == 4 + 2 * (3 + 2)

    assert ticks.settle() == [], "nothing is left to do"
