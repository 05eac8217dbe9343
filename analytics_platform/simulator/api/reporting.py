"""Reporting's administration: reports, formats, periods, schedules and their runs, settings.

All but the settings the vendor has withdrawn; shapes are those of its last SDK with them (199.1.0). Assumed: of
the settings piiMaskingEnabled masks what is told from then on (`masking`), the others change nothing that is told.
"""

import uuid
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from analytics_platform.catalogue.operations import Operation
from analytics_platform.catalogue.operations.reporting import (
    REPORT,
    REPORT_FORMATS,
    REPORTS,
    SCHEDULE_CREATE,
    SCHEDULE_DELETE,
    SCHEDULE_HISTORY,
    SCHEDULE_LATEST,
    SCHEDULE_READ,
    SCHEDULE_RUN,
    SCHEDULE_RUN_NOW,
    SCHEDULE_UPDATE,
    SCHEDULES,
    SETTINGS_CHANGE,
    SETTINGS_READ,
    TIME_PERIODS,
)
from analytics_platform.simulator.api.answers import Answer
from analytics_platform.simulator.api.calls import Call
from analytics_platform.simulator.api.errors import bad_request, invalid_value, not_found
from analytics_platform.simulator.api.interval import parse_interval
from analytics_platform.simulator.api.listings import entity_page
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.reports.cron import Cron
from analytics_platform.simulator.api.reports.library import FORMATS, Report, reports_of
from analytics_platform.simulator.api.reports.library import TIME_PERIODS as PERIODS
from analytics_platform.simulator.api.reports.schedules import (
    BASE,
    Run,
    Schedule,
    first_schedules,
    without_read_only,
)
from analytics_platform.simulator.api.statistics.buckets import zone_of
from analytics_platform.simulator.api.validation import read_body
from analytics_platform.simulator.world.instants import DAY

_LONGEST_DAYS = 366


class ReportingApi:
    """The reports and schedules of one org, all its clients'."""

    def __init__(self, org: Org) -> None:
        self._org = org
        seed, organisation = org.world.options.seed, org.world.organisation
        self._reports = reports_of(seed)
        ids = {"queueIds": organisation.queues[0].id, "userIds": organisation.agents[0].id}
        since = (org.world.first_day - 7) * DAY
        self._schedules = {each.id: each for each in first_schedules(seed, self._reports, ids, since)}
        self._lock = Lock()

    def handlers(self) -> Mapping[Operation, Callable[[Call], Answer]]:
        """What serves each operation; it raises ApiError for every answer that is an error."""
        return {
            REPORTS: self.reports,
            REPORT: self.report,
            REPORT_FORMATS: lambda call: Answer.of(200, FORMATS),
            TIME_PERIODS: lambda call: Answer.of(200, PERIODS),
            SCHEDULES: self.schedules,
            SCHEDULE_CREATE: self.create,
            SCHEDULE_READ: self.schedule,
            SCHEDULE_UPDATE: self.update,
            SCHEDULE_DELETE: self.delete,
            SCHEDULE_HISTORY: self.history,
            SCHEDULE_LATEST: self.latest,
            SCHEDULE_RUN: self.run,
            SCHEDULE_RUN_NOW: self.run_now,
            SETTINGS_READ: lambda call: Answer.of(200, self._org.settings),
            SETTINGS_CHANGE: self.change_settings,
        }

    def reports(self, call: Call) -> Answer:
        told = [report.told(call.query.get("locale")) for report in self._reports.values()]
        return Answer.of(200, entity_page(call, REPORTS, told))

    def report(self, call: Call) -> Answer:
        report = self._reports.get(call.path["reportId"])
        if report is None:
            raise not_found(f"report {call.path['reportId']}")
        return Answer.of(200, report.told(call.query.get("locale")))

    def schedules(self, call: Call) -> Answer:
        return Answer.of(
            200, entity_page(call, SCHEDULES, [self._told(each) for each in list(self._schedules.values())])
        )

    def create(self, call: Call) -> Answer:
        wanted, report = self._wanted(call)
        now = self._org.clock.now()
        schedule = Schedule(str(uuid.uuid4()), wanted, report, now, now, now)
        self._schedules[schedule.id] = schedule
        return Answer.of(200, self._told(schedule))

    def schedule(self, call: Call) -> Answer:
        return Answer.of(200, self._told(self._schedule(call)))

    def update(self, call: Call) -> Answer:
        schedule = self._schedule(call)
        wanted, report = self._wanted(call)
        with self._lock:
            schedule.change(wanted, report, self._org.clock.now(), self._org.assumptions)
        return Answer.of(200, self._told(schedule))

    def delete(self, call: Call) -> Answer:
        self._schedules.pop(self._schedule(call).id, None)
        return Answer(self._org.assumptions.delete_status)

    def history(self, call: Call) -> Answer:
        """A page of the runs that have ended, the newest first."""
        schedule = self._schedule(call)
        ended = [self._told_run(schedule, run) for run in self._ended(schedule)]
        return Answer.of(200, entity_page(call, SCHEDULE_HISTORY, ended))

    def latest(self, call: Call) -> Answer:
        schedule = self._schedule(call)
        ended = self._ended(schedule)
        if not ended:
            raise not_found(f"a finished run of schedule {schedule.id}")
        return Answer.of(200, self._told_run(schedule, ended[0]))

    def run(self, call: Call) -> Answer:
        """One run, while it is running too."""
        schedule = self._schedule(call)
        run = next((each for each in self._runs(schedule) if each.id == call.path["runId"]), None)
        if run is None:
            raise not_found(f"run {call.path['runId']}")
        return Answer.of(200, self._told_run(schedule, run))

    def run_now(self, call: Call) -> Answer:
        schedule = self._schedule(call)
        with self._lock:
            run = schedule.run_now(self._org.clock.now())
        told = {"id": run.id, "name": schedule.name, "selfUri": f"{BASE}/{schedule.id}/history/{run.id}"}
        return Answer.of(202, told)

    def change_settings(self, call: Call) -> Answer:
        body = read_body(call.body, str(SETTINGS_CHANGE.takes))
        self._org.settings |= {name: value for name, value in body.items() if value is not None}
        return Answer.of(200, self._org.settings)

    def _wanted(self, call: Call) -> tuple[dict[str, Any], Report]:
        """The schedule in a body and its report; ApiError 400 saying what is wrong with it."""
        wanted = without_read_only(read_body(call.body, str(SCHEDULE_CREATE.takes)))
        report = self._reports.get(wanted["reportId"])
        if report is None:
            raise bad_request(f"There is no report {wanted['reportId']}")
        Cron.parse(wanted["quartzCronExpression"], zone_of(wanted.get("timeZone")))
        parse_interval(wanted["interval"], _LONGEST_DAYS)
        for name, known in (("reportFormat", FORMATS), ("timePeriod", PERIODS)):
            if wanted.get(name) not in (None, *known):
                raise invalid_value(wanted[name], name[0].upper() + name[1:], known)
        report.check_locale(wanted.get("locale"))
        report.check_parameters(wanted.get("parameters") or {})
        return wanted, report

    def _schedule(self, call: Call) -> Schedule:
        schedule = self._schedules.get(call.path["scheduleId"])
        if schedule is None:
            raise not_found(f"schedule {call.path['scheduleId']}")
        return schedule

    def _told(self, schedule: Schedule) -> dict[str, Any]:
        return schedule.told(self._org.clock.now(), self._org.assumptions)

    def _told_run(self, schedule: Schedule, run: Run) -> dict[str, Any]:
        return schedule.told_run(run, self._org.clock.now(), self._org.assumptions)

    def _runs(self, schedule: Schedule) -> list[Run]:
        return schedule.runs(self._org.clock.now(), self._org.assumptions)

    def _ended(self, schedule: Schedule) -> list[Run]:
        """The runs that have ended."""
        now, assumed = self._org.clock.now(), self._org.assumptions
        return [run for run in self._runs(schedule) if run.look(now, assumed)]
