"""`forget`: erase conversations, external contacts and users from the lake at once, for good, and prove it."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from analytics_platform.cli.errors import Expected
from analytics_platform.connections import opened_lake, protected
from analytics_platform.settings import load_settings

if TYPE_CHECKING:
    from analytics_platform.landing.named import Named

_SHORTEST = 6
"""Ids are looked for as parts of texts: a shorter one stands in any."""
_NOT_REACHED = (
    "Not looked through: PDF files of exports, what query, reports and services wrote for a person, copies of the lake "
    "elsewhere. A user's part in conversations stays, as these are of others too. Aggregates count people, and name "
    "none but users."
)
_LEFT = (
    "What is shown still names them: other conversations that tell of one, which go with --conversation, or days of "
    "exports, which are kept as they came; land those again once the vendor has erased it."
)


def forget(
    conversation: Annotated[list[str] | None, typer.Option(help="Id of a conversation; may be repeated.")] = None,
    external_contact: Annotated[
        list[str] | None, typer.Option(help="Id of an external contact, who goes with all conversations that name it.")
    ] = None,
    user: Annotated[list[str] | None, typer.Option(help="Id of a user, whose presences and statuses go.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would go, and change nothing.")] = False,
) -> None:
    """Erase conversations, external contacts or users from the lake at once and for good, then look for them.

    What the vendor still delivers of them does not land again. The exit code is 1 where anything names them still.
    """
    from analytics_platform.landing import forgetting
    from analytics_platform.landing.ledger import Ledger

    given = [frozenset(ids or ()) for ids in (conversation, external_contact, user)]
    _require_ids(given)
    wanted, settings = forgetting.Wanted(*given), load_settings()
    lake = opened_lake(settings)
    if not dry_run:
        wanted = forgetting.forget(lake, Ledger(settings.state, protected(settings)), wanted, datetime.now(UTC))
    found = forgetting.look(lake, wanted)
    if found.places:
        Console().print(_by_table(found.places))
    if dry_run:
        typer.echo(f"Conversations that would go: {len(found.conversations)}. Nothing was changed.")
    rows = sum(place.rows for place in found.places)
    typer.echo(f"{rows} rows in {found.tables} tables name {'what was given' if dry_run else 'what was forgotten'}.")
    typer.echo(_NOT_REACHED, err=True)
    if found.places and not dry_run:
        raise Expected(_LEFT)


def _require_ids(given: Iterable[frozenset[str]]) -> None:
    ids = frozenset[str]().union(*given)
    if not ids:
        raise Expected("Nothing is to be forgotten: name a --conversation, an --external-contact or a --user.")
    if short := sorted(each for each in ids if len(each) < _SHORTEST):
        raise Expected(f"No id is as short as {short[0]!r}, and it would be found everywhere: give it whole.")


def _by_table(places: "Iterable[Named]") -> Table:
    """How many rows name them, and on how many days, by table and column."""
    found: dict[tuple[str, str], list[tuple[date, int]]] = defaultdict(list)
    for place in places:
        found[place.table, place.column].append((place.day, place.rows))
    shown = Table(show_edge=False)
    for heading in ("table", "column", "days", "rows"):
        shown.add_column(heading, overflow="fold")
    for (table, column), days in found.items():
        told = ", ".join(str(day) for day, _ in days[:3]) + (f" and {len(days) - 3} more" if len(days) > 3 else "")
        shown.add_row(table, column, told, str(sum(rows for _, rows in days)))
    return shown
