"""`status`: what has landed, stream by stream and day by day, from the lake's manifests alone."""

import json
from collections import Counter
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from analytics_platform.choices import load_choices
from analytics_platform.cli.errors import Expected
from analytics_platform.connections import opened_lake
from analytics_platform.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics_platform.cli.landed import StreamDays
    from analytics_platform.lake import Lake

_IDS_SHOWN = 100
_COLOURS = {
    "missing": "red",
    "provisional": "yellow",
    "partial": "yellow",
    "complete": "green",
    "settled": "green",
    "rebuilt": "cyan",
}


def status(
    since: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="First UTC day; by default the first that landed."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], help="Last UTC day; by default the newest that landed."),
    ] = None,
    open_only: Annotated[
        bool, typer.Option("--open", help="Show the conversations without an end instead, by age.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Show each stream's days: missing, provisional, partial, complete, settled or rebuilt, and how many rows there
    are; or the conversations without an end."""
    from analytics_platform.cli.landed import landed

    settings = load_settings()
    lake = opened_lake(settings)
    if open_only:
        _tell_open(lake, settings.stuck_after_days, as_json)
        return
    first, last = _date(since), _date(until)
    if first and last and first > last:
        raise Expected(f"--from {first} is after --to {last}: exchange them.")
    streams = landed(lake, first, last, settings.start_day, load_choices(settings))
    if as_json:
        typer.echo(json.dumps({"lake": lake.place.name, "streams": [asdict(one) for one in streams]}, default=str))
    elif not any(one.days for one in streams):
        typer.echo(f"Nothing has landed at {lake.place.name} yet.")
    else:
        _show(streams)


def _tell_open(lake: "Lake", stuck_after_days: int, as_json: bool) -> None:
    """The conversations without an end, and the ids of those that are stuck or no longer told."""
    from analytics_platform.lake.open_conversations import days_of_open, readings, still_open
    from analytics_platform.lake.views import connect

    read = readings(lake)
    with connect(lake, days_of_open(lake)) as connection:
        found = still_open(connection, read, stuck_after_days=stuck_after_days, most=_IDS_SHOWN)
    if as_json:
        typer.echo(json.dumps({"lake": lake.place.name, "open": asdict(found)}))
        return
    ages = ", ".join(f"{count:,} of {band} days" for band, count in found.ages.items() if count)
    typer.echo(f"Open conversations: {sum(found.ages.values()):,}{f' ({ages})' if ages else ''}.")
    for named, told in (
        (found.stuck, f"stuck, open for more than {stuck_after_days} days"),
        (found.no_longer_told, "open in the lake and no longer told by the vendor"),
    ):
        shown = f", the oldest {len(named.ids)}" if len(named.ids) < named.count else ""
        typer.echo(f"{named.count:,} {told}{shown}{':' if named.ids else '.'}")
        for one in named.ids:
            typer.echo(f"  {one}")


def _show(streams: "Sequence[StreamDays]") -> None:
    table = Table(show_edge=False)
    table.add_column("day")
    for one in streams:
        table.add_column(one.stream)
        for name in one.tables:
            table.add_column(name, justify="right")
    for cells in zip(*(one.days for one in streams), strict=True):
        row = [cells[0].day.isoformat()]
        for one, cell in zip(streams, cells, strict=True):
            row.append(f"[{_COLOURS.get(cell.state, 'magenta')}]{cell.state}[/]")
            row.extend("" if (rows := cell.rows[name]) is None else f"{rows:,}" for name in one.tables)
        table.add_row(*row)
    console = Console()
    if not console.is_terminal:
        console.width = max(console.width, console.measure(table, options=console.options.update(width=1000)).maximum)
    console.print(table)
    for one in streams:
        counted = Counter(day.state for day in one.days)
        console.print(f"{one.stream}: " + ", ".join(f"{count} {state}" for state, count in counted.items()))


def _date(instant: datetime | None) -> date | None:
    return instant.date() if instant else None
