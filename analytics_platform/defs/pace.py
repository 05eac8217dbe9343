"""How soon a day whose run failed is asked for again: after pauses that grow, so that no day is asked for in vain for
ever at the pace of one that only met a passing fault.

What is known of failed runs is what the instance keeps of them: their tags say what they were to make and of which
days, and the failure of their step whether a person must mend something first.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from analytics_platform.defs.failures import MEND
from analytics_platform.defs.partitions import tagged_days
from analytics_platform.defs.requests import MADE_TAG

SLOWEST = 24
"""Periods of upkeep between two attempts at most; the first pause is one, each further one twice as long."""
_REMEMBERED = timedelta(days=14)
_RUNS_LOOKED_AT = 500
_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Pause:
    """Days that were asked for in vain, and until when they are not asked for again."""

    days: tuple[date, ...]
    """The one that runs stopped at; where a person must mend something, all that the last of them was asked for."""
    failures: int
    until: datetime
    to_mend: bool
    """Whether the last run failed for a reason that only a person can take away."""

    def told(self, made: str) -> str:
        """A sentence for whoever looks at the sensor."""
        days = str(self.days[0]) if len(self.days) == 1 else f"{self.days[0]}..{self.days[-1]}"
        times = "once" if self.failures == 1 else f"{self.failures} times"
        mend = " for a reason a person must mend" if self.to_mend else ""
        return f"{made} of {days} failed {times}{mend} and is asked for again after {self.until:%Y-%m-%d %H:%M} UTC."


def pauses(
    instance: dg.DagsterInstance, made: str, due: Mapping[date, datetime | None], period: timedelta, now: datetime
) -> list[Pause]:
    """The pauses of the days that are due and that a failed run stopped at, also pauses that are over.

    `due` tells when each was last read, None where it never was: what failed before that was mended. A run brings its
    days oldest first and ends at the first that it cannot bring: of those that are still due that one is counted.
    """
    failed: dict[date, list[dg.RunRecord]] = {}
    filters = dg.RunsFilter(
        tags={MADE_TAG: made}, statuses=[dg.DagsterRunStatus.FAILURE], created_after=now - _REMEMBERED
    )
    for record in instance.get_run_records(filters, limit=_RUNS_LOOKED_AT) if due else []:
        stopped_at = next((day for day in _days(record, due) if _asked_at(record) > (due[day] or _EVER)), None)
        if stopped_at is not None:
            failed.setdefault(stopped_at, []).append(record)
    return [_pause(instance, day, records, due, period) for day, records in sorted(failed.items())]


def _pause(
    instance: dg.DagsterInstance, day: date, records: list[dg.RunRecord], due: Container[date], period: timedelta
) -> Pause:
    newest = max(records, key=_asked_at)
    to_mend = _must_be_mended(instance, newest.dagster_run.run_id)
    # From the asking on: a look comes a period after the one that asked, whatever the run took.
    until = _asked_at(newest) + period * (SLOWEST if to_mend else min(2 ** (len(records) - 1), SLOWEST))
    return Pause(_days(newest, due) if to_mend else (day,), len(records), until, to_mend)


def _days(record: dg.RunRecord, due: Container[date]) -> tuple[date, ...]:
    return tuple(day for day in tagged_days(record.dagster_run.tags) if day in due)


def _asked_at(record: dg.RunRecord) -> datetime:
    return record.create_timestamp.replace(tzinfo=record.create_timestamp.tzinfo or UTC)


def _must_be_mended(instance: dg.DagsterInstance, run_id: str) -> bool:
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        event = entry.dagster_event
        failure = event.step_failure_data.user_failure_data if event is not None else None
        if failure is not None and MEND in failure.metadata:
            return True
    return False
