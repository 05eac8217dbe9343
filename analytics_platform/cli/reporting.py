"""How the commands of reporting ask the org, show what it tells, and make changes only when they are told to."""

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analytics_platform.capabilities import known_capabilities
from analytics_platform.cli.answers import show
from analytics_platform.cli.errors import Expected
from analytics_platform.cli.written import by_name, json_object
from analytics_platform.connections import connected
from analytics_platform.settings import load_settings

if TYPE_CHECKING:
    from analytics_platform.catalogue.operations import Operation
    from analytics_platform.genesys_cloud.client import GenesysCloud
    from analytics_platform.genesys_cloud.reporting import Change, Reporting

AsJson = Annotated[bool, typer.Option("--json", help="Write JSON, whole.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")]
Fields = Annotated[list[str] | None, typer.Argument(metavar="NAME=VALUE...", help="Fields of the body.")]
Body = Annotated[str, typer.Option("--body", help="The vendor's own body: JSON, or a file that holds it.")]


@contextlib.contextmanager
def asked() -> "Iterator[Reporting]":
    """The org's reports; where it does not answer an operation, what is known of that is said."""
    from analytics_platform.genesys_cloud.reporting import Reporting

    with _org() as client:
        yield Reporting(client)


def change(made: "Change", *, dry_run: bool, sure: bool = True) -> None:
    """Send a change and show what the vendor answers; ask first where it is not sure, send nothing in a dry run."""
    if dry_run:
        typer.echo(f"Nothing was sent. It would be {made.target}{'' if made.body is None else ' with'}")
        if made.body is not None:
            typer.echo(_json(made.body))
        return
    if not sure:
        typer.confirm(f"Send {made.target}?", abort=True)
    with _org() as client:
        answer = made.send(client)
    typer.echo(f"Done: {made.target}." if answer is None else _json(answer))


def body_of(operation: "Operation", body: str, fields: list[str] | None) -> dict[str, Any]:
    """The body that is written as JSON, with the fields that are written beside it."""
    from analytics_platform.genesys_cloud.reporting import written_fields

    return {**json_object(body, "body"), **written_fields(operation, by_name(fields or ()))}


def tell_list(entities: Iterable[Mapping[str, Any]], *, as_json: bool) -> None:
    """Entities as a table of their plain fields, or whole as JSON."""
    told = list(entities)
    if as_json:
        typer.echo(_json(told))
        return
    names = list(dict.fromkeys(name for each in told for name, value in each.items() if not isinstance(value, dict)))
    show(names or ["nothing listed"], [[each.get(name) for name in names] for each in told], sys.stdout)


def tell_words(words: Iterable[str], *, as_json: bool) -> None:
    """Words one a line, or as JSON."""
    told = list(words)
    typer.echo(_json(told) if as_json else "\n".join(told))


def tell_one(entity: Mapping[str, Any], *, as_json: bool) -> None:
    """One entity as a row a field, or as JSON."""
    if as_json:
        typer.echo(_json(entity))
    else:
        show(["field", "value"], list(entity.items()), sys.stdout)


@contextlib.contextmanager
def _org() -> "Iterator[GenesysCloud]":
    from analytics_platform.source.errors import NotFound

    settings = load_settings()
    with connected(settings) as client:
        try:
            yield client
        except NotFound as fault:
            why = known_capabilities(settings).why_not(fault.operation) if fault.operation else None
            raise Expected(f"{fault} {why}") if why else fault from None


def _json(told: object) -> str:
    return json.dumps(told, ensure_ascii=False, indent=2)
