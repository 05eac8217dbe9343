"""The columns of an export, and how their values are written.

Assumed, as the vendor publishes no export: headings are those of its user interface as far as public files show them
(Interval Start, Filters, Media Type, Queue Id, Offer, Avg Handle); a column's id is its heading in camel case; shares
are fractions to four places, durations milliseconds to two, instants local with their offset.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo


class Kind(Enum):
    """What a column's values are before they are written."""

    TEXT = "text"
    FLAG = "flag"
    COUNT = "count"
    SHARE = "share"
    DURATION = "duration"
    """In milliseconds."""
    INSTANT = "instant"
    """In milliseconds since 1970."""


@dataclass(frozen=True)
class Column:
    """One column; `read` takes its value from a row of its view, or from the style all rows share; None is none."""

    heading: str
    kind: Kind
    read: Callable[[Any], Any]
    shared: bool = False

    @property
    def id(self) -> str:
        """What metadata and selected columns call it: `avgHandle`, `answerPercent`."""
        words = re.findall(r"[A-Za-z]+", self.heading.replace("%", " Percent").replace("-", " "))
        return "".join(word.capitalize() if place else word.lower() for place, word in enumerate(words))


@dataclass(frozen=True)
class Style:
    """What all rows of a file share: time zone and duration format, filters, and since when it is partial, if it is."""

    zone: ZoneInfo
    durations: str
    durations_in_header: bool
    filters: str
    partial_since: int | None

    def heading(self, column: Column) -> str:
        if self.durations_in_header and column.kind is Kind.DURATION:
            return f"{column.heading} ({_UNITS[self.durations]})"
        return column.heading

    def value(self, column: Column, row: Any) -> str:
        """The cell of a column in a row; empty where the row has no value."""
        told = column.read(self if column.shared else row)
        if told is None:
            return ""
        if column.kind is Kind.FLAG:
            return "TRUE" if told else "FALSE"
        if column.kind is Kind.INSTANT:
            moment = datetime.fromtimestamp(told / 1000, UTC).astimezone(self.zone)
            return moment.isoformat(timespec="milliseconds")
        if column.kind is Kind.DURATION:
            return duration(told, self.durations)
        return _number(told, 4) if column.kind is Kind.SHARE else str(told)


FILTERS = Column("Filters", Kind.TEXT, lambda style: style.filters, shared=True)
WHOLE = Column("Full Export Completed", Kind.FLAG, lambda style: style.partial_since is None, shared=True)
PARTIAL_SINCE = Column("Partial Result Timestamp", Kind.INSTANT, lambda style: style.partial_since, shared=True)
_UNITS = {"Milliseconds": "ms", "Seconds": "s", "Hhmmss": "hh:mm:ss", "Hms": "h m s"}


def duration(milliseconds: float, style: str) -> str:
    """A duration in one of the vendor's formats: `3723000`, `3723`, `01:02:03`, `1h 2m 3s`."""
    if style == "Milliseconds":
        return _number(milliseconds, 2)
    if style == "Seconds":
        return _number(milliseconds / 1000, 3)
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}" if style == "Hhmmss" else f"{hours}h {minutes}m {seconds}s"


def written(rows: Iterable[Any], columns: Iterable[Column], style: Style) -> list[list[str]]:
    """The lines of an export: its headings, then a line for each row."""
    chosen = list(columns)
    lines = [[style.heading(column) for column in chosen]]
    lines += [[style.value(column, row) for column in chosen] for row in rows]
    return lines


def _number(value: float, places: int) -> str:
    rounded = round(value, places)
    return str(int(rounded)) if rounded == int(rounded) else str(rounded)
