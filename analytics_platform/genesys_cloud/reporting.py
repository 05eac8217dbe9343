"""The administration of reports: reports, schedules, their runs, and what reports mask (vendor shapes: SDK 199.1.0).

The vendor withdrew most of it; an org that lacks an operation answers NotFound. What changes something is made up
first, as a Change that can be looked at, and is sent by itself.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from analytics_platform.catalogue.models import Field, model
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
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.directory import pages
from analytics_platform.genesys_cloud.filters import require_model
from analytics_platform.source.errors import QueryRefused

_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "string": str,
    "datetime": str,
}


@dataclass(frozen=True)
class Change:
    """One call that changes something at the vendor, made up and not sent."""

    operation: Operation
    path: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None

    @property
    def target(self) -> str:
        """Method and path as they would be sent."""
        filled = self.operation.path.format_map({name: quote(value, safe="") for name, value in self.path.items()})
        return f"{self.operation.method} {filled}"

    def send(self, client: GenesysCloud) -> Any:
        """Make the change; what the vendor answers, None where that is nothing. Raises the client's errors.

        Repeated after a passing fault only where the vendor did not act on it or where twice is the same as once.
        """
        return client.call(self.operation, path=self.path, body=self.body).value


def create_schedule(body: Mapping[str, Any]) -> Change:
    """Schedule a report. QueryRefused and UnknownName for a body that is no ReportSchedule."""
    return Change(SCHEDULE_CREATE, body=_body_of(SCHEDULE_CREATE, body))


def update_schedule(schedule_id: str, body: Mapping[str, Any]) -> Change:
    """Make a schedule what the body says, whole: what it leaves out is gone. Raises as `create_schedule`."""
    return Change(SCHEDULE_UPDATE, _id("scheduleId", schedule_id), _body_of(SCHEDULE_UPDATE, body))


def delete_schedule(schedule_id: str) -> Change:
    """Delete a schedule."""
    return Change(SCHEDULE_DELETE, _id("scheduleId", schedule_id))


def run_now(schedule_id: str) -> Change:
    """Run a scheduled report now, beside its schedule."""
    return Change(SCHEDULE_RUN_NOW, _id("scheduleId", schedule_id))


def change_settings(body: Mapping[str, Any]) -> Change:
    """Change what reports mask; what the body leaves out stays. Raises as `create_schedule`."""
    if not body:
        known = ", ".join(model(str(SETTINGS_CHANGE.takes)).fields)
        raise QueryRefused(f"There is no setting to change: name one of {known}.")
    return Change(SETTINGS_CHANGE, body=_body_of(SETTINGS_CHANGE, body))


def written_fields(operation: Operation, written: Mapping[str, str]) -> dict[str, Any]:
    """Values as a person types them, made what the fields of an operation's body take.

    UnknownName with the nearest names for a field there is none of, QueryRefused for a value that cannot be read.
    """
    takes = str(operation.takes)
    require_model(dict.fromkeys(written), takes, "the body")
    fields = model(takes).fields
    return {name: _read_value(text, fields[name]) for name, text in written.items()}


class Reporting:
    """What an org tells of its reports. Every method raises the client's errors; lists are read page by page."""

    def __init__(self, client: GenesysCloud) -> None:
        self._client = client

    def reports(self, locale: str = "") -> Iterator[dict[str, Any]]:
        """The reports there are, named in a locale such as `en-us`, or as the vendor likes."""
        return self._listed(REPORTS, query=_in(locale))

    def report(self, report_id: str, locale: str = "") -> dict[str, Any]:
        """One report and its parameters."""
        return self._read(REPORT, _id("reportId", report_id), _in(locale))

    def formats(self) -> list[str]:
        """The formats a report comes in."""
        return self._words(REPORT_FORMATS)

    def time_periods(self) -> list[str]:
        """The periods a report can cover."""
        return self._words(TIME_PERIODS)

    def schedules(self) -> Iterator[dict[str, Any]]:
        """The scheduled reports."""
        return self._listed(SCHEDULES)

    def schedule(self, schedule_id: str) -> dict[str, Any]:
        """One scheduled report."""
        return self._read(SCHEDULE_READ, _id("scheduleId", schedule_id))

    def history(self, schedule_id: str) -> Iterator[dict[str, Any]]:
        """The finished runs of a scheduled report."""
        return self._listed(SCHEDULE_HISTORY, _id("scheduleId", schedule_id))

    def latest(self, schedule_id: str) -> dict[str, Any]:
        """The newest finished run of a scheduled report."""
        return self._read(SCHEDULE_LATEST, _id("scheduleId", schedule_id))

    def run(self, schedule_id: str, run_id: str) -> dict[str, Any]:
        """One finished run of a scheduled report."""
        return self._read(SCHEDULE_RUN, {**_id("scheduleId", schedule_id), **_id("runId", run_id)})

    def settings(self) -> dict[str, Any]:
        """Whether reports mask personal data and hide agents."""
        return self._read(SETTINGS_READ, {})

    def _listed(
        self,
        operation: Operation,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None,
    ) -> Iterator[dict[str, Any]]:
        return (entity for page in pages(self._client, operation, path=path, query=query) for entity in page.entities)

    def _read(
        self, operation: Operation, path: Mapping[str, str], query: Mapping[str, str | int] | None = None
    ) -> dict[str, Any]:
        told = self._client.call(operation, path=path, query=query).value
        return told if isinstance(told, dict) else {}

    def _words(self, operation: Operation) -> list[str]:
        told = self._client.call(operation).value
        return [str(word) for word in told] if isinstance(told, list) else []


def _in(locale: str) -> dict[str, str | int]:
    return {"locale": locale} if locale else {}


def _id(name: str, given: str) -> dict[str, str]:
    if not given.strip():
        raise QueryRefused(f"An empty {name} names nothing: give the id as the list shows it.")
    return {name: given.strip()}


def _body_of(operation: Operation, body: Mapping[str, Any]) -> dict[str, Any]:
    """A body that holds what the vendor's model requires, and nothing the model does not know."""
    takes, told = str(operation.takes), dict(body)
    require_model(told, takes, "the body")
    fields = model(takes).fields
    for name, value in told.items():
        if value is not None and not fields[name].container:
            _require_kind(value, fields[name])
    missing = [name for name, known in fields.items() if known.required and told.get(name) in (None, "")]
    if missing:
        raise QueryRefused(f"The body lacks what {takes} requires: {', '.join(missing)}.")
    return told


def _require_kind(value: object, known: Field) -> None:
    kind = _KINDS.get(known.type)
    if kind and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
        raise QueryRefused(f"{known.name} takes a {known.type}, not {value!r}.")


def _read_value(text: str, known: Field) -> Any:
    read: Callable[[str], Any] = str if known.type in ("string", "datetime") and not known.container else json.loads
    try:
        return read(text)
    except ValueError:
        wanted = f"JSON, a {known.container or known.type}" if known.container or known.is_model else f"a {known.type}"
        raise QueryRefused(f"{known.name} takes {wanted}, not {text!r}.") from None
