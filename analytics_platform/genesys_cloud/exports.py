"""Exports of views: ask for one, find it in the list, wait for it, fetch its file (vendor facts: SDK 269.0.0).

The vendor lists the exports of the OAuth client that asked; there is no call that reads one, and none that deletes one.
States run SUBMITTED, RUNNING, then COMPLETED, COMPLETED_WITH_PARTIAL_RESULTS, FAILED or CANCELLED; the set is open.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO

from analytics_platform.catalogue.operations.reporting import EXPORT_DOWNLOAD, EXPORT_LIST, EXPORT_REQUEST
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.directory import pages
from analytics_platform.genesys_cloud.token import TOKEN
from analytics_platform.source.errors import (
    JobCancelled,
    JobDeadline,
    JobFailed,
    JobGone,
    NotJson,
    SubmitUncertain,
    TransientError,
    UnexpectedAnswer,
)
from analytics_platform.source.looks import looks
from analytics_platform.source.pages import instant

_log = logging.getLogger(__name__)
PARTIAL = "COMPLETED_WITH_PARTIAL_RESULTS"
_COMPLETED = ("COMPLETED", PARTIAL)
_ENDED = (*_COMPLETED, "FAILED", "CANCELLED")
_RUNNING = ("SUBMITTED", "RUNNING", "CANCELLING")
_HEAD = 1024
_MISSES = 3
"""Looks at the list, one after the other, that must lack an export before it counts as gone."""


@dataclass(frozen=True)
class Export:
    """One export as the list tells it; `run_id` tells its runs apart, `name` is as asked for. Instants are UTC."""

    run_id: str
    id: str | None
    name: str
    status: str
    fault: str | None
    """The vendor's exportErrorMessagesType."""
    address: str = field(repr=False)
    """The downloadUrl, empty while there is none."""
    created: datetime | None
    modified: datetime | None

    @property
    def completed(self) -> bool:
        return self.status in _COMPLETED

    @property
    def ended(self) -> bool:
        return self.status in _ENDED

    def is_of(self, name: str, run_id: str | None) -> bool:
        """Whether it is the one asked for by this name, which the vendor may have added to, or of this runId."""
        return self.run_id == run_id or name in self.name


class Exports:
    """The exports of one OAuth client, since the vendor lists to each its own. It changes none: the vendor keeps them
    for as long as it likes."""

    def __init__(self, client: GenesysCloud) -> None:
        self._client = client

    @property
    def client_id(self) -> str:
        """The OAuth client that asks; of several the one that may send soonest."""
        return self._client.asks_as

    def of(self, client_id: str) -> "Exports":
        """The exports of this OAuth client; an empty id is whoever is asked first.

        Raises JobGone where the connection does not speak as that client (any more).
        """
        owner = client_id or self._client.client_ids[0]
        if owner not in self._client.client_ids:
            raise JobGone(
                f"The export belongs to the OAuth client {owner}, which is not configured any more: ask for it anew.",
                operation=EXPORT_LIST,
            )
        return Exports(self._client.alone(owner))

    def request(self, body: Mapping[str, object]) -> Export:
        """Ask for an export; never repeated unless the vendor surely did not take it.

        Raises SubmitUncertain where it may have been taken: no answer, one cut short, 5xx, or none we understand. Its
        name in the list tells then.
        """
        try:
            answer = self._client.call(EXPORT_REQUEST, body=dict(body))
        except (TransientError, NotJson) as fault:
            if fault.untaken or fault.operation is TOKEN:
                raise
            raise _uncertain(str(fault), fault.status, fault.correlation_id) from fault
        told = answer.value if isinstance(answer.value, dict) else {}
        if not told.get("runId"):
            raise _uncertain("The answer holds no runId.", answer.status, answer.correlation_id)
        export = _export(told)
        _log.info("Asked for export %s, %s.", export.run_id, export.name)
        return export

    def listed(self) -> Iterator[Export]:
        """All exports the vendor lists, page by page as they are asked for; one may come twice while the list moves."""
        for page in pages(self._client, EXPORT_LIST):
            yield from (_export(told) for told in page.entities if told.get("runId"))

    def newest(self) -> list[Export]:
        """What one look at the list shows: its first page, the newest exports."""
        return [_export(told) for told in next(pages(self._client, EXPORT_LIST)).entities if told.get("runId")]

    def find(self, name: str, run_id: str | None = None) -> Export | None:
        """The export of this name or runId; None when the list has none (yet). The name must be that of no other."""
        return next((export for export in self.listed() if export.is_of(name, run_id)), None)

    def wait(
        self,
        name: str,
        run_id: str,
        *,
        first_pause: float,
        deadline: float,
        longest_pause: float = 30.0,
        until_listed: float = 0.0,
        on_look: Callable[[Export], None] | None = None,
    ) -> Export:
        """Wait until the export is completed, wholly or in part, and return it. Times in seconds, pauses grow.

        A status nobody knows is reported once and waited through; so is a list that lacks the export, for
        `until_listed` seconds and some looks more, as pages move. Raises JobFailed, JobCancelled, JobGone, or
        JobDeadline; the export goes on after the latter.
        """
        strange: set[str] = set()
        listed_by, misses, status = time.monotonic() + until_listed, 0, "not listed"
        for export in looks(partial(self.find, name, run_id), f"export {run_id}", first_pause, deadline, longest_pause):
            if export is None:
                misses += 1
                if misses >= _MISSES and time.monotonic() >= listed_by:
                    raise JobGone(
                        f"Genesys Cloud does not list the export {name} ({run_id}) (any more): ask for it anew.",
                        operation=EXPORT_LIST,
                    )
                continue
            misses, status = 0, export.status or "without a status"
            if on_look is not None:
                on_look(export)
            if export.completed:
                return export
            refuse_ended(export)
            if export.status not in _RUNNING and export.status not in strange:
                strange.add(export.status)
                _log.warning("Export %s is in the unknown status %r; waiting on.", run_id, export.status)
        raise JobDeadline(
            f"The export {name} ({run_id}) is still {status} after {deadline:.0f} s; it goes on at Genesys Cloud.",
            operation=EXPORT_LIST,
        )

    def download(self, export: Export, into: BinaryIO, *, pdf: bool) -> str:
        """Write the file of a completed export to `into`, return its content type. Only our API host sees the bearer.

        Raises UnexpectedAnswer where there is no downloadUrl, or what comes is a web page, or no PDF where one was
        asked for; CutShort where it broke off; what `GenesysCloud.fetch` raises.
        """
        if not export.address:
            raise UnexpectedAnswer(
                f"The export {export.name} ({export.run_id}) is {export.status} and has no downloadUrl: run again "
                "later, or ask the vendor.",
                operation=EXPORT_LIST,
            )
        content_type = self._client.fetch(EXPORT_DOWNLOAD, export.address, into)
        into.seek(0)
        head = into.read(_HEAD).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        web_page = "html" in content_type.lower() or head.startswith((b"<!doctype", b"<html"))
        if web_page or (pdf and not head.startswith(b"%pdf-")):
            came = "a web page" if web_page else "no PDF"
            raise UnexpectedAnswer(
                f"What came as the file of export {export.name} ({export.run_id}) is {came} (content type "
                f"{content_type or 'not told'}): look for a proxy or gateway that answers in the vendor's place, then "
                "run again.",
                operation=EXPORT_DOWNLOAD,
            )
        return content_type


def refuse_ended(export: Export) -> None:
    """Raise JobFailed or JobCancelled when the export ended without a file."""
    what = f"The export {export.name} ({export.run_id})"
    if export.status == "FAILED":
        reason = export.fault or "no reason given"
        raise JobFailed(
            f"{what} failed at Genesys Cloud ({reason}): ask for it anew, for less where it is too large.",
            operation=EXPORT_LIST,
            code=export.fault,
            message=export.fault,
        )
    if export.status == "CANCELLED":
        raise JobCancelled(f"{what} was cancelled at Genesys Cloud: ask for it anew.", operation=EXPORT_LIST)


def _export(told: Mapping[str, Any]) -> Export:
    fault = told.get("exportErrorMessagesType")
    return Export(
        run_id=str(told["runId"]),
        id=str(told["id"]) if told.get("id") else None,
        name=str(told.get("name") or ""),
        status=str(told.get("status") or ""),
        fault=str(fault) if fault else None,
        address=str(told.get("downloadUrl") or ""),
        created=instant(told.get("createdDateTime")),
        modified=instant(told.get("modifiedDateTime")),
    )


def _uncertain(what: str, status: int | None, correlation_id: str | None) -> SubmitUncertain:
    return SubmitUncertain(
        f"Nobody knows whether Genesys Cloud took the export: run again, which looks for it in the list first. {what}",
        operation=EXPORT_REQUEST,
        status=status,
        correlation_id=correlation_id,
    )
