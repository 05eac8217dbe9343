"""What the manifests of a lake say of each stream's days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from analytics_platform.catalogue.aggregates import AGGREGATES
from analytics_platform.catalogue.exports import export_file_table, export_table
from analytics_platform.catalogue.observations import OBSERVATIONS
from analytics_platform.catalogue.services import SERVICES
from analytics_platform.catalogue.streams import STREAMS
from analytics_platform.choices import Choices, ExportChoice
from analytics_platform.lake import Lake
from analytics_platform.landing.states import MISSING


@dataclass(frozen=True)
class Landed:
    """One day of a stream. `rows` counts the rows of its tables, None where none has landed.

    `state` is one of `landing.states`.
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
    stand there once a day of theirs has landed. What is made of a stream by home day stands beside it.

    Where None, from the first day that landed in any stream (from `start_day` where none has) to the newest; no days
    at all where nothing bounds them. Home days before the first landed day are shown where they are asked for.
    """
    by_table = {tables[0]: lake.days(tables[0]) for tables in _streams(choices).values()}
    typed = {stream.typed for stream in (*STREAMS, SERVICES)}
    there = [day for name, tables in _streams(choices).items() if name not in typed for day in by_table[tables[0]]]
    begin = first or min(there, default=start_day)
    end = last or max(there, default=begin - timedelta(days=1))
    days = [begin + timedelta(days=count) for count in range((end - begin).days + 1)]
    always = {name for stream in STREAMS for name in (stream.raw.name, stream.typed)}
    return [
        _stream(lake, name, tables, days)
        for name, tables in _streams(choices).items()
        if name in always or by_table[tables[0]]
    ]


def _streams(choices: Choices) -> Mapping[str, tuple[str, ...]]:
    """The tables that are counted of each stream, the one that tells its state first."""
    details, services = (
        {
            name: tuple(table.name for table in tables)
            for stream in streams
            for name, tables in (*((raw.name, (raw,)) for raw in stream.raws), (stream.typed, stream.roots))
        }
        for streams in (STREAMS, (SERVICES,))
    )
    others = [
        *(family.stream for family in AGGREGATES),
        "bot_turns",
        *(family.stream for family in OBSERVATIONS),
    ]
    exports = {f"export_{each.name}": (_export_marks(each),) for each in choices.exports}
    return details | {name: (name,) for name in others} | exports | services


def _export_marks(choice: ExportChoice) -> str:
    """The table that says that a day of an export is there: a PDF makes no rows."""
    return (export_file_table if choice.format == "PDF" else export_table)(choice.name).name


def _stream(lake: Lake, name: str, tables: tuple[str, ...], days: list[date]) -> StreamDays:
    manifests = {table: lake.manifests(table, days) for table in tables}
    told = manifests[tables[0]]
    return StreamDays(
        name,
        tables,
        tuple(
            Landed(
                day,
                told[day].state if day in told else MISSING,
                {table: manifests[table][day].rows if day in manifests[table] else None for table in tables},
            )
            for day in days
        ),
    )
