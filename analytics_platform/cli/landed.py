"""What the manifests of a lake say of each stream's days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from analytics_platform.catalogue.streams import STREAMS, Stream
from analytics_platform.lake import Lake

MISSING = "missing"


@dataclass(frozen=True)
class Landed:
    """One day of a stream. `rows` counts the raw table's and the head tables' rows, None where none has landed.

    `state` is missing, provisional, complete, settled or rebuilt.
    """

    day: date
    state: str
    rows: Mapping[str, int | None]


@dataclass(frozen=True)
class StreamDays:
    """A stream's days without a gap, and the tables that are counted, the raw one first."""

    stream: str
    tables: tuple[str, ...]
    days: tuple[Landed, ...]


def landed(lake: Lake, first: date | None, last: date | None, start_day: date) -> list[StreamDays]:
    """Every stream's days from `first` to `last`, the same for all.

    Where None, from the first day that landed in any stream (from `start_day` where none has) to the newest; no days
    at all where nothing bounds them.
    """
    there = [day for stream in STREAMS for day in lake.days(stream.raw.name)]
    begin = first or min(there, default=start_day)
    end = last or max(there, default=begin - timedelta(days=1))
    days = [begin + timedelta(days=count) for count in range((end - begin).days + 1)]
    return [_stream(lake, stream, days) for stream in STREAMS]


def _stream(lake: Lake, stream: Stream, days: list[date]) -> StreamDays:
    tables = (stream.raw.name, *(table.name for table in stream.roots))
    manifests = {name: lake.manifests(name, days) for name in tables}
    raw = manifests[stream.raw.name]
    return StreamDays(
        stream.name,
        tables,
        tuple(
            Landed(
                day,
                str(raw[day].facts.get("state", "unknown")) if day in raw else MISSING,
                {name: manifests[name][day].rows if day in manifests[name] else None for name in tables},
            )
            for day in days
        ),
    )
