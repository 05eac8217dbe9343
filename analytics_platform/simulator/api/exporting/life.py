"""Exports from request to file: submitted, running, completed - each seen only by the client that asked for it."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from analytics_platform.simulator.api.errors import ApiError
from analytics_platform.simulator.api.exporting.request import ExportRequest
from analytics_platform.simulator.api.faults import EXPORT_FATES, Fault
from analytics_platform.simulator.assumptions import Assumptions
from analytics_platform.simulator.clock import Clock
from analytics_platform.simulator.world.instants import iso

PARTIAL = "COMPLETED_WITH_PARTIAL_RESULTS"
_PERCENTAGES = {"SUBMITTED": 0, "RUNNING": 50}


class ExportFailed(Exception):
    """An export whose file cannot be made; the text is the vendor's exportErrorMessagesType."""


@dataclass(slots=True)
class Export:
    """One export. `fault` overrules its course; `file` is there once it is completed, under `download_id`."""

    client_id: str
    request: ExportRequest
    created: int
    fault: Fault | None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    download_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    status: str = "SUBMITTED"
    error: str | None = None
    modified: int = 0
    looks: int = 0
    entered: float = field(default_factory=time.monotonic)
    file: bytes | None = None

    def told(self, base: str) -> dict[str, Any]:
        """The vendor's ReportingExportJobResponse, its addresses under `base`."""
        body = {name: value for name, value in self.request.body.items() if value is not None}
        told = body | {
            "id": self.id,
            "runId": self.run_id,
            "status": self.status,
            "read": bool(body.get("read")),
            "createdDateTime": iso(self.created),
            "modifiedDateTime": iso(self.modified or self.created),
            "percentageComplete": _PERCENTAGES.get(self.status, 100),
            "exportAllowedToRerun": True,
            "enabled": True,
            "selfUri": f"/api/v2/analytics/reporting/exports/{self.id}",
        }
        if self.error is not None:
            told["exportErrorMessagesType"] = self.error
        if self.file is not None:
            told["downloadUrl"] = f"{base}/api/v2/downloads/{self.download_id}"
        return told


class Exports:
    """All exports of the org; `make` makes the file of one, whole or partial, and may raise ExportFailed."""

    def __init__(self, clock: Clock, assumptions: Assumptions, make: Callable[[ExportRequest, bool], bytes]) -> None:
        self._clock = clock
        self._assumptions = assumptions
        self._make = make
        self._exports: list[Export] = []
        self._lock = Lock()

    def submit(self, client_id: str, request: ExportRequest, fault: Fault | None) -> Export:
        export = Export(client_id, request, self._clock.now(), fault)
        with self._lock:
            self._exports.append(export)
        return export

    def look(self, client_id: str) -> list[Export]:
        """The client's exports, the newest first, each moved on as far as looks and real time let it."""
        with self._lock:
            mine = [export for export in reversed(self._exports) if export.client_id == client_id]
            for export in mine:
                self._advance(export)
                export.looks += 1
        return mine

    def of_download(self, client_id: str, download_id: str) -> Export | None:
        """The client's completed export with a download id."""
        mine = (export for export in self._exports if export.client_id == client_id and export.file is not None)
        return next((export for export in mine if export.download_id == download_id), None)

    def _advance(self, export: Export) -> None:
        assumed = self._assumptions
        if export.status == "SUBMITTED" and self._waited(
            export, assumed.export_submitted_looks, assumed.export_submitted_seconds
        ):
            self._enter(export, "RUNNING")
        if export.status == "RUNNING" and self._waited(
            export, assumed.export_running_looks, assumed.export_running_seconds
        ):
            self._finish(export)

    def _finish(self, export: Export) -> None:
        fate = EXPORT_FATES[export.fault.kind] if export.fault else "COMPLETED"
        if fate == "RUNNING":
            return
        try:
            if export.fault and fate == "FAILED":
                raise ExportFailed(export.fault.reason or "FAILED_GETTING_DATA_FROM_SERVICE")
            export.file = self._make(export.request, fate == PARTIAL)
        except ExportFailed as failed:
            fate, export.error = "FAILED", str(failed)
        except ApiError:
            fate, export.error = "FAILED", "FAILED_GETTING_DATA_FROM_SERVICE"
        self._enter(export, fate)

    @staticmethod
    def _waited(export: Export, looks: int, seconds: float) -> bool:
        return export.looks >= looks and time.monotonic() - export.entered >= seconds

    def _enter(self, export: Export, status: str) -> None:
        export.status, export.looks, export.entered = status, 0, time.monotonic()
        export.modified = self._clock.now()
