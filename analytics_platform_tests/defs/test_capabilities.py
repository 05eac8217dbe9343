"""The daily probe, and how an asset says that the org does not serve it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest

from analytics_platform.capabilities import Capabilities, known_capabilities
from analytics_platform.catalogue.operations import OPERATIONS, operation
from analytics_platform.definitions import platform
from analytics_platform.defs.served import served_description, served_metadata, unserved
from analytics_platform.genesys_cloud.standings import Learned, Standing
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

LIVE, GONE = operation("queues.observations"), operation("schedules.list")
AT = datetime(2026, 3, 7, tzinfo=UTC)


def _probe(workplace: Workplace) -> dg.ExecuteInProcessResult:
    with workplace.entered() as settings, workplace.instance() as instance:
        job = platform(settings).resolve_job_def("capability_probe")
        return job.execute_in_process(instance=instance, raise_on_error=False)


def _metadata(done: dg.ExecuteInProcessResult) -> Mapping[str, dg.MetadataValue[Any]]:
    (output,) = [event for event in done.all_events if event.is_successful_output]
    return output.step_output_data.metadata


def test_the_job_keeps_what_the_org_serves_and_shows_it(
    start_org: Callable[..., SimulatedOrg], start_workplace: Callable[..., Workplace]
) -> None:
    workplace = start_workplace(start_org(withdrawn=False))
    done = _probe(workplace)
    assert done.success
    with workplace.entered() as settings:
        known = known_capabilities(settings)
    assert set(known.learned) == {each.name for each in OPERATIONS}
    assert known.why_not(GONE) is not None and known.why_not(operation("conversations.query")) is None
    shown = _metadata(done)
    table = shown["operations"]
    assert isinstance(table, dg.TableMetadataValue)
    rows = {row.data["operation"]: row.data for row in table.records}
    assert rows["schedules.list"]["stands"] == "not answered by this org"
    assert rows["conversations.query"]["called"] == f"POST {operation('conversations.query').path}"
    assert sum(count.value for count in shown.values() if isinstance(count, dg.IntMetadataValue)) == len(OPERATIONS)


def test_a_probe_with_refused_credentials_fails_with_a_sentence_and_keeps_what_was_known(workplace: Workplace) -> None:
    assert _probe(workplace).success
    with workplace.entered() as settings:
        before = known_capabilities(settings)
    workplace.set("GENESYSCLOUD_OAUTHCLIENT_SECRET", "wrong")
    done = _probe(workplace)
    assert not done.success
    (failed,) = [event for event in done.all_events if event.is_step_failure]
    assert "refused the OAuth client" in str(failed.step_failure_data.user_failure_data.description)
    with workplace.entered() as settings:
        assert known_capabilities(settings) == before != Capabilities()


@pytest.mark.parametrize("chosen", ["running", "stopped"])
def test_the_daily_schedule_starts_as_the_sensors_do(workplace: Workplace, chosen: str) -> None:
    workplace.set("ANALYTICS_PLATFORM_SENSORS", chosen)
    with workplace.entered() as settings:
        schedule = platform(settings).resolve_schedule_def("capability_probe_daily")
    assert schedule.default_status.value.lower() == chosen
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 3 * * *", "UTC")


def test_an_asset_that_is_served_says_only_that() -> None:
    assert unserved([LIVE], Capabilities()) is None
    assert served_metadata([LIVE], Capabilities()) == {"served": True}
    assert served_description("Queues now.", [LIVE], Capabilities()) == "Queues now."


def test_an_asset_of_which_one_operation_is_not_served_says_so_and_why() -> None:
    learned = {GONE.name: Learned(Standing.SERVED, AT), LIVE.name: Learned(Standing.NOT_PERMITTED, AT, "Grant it.")}
    capabilities = Capabilities(learned)
    assert unserved([GONE, LIVE], capabilities) == "Grant it."
    assert served_metadata([GONE, LIVE], capabilities) == {"served": False, "not_served_because": "Grant it."}
    first, _, rest = served_description("Queues now.", [GONE, LIVE], capabilities).partition("\n\n")
    assert first == "Never scheduled. Grant it." and rest == "Queues now."
    assert unserved([GONE], capabilities) is None
