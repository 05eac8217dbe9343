"""`sql`: questions to the lake, answered by DuckDB."""

import sys
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from analytics_platform.cli.answers import Format, tell
from analytics_platform.cli.errors import Expected
from analytics_platform.connections import opened_lake
from analytics_platform.settings import load_settings

if TYPE_CHECKING:
    import duckdb

    from analytics_platform.lake import Lake

_ROWS_SHOWN = 200
_ASK = "sql> "
_GO_ON = "...> "


def sql(
    query: Annotated[
        str | None, typer.Argument(help="Read from standard input when absent; a prompt when that is a terminal.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How the answer is written.")] = Format.TABLE,
    limit: Annotated[int, typer.Option(min=0, help="Rows a table shows; 0 shows all.")] = _ROWS_SHOWN,
) -> None:
    """Ask the lake in SQL: every table is a view with a column `day`; instants are UTC."""
    from analytics_platform.lake.views import connect, named

    lake = opened_lake(load_settings())
    asking = query is None and sys.stdin.isatty()
    if query is None and not asking and not (query := sys.stdin.read()).strip():
        raise Expected("No query was given: write it after the command or send it to standard input.")
    with connect(lake, named(lake, query) if query else None) as connection:
        if asking:
            prompt(connection, lake, form, limit)
        else:
            answer(connection, query or "", form, limit, sys.stdout)


def answer(connection: "duckdb.DuckDBPyConnection", query: str, form: Format, limit: int, out: TextIO) -> None:
    """Write the answer to `query` to `out`; Expected with one sentence when DuckDB cannot give it."""
    import duckdb

    try:
        tell(connection.execute(query), form, out, limit)
    except duckdb.Error as fault:
        told = _sentence(fault)
        if isinstance(fault, duckdb.CatalogException):
            told += f" The lake has {_tables(connection)}."
        raise Expected(f"The query cannot be answered: {told}") from None


def prompt(connection: "duckdb.DuckDBPyConnection", lake: "Lake", form: Format, limit: int) -> None:
    """Ask for queries until the input ends; each ends with a semicolon."""
    import contextlib

    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - lines can be edited and repeated where it is there
    typer.echo(f"The lake at {lake.place.name} as it is now has {_tables(connection)}.")
    typer.echo("End a query with a semicolon; Ctrl-D ends.")
    waiting = ""
    while True:
        try:
            line = input(_GO_ON if waiting else _ASK)
        except EOFError:
            typer.echo()
            return
        except KeyboardInterrupt:
            typer.echo()
            waiting = ""
            continue
        if not waiting and line.strip().rstrip(";").lower() in ("exit", "quit"):
            return
        waiting = f"{waiting}\n{line}".strip()
        if not waiting.endswith(";"):
            continue
        try:
            answer(connection, waiting, form, limit, sys.stdout)
        except Expected as fault:
            typer.echo(str(fault), err=True)
        waiting = ""


def _sentence(fault: Exception) -> str:
    """DuckDB's words without its guesses and the lines that draw where in the query the fault is."""
    told = str(fault).partition("\nLINE ")[0].partition("\nDid you mean")[0]
    return " ".join(told.split()).rstrip(".!") + "."


def _tables(connection: "duckdb.DuckDBPyConnection") -> str:
    names = [name for (name,) in connection.execute("SHOW TABLES").fetchall()]
    return f"the tables {', '.join(names)}" if names else "no tables yet"
