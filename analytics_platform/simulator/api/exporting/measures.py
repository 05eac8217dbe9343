"""Columns that measure: each reads one statistic of a row's aggregate, or two in proportion."""

from typing import Any, Protocol

from analytics_platform.simulator.api.exporting.columns import Column, Kind

Statistics = dict[tuple[str, str | None], dict[str, Any]]
"""The vendor's statistics by metric and qualifier."""


class Measured(Protocol):
    """A row with statistics."""

    @property
    def statistics(self) -> Statistics: ...


def count(heading: str, metric: str) -> Column:
    """How often."""
    return Column(heading, Kind.COUNT, lambda row: _told(row, metric, "count"))


def total(heading: str, metric: str) -> Column:
    """How long in all."""
    return Column(heading, Kind.DURATION, lambda row: _told(row, metric, "sum"))


def average(heading: str, metric: str, kind: Kind = Kind.DURATION) -> Column:
    return Column(heading, kind, lambda row: _divided(_told(row, metric, "sum"), _told(row, metric, "count")))


def share(heading: str, metric: str, of: str) -> Column:
    return Column(heading, Kind.SHARE, lambda row: _divided(_told(row, metric, "count"), _told(row, of, "count")))


def ratio(heading: str, metric: str) -> Column:
    """A ratio that the aggregate tells itself."""
    return Column(heading, Kind.SHARE, lambda row: _told(row, metric, "ratio"))


def time_in(heading: str, metric: str, *qualifiers: str) -> Column:
    """How long in all, under any of the qualifiers; those beginning with `-` are left out of all there are."""

    def read(row: Measured) -> Any:
        excluded = {qualifier[1:] for qualifier in qualifiers if qualifier.startswith("-")}
        told = [
            statistics["sum"]
            for (name, qualifier), statistics in row.statistics.items()
            if name == metric and (qualifier not in excluded if excluded else qualifier in qualifiers)
        ]
        return sum(told) if told else None

    return Column(heading, Kind.DURATION, read)


def _told(row: Measured, metric: str, statistic: str) -> Any:
    return row.statistics.get((metric, None), {}).get(statistic)


def _divided(value: Any, by: Any) -> Any:
    return None if value is None or not by else value / by
