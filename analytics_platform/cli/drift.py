"""`drift`: what the vendor sends that the catalogue does not know, by its place."""

import sys
from datetime import date, datetime
from typing import Annotated

import typer

from analytics_platform.cli.answers import Format, tell
from analytics_platform.cli.errors import Expected
from analytics_platform.connections import opened_lake
from analytics_platform.settings import load_settings


def drift(
    since: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First UTC day; by default the first.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last UTC day; by default the newest.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.TABLE,
) -> None:
    """Show which fields, values and types the vendor sent that the tables do not know, from the manifests alone.

    No value is shown, only its kind. How much was looked at is told on standard error.
    """
    import duckdb
    import pyarrow as pa

    from analytics_platform.landing.drift_report import SCHEMA, drift_report

    lake = opened_lake(load_settings())
    first, last = _date(since), _date(until)
    if first and last and first > last:
        raise Expected(f"--from {first} is after --to {last}: exchange them.")
    differences, looked = drift_report(lake, first, last)
    with duckdb.connect() as connection:
        connection.register("differences", pa.Table.from_pylist([vars(each) for each in differences], SCHEMA))
        tell(connection.execute("FROM differences"), form, sys.stdout)
    for each in looked:
        typer.echo(f"{each}.", err=True)
    if not looked:
        typer.echo(f"Nothing has landed at {lake.place.name} yet.", err=True)


def _date(instant: datetime | None) -> date | None:
    return instant.date() if instant else None
