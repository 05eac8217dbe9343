"""Schedules of reports, and the runs of each: by its cron up to the clock's instant, and when somebody says so.

Runs by cron need nobody to run them: they are told from the expression whenever somebody asks. What a schedule ran
before it was changed stays as it was.
"""

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from analytics_platform.simulator.api.reports.cron import Cron
from analytics_platform.simulator.api.reports.library import Report
from analytics_platform.simulator.api.statistics.buckets import zone_of
from analytics_platform.simulator.assumptions import Assumptions
from analytics_platform.simulator.world.dice import Dice
from analytics_platform.simulator.world.instants import SECOND, iso

_READ_ONLY = ("id", "nextFireTime", "dateCreated", "dateModified", "lastRun", "selfUri")
BASE = "/api/v2/analytics/reporting/schedules"
_FAILURES = {
    "COMPLETED_WITH_ERRORS": "Some of the data could not be read.",
    "FAILED_TIMEOUT": "The report ran too long.",
    "FAILED_DATALIMIT": "The report has too much data.",
}


@dataclass(slots=True)
class Run:
    """One run; one by cron ends `lasted` milliseconds later, one that was asked for after looks and real time."""

    id: str
    at: int
    lasted: int
    status: str = "COMPLETED"
    asked_for: bool = False
    looks: int = 0
    entered: float = field(default_factory=time.monotonic)

    def look(self, now: int, assumed: Assumptions) -> bool:
        """Whether it has ended; for one that was asked for, looking is what brings its end about."""
        if not self.asked_for:
            return self.at + self.lasted <= now
        self.looks += 1
        waited = time.monotonic() - self.entered >= assumed.report_running_seconds
        return self.looks > assumed.report_running_looks and waited


@dataclass(slots=True)
class Schedule:
    """One schedule; `wanted` is the vendor's ReportSchedule as it was written, since `counting` its cron counts."""

    id: str
    wanted: dict[str, Any]
    report: Report
    created: int
    modified: int
    counting: int
    ran: list[Run] = field(default_factory=list)
    """Runs that were asked for, and those of expressions it had before."""

    @property
    def cron(self) -> Cron:
        return Cron.parse(self.wanted["quartzCronExpression"], zone_of(self.wanted.get("timeZone")))

    @property
    def name(self) -> str:
        """Its own, or its report's."""
        return str(self.wanted.get("name") or self.report.name)

    @property
    def enabled(self) -> bool:
        return self.wanted.get("enabled") is not False

    def change(self, wanted: dict[str, Any], report: Report, now: int, assumed: Assumptions) -> None:
        """Become what is wanted now; what ran stays."""
        self.ran = self.runs(now, assumed)
        self.wanted, self.report, self.modified, self.counting = wanted, report, now, now

    def runs(self, now: int, assumed: Assumptions) -> list[Run]:
        """The newest runs begun up to an instant, the newest first."""
        by_cron = islice(self.cron.until(now, self.counting), assumed.report_history) if self.enabled else ()
        runs = [*(self._by_cron(at) for at in by_cron), *(run for run in self.ran if run.at <= now)]
        runs.sort(key=lambda run: run.at, reverse=True)
        return runs[: assumed.report_history]

    def run_now(self, now: int) -> Run:
        run = Run(str(uuid.uuid4()), now, 0, asked_for=True)
        self.ran.insert(0, run)
        return run

    def told(self, now: int, assumed: Assumptions) -> dict[str, Any]:
        """The vendor's ReportSchedule."""
        told = {"id": self.id, "name": self.name, "enabled": True} | self.wanted
        told |= {"dateCreated": iso(self.created), "dateModified": iso(self.modified), "selfUri": f"{BASE}/{self.id}"}
        following = self.cron.after(now) if self.enabled else None
        if following is not None:
            told["nextFireTime"] = iso(following)
        newest = next(iter(self.runs(now, assumed)), None)
        if newest is not None:
            told["lastRun"] = self.told_run(newest, now, assumed)
        return told

    def told_run(self, run: Run, now: int, assumed: Assumptions) -> dict[str, Any]:
        """The vendor's ReportRunEntry. Assumed: it has no reportUrl, as there is no report to fetch."""
        ended = run.look(now, assumed)
        told = {
            "id": run.id,
            "name": self.name,
            "reportId": self.report.id,
            "runTime": iso(run.at),
            "runStatus": run.status if ended else "RUNNING",
            "reportFormat": self.wanted.get("reportFormat") or "CSV",
            "scheduleUri": f"{BASE}/{self.id}",
            "selfUri": f"{BASE}/{self.id}/history/{run.id}",
        }
        if ended:
            told["runDurationMsec"] = run.lasted
            if run.status in _FAILURES:
                told["errorMessage"] = _FAILURES[run.status]
        return told

    def _by_cron(self, at: int) -> Run:
        dice = Dice(f"run/{self.id}/{at}")
        status = dice.pick(tuple(_FAILURES)) if dice.chance(0.08) else "COMPLETED"
        return Run(dice.uuid(), at, dice.span(3 * SECOND, 90 * SECOND), status)


def without_read_only(body: dict[str, Any]) -> dict[str, Any]:
    """What of a ReportSchedule a caller can write."""
    return {name: value for name, value in body.items() if name not in _READ_ONLY and value is not None}


def first_schedules(seed: int, reports: dict[str, Report], ids: dict[str, str], since: int) -> Iterator[Schedule]:
    """The schedules an org has from the start; `ids` gives a value for each parameter that is required."""
    dice = Dice(f"schedules/{seed}")
    book = (
        ("queueMetrics", "Queues every morning", "0 0 6 * * ?", "UTC", "YESTERDAY", "PDF"),
        ("queueMetricsByInterval", "Queues every hour", "0 5 * * * ?", "UTC", "TODAY", "CSV"),
        ("agentMetrics", "Agents on Mondays", "0 30 7 ? * MON", "Europe/Berlin", "PREVIOUS_WEEK", "XLS"),
        ("agentStatus", "Statuses, no longer wanted", "0 0 0 1 * ?", "UTC", "PREVIOUS_MONTH", "CSV"),
    )
    named = {report.name: report for report in reports.values()}
    for name, title, expression, zone, period, format_ in book:
        report = named[name]
        wanted = {
            "name": title,
            "quartzCronExpression": expression,
            "description": f"{title}: {report.titles['en-us']}",
            "timeZone": zone,
            "timePeriod": period,
            "interval": f"{iso(since)}/{iso(since + 86_400 * SECOND)}",
            "reportFormat": format_,
            "locale": "en-us",
            "enabled": name != "agentStatus",
            "reportId": report.id,
            "parameters": {each.name: [ids[each.name]] for each in report.parameters if each.required},
        }
        yield Schedule(dice.uuid(), wanted, report, since, since, since)
