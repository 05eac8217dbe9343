"""Reporting: exports of views, and the administration of reports, most of which the vendor withdrew.

The shapes of what was withdrawn are those of the last SDK that had them (199.1.0). There is no operation that reads one
export, and none that deletes one.
"""

from analytics_platform.catalogue.operations.operation import Lands, Limits, Operation, Parameter

_REPORTING = "/api/v2/analytics/reporting"
_WITHDRAWN = "200.0.0 (2024-05-24)"
_REPORTS = (
    "reporting:acd:view",
    "reporting:status:view",
    "reporting:interactions:view",
    "reporting:outbound:view",
    "reporting:quality:view",
    "employee",
)
_PAGES = (Parameter("pageNumber", "1"), Parameter("pageSize", "25"))
_PAGED = Limits(page_size=100, default_page_size=25)
_LOCALE = Parameter("locale")

EXPORT_LIST = Operation(
    "exports.list",
    "GET",
    f"{_REPORTING}/exports",
    ("analytics:dataExport:view",),
    all_of=True,
    gives="ReportingExportJobListing",
    parameters=_PAGES,
    limits=_PAGED,
    lands=Lands.SNAPSHOT,
    tables=("exports",),
    summary="The exports this OAuth client asked for, and how far they are.",
    listed=19,
)
EXPORT_REQUEST = Operation(
    "exports.request",
    "POST",
    f"{_REPORTING}/exports",
    ("analytics:dataExport:add",),
    all_of=True,
    takes="ReportingExportJobRequest",
    gives="ReportingExportJobResponse",
    lands=Lands.DAY,
    tables=("export_<name>",),
    summary="Ask for an export of a view.",
    listed=20,
)
EXPORT_METADATA = Operation(
    "exports.metadata",
    "GET",
    f"{_REPORTING}/exports/metadata",
    ("analytics:dataExport:view",),
    all_of=True,
    gives="ReportingExportMetadataJobListing",
    lands=Lands.SNAPSHOT,
    tables=("export_views",),
    summary="What each view can export: filters, columns, dates.",
    listed=21,
)
EXPORT_DOWNLOAD = Operation(
    "exports.download",
    "GET",
    "/api/v2/downloads/{downloadId}",
    summary="The file of a finished export, at the downloadUrl its listing gives.",
    tables=("export_<name>",),
)
SETTINGS_READ = Operation(
    "settings.read",
    "GET",
    f"{_REPORTING}/settings",
    ("analytics:reportingSettings:view",),
    gives="AnalyticsReportingSettings",
    lands=Lands.SNAPSHOT,
    tables=("reporting_settings",),
    summary="Whether reports mask personal data and hide agents.",
)
SETTINGS_CHANGE = Operation(
    "settings.change",
    "PATCH",
    f"{_REPORTING}/settings",
    ("analytics:reportingSettings:edit",),
    takes="AnalyticsReportingSettings",
    gives="AnalyticsReportingSettings",
    lands=Lands.ACTION,
    summary="Change what reports mask; it changes what later extracts hold.",
    listed=33,
)


def _withdrawn(name: str, method: str, path: str, listed: int, summary: str, **facts: object) -> Operation:
    return Operation(
        name,
        method,
        f"{_REPORTING}/{path}",
        summary=summary,
        listed=listed,
        withdrawn=_WITHDRAWN,
        **facts,  # type: ignore[arg-type]
    )


def _snapshot(name: str, path: str, listed: int, summary: str, table: str, gives: str, **facts: object) -> Operation:
    return _withdrawn(name, "GET", path, listed, summary, lands=Lands.SNAPSHOT, tables=(table,), gives=gives, **facts)


def _schedule(name: str, method: str, path: str, listed: int, summary: str, **facts: object) -> Operation:
    return _withdrawn(name, method, f"schedules{path}", listed, summary, **facts)


REPORTS = _snapshot(
    "reports.list",
    "metadata",
    22,
    "The reports there are.",
    "reports",
    "ReportMetaDataEntityListing",
    permissions=_REPORTS,
    parameters=(*_PAGES, _LOCALE),
    limits=_PAGED,
)
REPORT = _withdrawn(
    "reports.read",
    "GET",
    "{reportId}/metadata",
    35,
    "One report and its parameters.",
    gives="ReportMetaData",
    permissions=_REPORTS,
    parameters=(_LOCALE,),
    lands=Lands.SNAPSHOT,
    tables=("report_details",),
)
REPORT_FORMATS = _snapshot(
    "reports.formats", "reportformats", 23, "The formats a report comes in.", "report_formats", "list[string]"
)
TIME_PERIODS = _snapshot(
    "reports.time_periods", "timeperiods", 34, "The periods a report can cover.", "report_time_periods", "list[string]"
)
SCHEDULES = _snapshot(
    "schedules.list",
    "schedules",
    24,
    "The scheduled reports.",
    "report_schedules",
    "ReportScheduleEntityListing",
    permissions=_REPORTS,
    parameters=_PAGES,
    limits=_PAGED,
)
SCHEDULE_CREATE = _schedule(
    "schedules.create",
    "POST",
    "",
    25,
    "Schedule a report.",
    takes="ReportSchedule",
    gives="ReportSchedule",
    permissions=_REPORTS,
    lands=Lands.ACTION,
)
SCHEDULE_DELETE = _schedule(
    "schedules.delete", "DELETE", "/{scheduleId}", 26, "Delete a scheduled report.", lands=Lands.ACTION
)
SCHEDULE_READ = _schedule(
    "schedules.read", "GET", "/{scheduleId}", 27, "One scheduled report.", gives="ReportSchedule", lands=Lands.ANSWER
)
SCHEDULE_UPDATE = _schedule(
    "schedules.update",
    "PUT",
    "/{scheduleId}",
    28,
    "Change a scheduled report.",
    takes="ReportSchedule",
    gives="ReportSchedule",
    permissions=_REPORTS,
    lands=Lands.ACTION,
)
SCHEDULE_HISTORY = _schedule(
    "schedules.history",
    "GET",
    "/{scheduleId}/history",
    29,
    "The finished runs of a scheduled report.",
    gives="ReportRunEntryEntityDomainListing",
    parameters=_PAGES,
    limits=_PAGED,
    lands=Lands.SNAPSHOT,
    tables=("report_schedule_runs",),
)
SCHEDULE_LATEST = _schedule(
    "schedules.latest",
    "GET",
    "/{scheduleId}/history/latest",
    30,
    "The newest finished run of a scheduled report.",
    gives="ReportRunEntry",
    lands=Lands.ANSWER,
)
SCHEDULE_RUN = _schedule(
    "schedules.run",
    "GET",
    "/{scheduleId}/history/{runId}",
    31,
    "One finished run of a scheduled report.",
    gives="ReportRunEntry",
    lands=Lands.ANSWER,
)
SCHEDULE_RUN_NOW = _schedule(
    "schedules.run_now",
    "POST",
    "/{scheduleId}/runreport",
    32,
    "Run a scheduled report now.",
    gives="RunNowResponse",
    permissions=_REPORTS,
    lands=Lands.ACTION,
)
REPORTING = (
    EXPORT_LIST,
    EXPORT_REQUEST,
    EXPORT_METADATA,
    EXPORT_DOWNLOAD,
    REPORTS,
    REPORT_FORMATS,
    SCHEDULES,
    SCHEDULE_CREATE,
    SCHEDULE_DELETE,
    SCHEDULE_READ,
    SCHEDULE_UPDATE,
    SCHEDULE_HISTORY,
    SCHEDULE_LATEST,
    SCHEDULE_RUN,
    SCHEDULE_RUN_NOW,
    SETTINGS_READ,
    SETTINGS_CHANGE,
    TIME_PERIODS,
    REPORT,
)
