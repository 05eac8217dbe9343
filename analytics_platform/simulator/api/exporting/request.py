"""A request for an export, held against what its view can do."""

from dataclasses import dataclass
from typing import Any

from analytics_platform.catalogue.operations.reporting import EXPORT_REQUEST
from analytics_platform.simulator.api.errors import bad_request, unsupported
from analytics_platform.simulator.api.exporting.columns import Column, Style
from analytics_platform.simulator.api.interval import Interval, parse_interval
from analytics_platform.simulator.api.statistics.buckets import Granularity, zone_of
from analytics_platform.simulator.api.validation import read_body

Filters = dict[str, list[str]]
"""What a filter of the view allows, by the filter's name."""
_REFUSED = ("hasCustomParticipantAttributes", "chartColumns")


@dataclass(frozen=True)
class ExportRequest:
    """A valid request; `body` is what was sent. `hasSplitFilters` changes nothing: every view is by entity anyway."""

    body: dict[str, Any]
    interval: Interval
    filters: Filters

    @classmethod
    def read(cls, body: bytes, longest_days: int) -> "ExportRequest":
        """From a request's body; ApiError 400 saying what is wrong with it. The view has still to agree."""
        told = read_body(body, str(EXPORT_REQUEST.takes))
        for name in _REFUSED:
            if told.get(name):
                raise unsupported(name)
        zone_of(told["timeZone"])
        Granularity.parse(told["period"])
        filters = {name: value for name, value in told["filter"].items() if value not in (None, [])}
        return cls(told, parse_interval(told["interval"], longest_days), filters)

    @property
    def split_by_media(self) -> bool:
        return bool(self.body.get("hasSplitByMedia"))

    @property
    def excludes_empty_rows(self) -> bool:
        return bool(self.body.get("excludeEmptyRows"))

    @property
    def has_summary(self) -> bool:
        return bool(self.body.get("hasSummaryRow"))

    @property
    def delimiter(self) -> str:
        return ";" if self.body.get("csvDelimiter") == "SEMICOLON" else ","

    def style(self, partial_since: int | None) -> Style:
        """Durations are milliseconds unless a format is named, or formatting alone is asked for."""
        plain = "Hhmmss" if self.body.get("hasFormatDurations") else "Milliseconds"
        return Style(
            zone_of(self.body["timeZone"]),
            self.body.get("durationFormat") or plain,
            bool(self.body.get("includeDurationFormatInHeader")),
            "; ".join(f"{name}: {', '.join(values)}" for name, values in self.filters.items()),
            partial_since,
        )

    def check_filters(self, required: tuple[str, ...], supported: tuple[str, ...]) -> None:
        """ApiError 400 for a filter that the view does not know, or lacks."""
        view = self.body["viewType"]
        for name in self.filters:
            if name not in supported:
                raise bad_request(
                    f"The filter {name} is not supported by {view}. Supported are: {', '.join(supported)}"
                )
        for name in required:
            if name not in self.filters:
                raise bad_request(f"The filter {name} is required by {view}")

    def columns(self, available: tuple[Column, ...], required: tuple[Column, ...]) -> list[Column]:
        """All columns of the view, or those selected after those required; ApiError 400 for one it does not have."""
        selected = sorted(self.body.get("selectedColumns") or (), key=lambda told: told.get("columnOrder") or 0)
        if not selected:
            return list(available)
        known = {column.id: column for column in available}
        for told in selected:
            if told.get("columnName") not in known:
                view = self.body["viewType"]
                raise bad_request(f"The column {told.get('columnName')} is not available in {view}")
        chosen = {column.id: column for column in required}
        chosen |= {told["columnName"]: known[told["columnName"]] for told in selected}
        return list(chosen.values())
