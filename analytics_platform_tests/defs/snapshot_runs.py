"""Runs and schedules of snapshots, which are taken at the real time of day."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import dagster as dg

from analytics_platform.definitions import platform
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.waiting import wait_until

_HOUR = timedelta(hours=1)
_ENOUGH = timedelta(minutes=2)


def early_in_an_hour() -> datetime:
    """Now, UTC, with minutes to go until the next hour: so that a test is not parted by it."""

    def soon_over() -> bool:
        now = datetime.now(UTC)
        return begun_hour(now) + _HOUR - now < _ENOUGH

    wait_until(lambda: not soon_over(), "another hour", seconds=2 * _ENOUGH.total_seconds())
    return datetime.now(UTC)


def begun_hour(now: datetime) -> datetime:
    """The tick of snapshots that are taken every hour."""
    return now.replace(minute=0, second=0, microsecond=0)


def requested(workplace: Workplace, schedule: str, at: datetime) -> list[dg.RunRequest] | str:
    """What a schedule requests at a tick, or why it does not."""
    with workplace.entered() as settings, workplace.instance() as instance:
        definitions = platform(settings)
        with dg.build_schedule_context(instance=instance, scheduled_execution_time=at) as context:
            brought = definitions.resolve_schedule_def(schedule).evaluate_tick(context)
    return list(brought.run_requests or ()) or str(brought.skip_message)


def verdicts(run: dg.ExecuteInProcessResult, asset: str) -> Mapping[str, bool]:
    """The checks of an asset that a run made, and whether each passed."""
    made = run.get_asset_check_evaluations()
    return {one.check_name: one.passed for one in made if one.asset_key == dg.AssetKey(asset)}
