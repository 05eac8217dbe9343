"""Exports of views: asked for, listed, described, downloaded."""

from collections.abc import Callable, Mapping

from analytics_platform.catalogue.operations import Operation
from analytics_platform.catalogue.operations.reporting import (
    EXPORT_DOWNLOAD,
    EXPORT_LIST,
    EXPORT_METADATA,
    EXPORT_REQUEST,
)
from analytics_platform.simulator.api.answers import Answer
from analytics_platform.simulator.api.calls import Call
from analytics_platform.simulator.api.errors import not_found
from analytics_platform.simulator.api.exporting.columns import written
from analytics_platform.simulator.api.exporting.files import csv_file, pdf_file
from analytics_platform.simulator.api.exporting.life import ExportFailed, Exports
from analytics_platform.simulator.api.exporting.request import ExportRequest
from analytics_platform.simulator.api.exporting.views import VIEWS, view_metadata
from analytics_platform.simulator.api.faults import EXPORT_FATES
from analytics_platform.simulator.api.listings import entity_page
from analytics_platform.simulator.api.org import Org

_CONTENT_TYPES = {"CSV": "text/csv", "PDF": "application/pdf"}


class ExportsApi:
    """The exports of one org."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._exports = Exports(org.clock, org.assumptions, self._file)

    def handlers(self) -> Mapping[Operation, Callable[[Call], Answer]]:
        """What serves each operation; it raises ApiError for every answer that is an error."""
        return {
            EXPORT_LIST: self.listed,
            EXPORT_REQUEST: self.request,
            EXPORT_METADATA: self.metadata,
            EXPORT_DOWNLOAD: self.download,
        }

    def request(self, call: Call) -> Answer:
        """Take an export on. One of a view that is not served is taken on too, and fails in its run."""
        request = ExportRequest.read(call.body, self._org.assumptions.export_max_interval_days)
        view = VIEWS.get(request.body["viewType"])
        if view is not None:
            request.check_filters(view.required_filters, view.supported_filters)
            request.columns(view.columns, view.required)
        fault = self._org.faults.take(call.name, tuple(EXPORT_FATES))
        return Answer.of(200, self._exports.submit(call.client.id, request, fault).told(call.base))

    def listed(self, call: Call) -> Answer:
        """A page of the caller's own exports, the newest first."""
        told = [export.told(call.base) for export in self._exports.look(call.client.id)]
        return Answer.of(200, entity_page(call, EXPORT_LIST, told))

    def metadata(self, call: Call) -> Answer:
        longest = self._org.assumptions.export_max_interval_days
        return Answer.of(200, entity_page(call, EXPORT_METADATA, [view_metadata(name, longest) for name in VIEWS]))

    def download(self, call: Call) -> Answer:
        """Leads to where the file of a completed export of the caller's lies."""
        export = self._exports.of_download(call.client.id, call.path["downloadId"])
        if export is None or export.file is None:
            raise not_found(f"download {call.path['downloadId']}")
        body = export.request.body
        kind = body["exportFormat"]
        path = self._org.storage.sign(export.file, _CONTENT_TYPES[kind], f"{body['name']}.{kind.lower()}")
        return Answer(self._org.assumptions.download_redirect_status, headers={"Location": call.base + path})

    def _file(self, request: ExportRequest, partial: bool) -> bytes:
        """The file of a request, of the first half of its rows where it is partial; ExportFailed says what hinders."""
        view, assumed = VIEWS.get(request.body["viewType"]), self._org.assumptions
        if view is None:
            raise ExportFailed("EXPORT_TYPE_NOT_IMPLEMENTED")
        rows = view.rows(self._org, request)
        if partial:
            rows = rows[: len(rows) // 2]
        style = request.style(self._org.clock.now() if partial else None)
        lines = written(rows, request.columns(view.columns, view.required), style)
        if request.body["exportFormat"] == "PDF":
            told = pdf_file(request.body["name"], lines)
        else:
            told = csv_file(lines, request.delimiter, assumed.export_csv_bom, assumed.export_csv_quotes_all)
        if len(told) > assumed.export_max_bytes:
            raise ExportFailed("FAILED_AS_EXPORT_FILE_SIZE_IS_GREATER_THAN_10MB")
        return told
