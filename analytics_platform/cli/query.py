"""`query`: details asked of the org now, page by page, onto the screen or into a file."""

import sys
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analytics_platform.cli.answers import show
from analytics_platform.cli.errors import Expected
from analytics_platform.cli.written import json_object
from analytics_platform.connections import connected
from analytics_platform.settings import load_settings

if TYPE_CHECKING:
    from analytics_platform.genesys_cloud.client import GenesysCloud
    from analytics_platform.genesys_cloud.found import Found
    from analytics_platform.genesys_cloud.questions import Subject

_ROWS_SHOWN = 20


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"


Between = Annotated[str, typer.Option("--interval", help="UTC: a day, or start/end of which the end is not in it.")]
Last = Annotated[str, typer.Option("--last", help="The last whole days or hours instead: 3d, 6h.")]
Filters = Annotated[
    list[str] | None,
    typer.Option(
        "--filter", help="name=value, name=one|other, name>=number, 'name exists', 'name !exists'; all must hold."
    ),
]
Body = Annotated[str, typer.Option("--query", help="The vendor's own query body: JSON, or a file that holds it.")]
Order = Annotated[str, typer.Option("--order", help="asc, desc or unordered; asc by the vendor's default.")]
OrderBy = Annotated[str, typer.Option("--order-by", help="What is ordered by, such as conversationEnd.")]
Limit = Annotated[int | None, typer.Option(min=0, help=f"Records; a table shows {_ROWS_SHOWN}. 0 is all.")]
To = Annotated[Path | None, typer.Option("--to", help="A file to write: .parquet, or .jsonl as sent.")]
Form = Annotated[Format, typer.Option("--format", help="How records are written on the screen.")]

query = typer.Typer(
    help="Ask the org for details now: conversations, users, transcripts. The days themselves land by `ui`.",
    no_args_is_help=True,
    add_completion=False,
)


@query.command()
def conversations(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids of conversations; - reads them from the input.")] = None,
    between: Between = "",
    last: Last = "",
    filters: Filters = None,
    body: Body = "",
    order: Order = "",
    order_by: OrderBy = "",
    limit: Limit = None,
    to: To = None,
    form: Form = Format.TABLE,
) -> None:
    """Conversations that started in an interval, or those of some ids."""
    from analytics_platform.genesys_cloud.queries import conversations_by_ids
    from analytics_platform.genesys_cloud.questions import CONVERSATIONS

    if not ids:
        _ask(CONVERSATIONS, between, last, filters, body, order, order_by, limit=limit, to=to, form=form)
        return
    if between or last or filters or body or order or order_by or limit is not None:
        raise Expected("Conversations are asked for either by ids or by interval and filters: leave out one of them.")
    given = (line for line in sys.stdin if line.strip()) if ids == ["-"] else ids
    _deliver(lambda client: conversations_by_ids(client, given), to, form)


@query.command()
def conversation(
    conversation_id: Annotated[str, typer.Argument(metavar="ID", help="The conversation's id.")],
    to: To = None,
    form: Form = Format.JSON,
) -> None:
    """One conversation by its id."""
    from analytics_platform.genesys_cloud.queries import conversation as one

    _deliver(lambda client: one(client, conversation_id), to, form)


@query.command()
def users(
    between: Between = "",
    last: Last = "",
    filters: Filters = None,
    body: Body = "",
    order: Order = "",
    limit: Limit = None,
    to: To = None,
    form: Form = Format.TABLE,
) -> None:
    """Presences and routing statuses of users in an interval."""
    from analytics_platform.genesys_cloud.questions import USERS

    _ask(USERS, between, last, filters, body, order, limit=limit, to=to, form=form)


@query.command()
def transcripts(
    phrases: Annotated[list[str] | None, typer.Argument(help="What must be said, each as one phrase.")] = None,
    between: Between = "",
    last: Last = "",
    body: Body = "",
    order: Order = "",
    limit: Limit = None,
    to: To = None,
    form: Form = Format.TABLE,
) -> None:
    """Conversations whose transcripts hold phrases; withdrawn by the vendor, answered by some orgs."""
    from analytics_platform.genesys_cloud.questions import TRANSCRIPTS

    _ask(TRANSCRIPTS, between, last, None, body, order, phrases=phrases or (), limit=limit, to=to, form=form)


def _ask(
    subject: "Subject",
    between: str,
    last: str,
    filters: Iterable[str] | None,
    body: str,
    order: str,
    order_by: str = "",
    *,
    phrases: Iterable[str] = (),
    limit: int | None,
    to: Path | None,
    form: Format,
) -> None:
    from analytics_platform.genesys_cloud.queries import find
    from analytics_platform.genesys_cloud.questions import question

    wanted = _ROWS_SHOWN if limit is None and to is None and form is Format.TABLE else limit or None
    asked = question(
        subject,
        interval_text=between,
        last_text=last,
        expressions=filters or (),
        query=json_object(body, "query"),
        order=order,
        order_by=order_by,
        phrases=phrases,
        limit=wanted,
    )
    _deliver(lambda client: find(client, asked), to, form, wanted)


def _deliver(
    finding: "Callable[[GenesysCloud], Found]", to: Path | None, form: Format, wanted: int | None = None
) -> None:
    """Write what is found to a file or to standard output; what is to be said of it goes to standard error."""
    from analytics_platform.landing.query_files import require_kind, write

    if to is not None:
        require_kind(to)
    with connected(load_settings()) as client:
        found = finding(client)
        if to is not None:
            written = write(found, to)
            typer.echo(f"{to} holds {written.rows} records in {written.size} bytes.")
        elif form is Format.TABLE:
            _show(found)
        else:
            print_records(_records(found), form)
    for note in found.course.notes():
        typer.echo(note, err=True)
    if to is not None and written.kept_whole:
        typer.echo(f"Also kept as sent, since the columns lack a part of them: {written.kept_whole}.", err=True)
    if to is None and wanted is not None and found.course.given == wanted:
        typer.echo(f"The first {wanted} records; --limit 0 gives all, --to writes them to a file.", err=True)


def _show(found: "Found") -> None:
    from analytics_platform.tables.summaries import summary

    rows = [summary(bytes(record)) for page in found for record in page]
    names = list(dict.fromkeys(name for row in rows for name in row))
    show(names or ["nothing found"], [[row.get(name) for name in names] for row in rows], sys.stdout)


def print_records(records: Iterable[bytes], form: Format) -> None:
    """Records as sent onto standard output, one after the other as they come."""
    from analytics_platform.landing.query_files import write_lines

    out = sys.stdout.buffer
    if form is Format.JSONL:
        write_lines(records, out)
    else:
        out.write(b"[")
        for number, record in enumerate(records):
            out.write((b",\n" if number else b"\n") + record)
        out.write(b"\n]\n")
    out.flush()


def _records(found: "Found") -> Iterator[bytes]:
    return (bytes(record) for page in found for record in page)
