"""What `check` found: one thing a row, good, bad or for information."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.table import Table

_MARKS = {True: "[green]ok[/]", False: "[red]no[/]", None: "–"}


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `told` is what was found, or what is wrong and what to do.

    `good` is None for what is neither good nor bad, since nobody asked for it.
    """

    subject: str
    good: bool | None
    told: str


def shown(findings: Iterable[Finding]) -> Table:
    """The findings as a table."""
    table = Table(show_edge=False)
    for heading in ("", "what", "found"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        table.add_row(_MARKS[finding.good], finding.subject, finding.told)
    return table
