"""A run that waits says so: while it waits in its log, afterwards at what it landed."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

DAYS = [date(2026, 3, 2)]


def test_a_wait_is_in_the_runs_log_and_its_length_at_each_partition(
    start_org: Callable[..., SimulatedOrg], tmp_path: Path
) -> None:
    org = start_org()
    org.arm("status", "conversations.submit", status=429, retry_after=2, times=1)
    workplace = Workplace(tmp_path, org.url)
    result = workplace.land(CONVERSATION_DETAILS, DAYS)
    assert result.success
    with workplace.instance() as instance:
        said = [entry.user_message for entry in instance.all_logs(result.run_id)]
    assert [line for line in said if line.startswith("Waiting 2 s: ")]
    counts = org.requests()["counts"]
    of_jobs = sum(sum(asked.values()) for path, asked in counts.items() if "/jobs" in path)
    (summary,) = [line for line in said if line.startswith("Genesys Cloud: ")]
    events = result.asset_materializations_for_node(CONVERSATION_DETAILS.raw.name)
    assert {event.partition for event in events} == {str(day) for day in DAYS}
    for event in events:
        told = {name: value.value for name, value in event.metadata.items()}
        # A check asks for the watermark once more, in a step of its own.
        assert of_jobs - 2 <= told["step_requests"] <= of_jobs
        assert f"{told['step_requests']} requests, 1 of them again" in summary
        assert told["step_retries"] == 1 and told["waited_seconds"] >= 2
