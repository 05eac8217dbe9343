"""`rebuild`: typed tables made anew from raw, with no request to any source."""

from datetime import date, datetime
from typing import Annotated

import typer

from analytics_platform.cli.errors import Expected
from analytics_platform.connections import opened_lake, protected
from analytics_platform.settings import load_settings


def rebuild(
    stream: Annotated[
        list[str] | None, typer.Option("--stream", help="A stream, such as conversations; by default all in the lake.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First UTC day; by default the first.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last UTC day; by default the newest.")
    ] = None,
) -> None:
    """Make typed tables anew from what raw keeps, day by day; nothing is asked of the org or of GMS."""
    from analytics_platform.landing.ledger import Ledger
    from analytics_platform.landing.rebuilding import rebuildable

    settings = load_settings()
    first, last = _date(since), _date(until)
    if first and last and first > last:
        raise Expected(f"--from {first} is after --to {last}: exchange them.")
    lake = opened_lake(settings)
    ledger, days = Ledger(settings.state, protected(settings)), 0
    for each in rebuildable(lake, ledger, settings.snapshot_minutes, stream or ()):
        for day in each.rebuilt(first, last):
            days += 1
            typer.echo(f"{day.stream} {day.day}: {sum(manifest.rows for manifest in day.manifests):,} rows")
    if not days:
        typer.echo(f"There is nothing to make tables from at {lake.place.name}.")


def _date(instant: datetime | None) -> date | None:
    return instant.date() if instant else None
