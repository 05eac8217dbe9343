"""What the manifests of a lake say of each stream's days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from analytics_platform.catalogue.aggregates import AGGREGATES
from analytics_platform.catalogue.services import SERVICES
from analytics_platform.catalogue.streams import STREAMS
from analytics_platform.choices import Choices
from analytics_platform.lake import Lake

MISSING = "missing"


@dataclass(frozen=True)
class Landed:
    """One day of a stream. `rows` counts the rows of its tables, None where none has landed.

    `state` is missing, provisional, complete, settled or rebuilt.
    """

    day: date
    state: str
    rows: Mapping[str, int | None]


@dataclass(frozen=True)
class StreamDays:
    """A stream's days without a gap, and the tables that are counted; the first one's manifests tell the state."""

    stream: str
    tables: tuple[str, ...]
    days: tuple[Landed, ...]


def landed(lake: Lake, first: date | None, last: date | None, start_day: date, choices: Choices) -> list[StreamDays]:
    """Every stream's days from `first` to `last`, the same for all; streams that land by day without a vendor's job
    stand there once a day of theirs has landed.

    Where None, from the first day that landed in any stream (from `start_day` where none has) to the newest; no days
    at all where nothing bounds them.
    """
    by_table = {name: lake.days(name) for tables in _streams(choices).values() for name in tables[:1]}
    there = [day for days in by_table.values() for day in days]
    begin = first or min(there, default=start_day)
    end = last or max(there, default=begin - timedelta(days=1))
    days = [begin + timedelta(days=count) for count in range((end - begin).days + 1)]
    jobs = {stream.name for stream in STREAMS}
    return [
        _stream(lake, name, tables, days)
        for name, tables in _streams(choices).items()
        if name in jobs or by_table[tables[0]]
    ]


def _streams(choices: Choices) -> Mapping[str, tuple[str, ...]]:
    """The tables that are counted of each stream, the one that tells its state first."""
    details = {stream.name: (stream.raw.name, *(table.name for table in stream.roots)) for stream in STREAMS}
    others = [
        *(family.stream for family in AGGREGATES),
        "bot_turns",
        *(f"export_{each.name}" for each in choices.exports),
    ]
    services = (SERVICES.raw.name, SERVICES.head.name)
    return details | {name: (name,) for name in others} | {SERVICES.name: services}


def _stream(lake: Lake, name: str, tables: tuple[str, ...], days: list[date]) -> StreamDays:
    manifests = {table: lake.manifests(table, days) for table in tables}
    told = manifests[tables[0]]
    return StreamDays(
        name,
        tables,
        tuple(
            Landed(
                day,
                str(told[day].facts.get("state", "unknown")) if day in told else MISSING,
                {table: manifests[table][day].rows if day in manifests[table] else None for table in tables},
            )
            for day in days
        ),
    )
