"""All sensors left to themselves: whatever the clock does, the lake comes to hold what the truth tells."""

from collections.abc import Callable
from datetime import date

from analytics_platform.catalogue.streams import STREAMS
from analytics_platform_tests.defs.expected import assert_lake_is_truth
from analytics_platform_tests.defs.ticks import Ticks
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

DAYS = [date(2026, 3, day) for day in (2, 3, 4)]


def test_the_lake_follows_the_truth_while_the_clock_goes_on(
    start_org: Callable[..., SimulatedOrg], start_workplace: Callable[..., Workplace]
) -> None:
    org = start_org(now="2026-03-04T06:00:00Z", rate_limit=100_000)
    workplace = start_workplace(org)
    ticks = Ticks(workplace)

    ran = ticks.settle()
    assert "conversation_details complete 2026-03-02..2026-03-03" in ran
    assert "conversations touched 2026-03-02..2026-03-03" in ran
    assert_lake_is_truth(workplace.lake, org, DAYS[:2])
    asked_first = len(org.requests()["submits"])
    assert asked_first == 4, "one job a stream and day"

    # Eight days later the days are due at seven days of age; threads have been re-opened, judgements have come in.
    org.set_now("2026-03-12T06:00:00Z")
    before = workplace.lake.manifest("conversations", DAYS[0])
    ran = ticks.settle()
    assert "conversation_details complete 2026-03-04..2026-03-11" in ran
    assert "conversation_details read again after 7 days 2026-03-02..2026-03-03" in ran
    assert_lake_is_truth(workplace.lake, org, DAYS)
    after = workplace.lake.manifest("conversations", DAYS[0])
    assert before is not None and after is not None and before.checksum != after.checksum
    raw = workplace.lake.manifests("conversation_details")
    assert raw[DAYS[0]].facts["state"] == "rebuilt"
    assert len(org.requests()["submits"]) == asked_first + 2 * (8 + 2)

    assert ticks.settle() == [], "nothing is left to do"
    assert {day for stream in STREAMS for day in workplace.lake.days(stream.raw.name)} == set(raw)
