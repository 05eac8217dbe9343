"""The operations as Markdown: docs/operations.md, and the block of README.md between its two markers.

`python -m analytics_platform.catalogue.markdown` writes both, in the working folder.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from analytics_platform.catalogue.operations import LISTED, OPERATIONS, Lands, Limits, Operation

BEGIN, END = "<!-- operations: begin -->", "<!-- operations: end -->"
_BASE = "/api/v2/analytics"
_KINDS = {
    Lands.DAY: "a stream that lands by day",
    Lands.SNAPSHOT: "a snapshot that lands with its instant",
    Lands.ANSWER: "a question, answered into a file or onto the screen",
    Lands.ACTION: "an action you start",
}


def page() -> str:
    """The whole of docs/operations.md: the 45 of the vendor's overview in its order, and those beside them."""
    gone = sum(each.withdrawn is not None for each in LISTED)
    beside = [each for each in OPERATIONS if each.listed is None]
    return "\n".join(
        [
            "# Operations",
            "",
            "Made from the catalogue by `python -m analytics_platform.catalogue.markdown`; change it there.",
            "",
            f"The {len(LISTED)} operations of the vendor's analytics overview, in its order; `…` is `{_BASE}`, and of "
            f"several permissions one is enough. The vendor withdrew {gone} of them since, each with the release of "
            "its SDK named here: `analytics-platform check` tells which an org still answers.",
            "",
            *_table(LISTED),
            "",
            f"## Beside them ({len(beside)})",
            "",
            *_table(beside),
            "",
        ]
    )


def block() -> str:
    """What README.md shows between its markers: the operations by what they are to a person."""
    rows = [f"| {title} | {_by_kind(lands)} |" for lands, title in _KINDS.items()]
    return "\n".join(["| what it is to you | tables, or operations where nothing lands |", "|---|---|", *rows])


def with_block(readme: str) -> str:
    """The text of README.md with the block of today; ValueError where it has no markers."""
    head, begin, rest = readme.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md has no lines {BEGIN} and {END}, between which the operations are written.")
    return f"{head}{begin}\n{block()}\n{end}{tail}"


def _table(operations: Iterable[Operation]) -> Sequence[str]:
    heading = [
        "| # | operation | call | permission | lands as | limits of a call | today |",
        "|---:|---|---|---|---|---|---|",
    ]
    return [*heading, *(f"| {' | '.join(_cells(each))} |" for each in operations)]


def _cells(operation: Operation) -> tuple[str, ...]:
    return (
        str(operation.listed or ""),
        f"`{operation.name}`",
        f"{operation.method} `{_shortened(operation.path)}`<br>{operation.summary}",
        "<br>".join(f"`{permission}`" for permission in operation.permissions) or "–",
        f"{operation.lands.value}{_into(operation)}",
        _limits(operation.limits) or "–",
        _today(operation),
    )


def _shortened(path: str) -> str:
    return f"…{path.removeprefix(_BASE)}" if path.startswith(_BASE) else path


def _into(operation: Operation) -> str:
    if not operation.tables:
        return ""
    return f"{' of' if operation.lands is Lands.STEP else ' in'} {_names(operation.tables)}"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _limits(limits: Limits) -> str:
    days = f"{limits.interval_days} days" if limits.interval_days else ""
    if limits.interval_days_filtered:
        days += f", {limits.interval_days_filtered} with a filter"
    pages = f"{limits.page_size} a page" if limits.page_size else ""
    if limits.default_page_size:
        pages += f", {limits.default_page_size} by default"
    results = f"{limits.results:,} results".replace(",", " ") if limits.results else ""
    ids = f"{limits.ids} ids" if limits.ids else ""
    views = f"{limits.views} views" if limits.views else ""
    return "; ".join(part for part in (days, pages, results, ids, views) if part)


def _today(operation: Operation) -> str:
    told = f"withdrawn with {operation.withdrawn}" if operation.withdrawn else "live"
    if operation.successor is None:
        return told
    return f"{told if operation.withdrawn else 'deprecated'}; now `{operation.successor}`"


def _by_kind(lands: Lands) -> str:
    """The tables that operations of a kind land in, or the operations themselves where they land in none."""
    kind = [each for each in OPERATIONS if each.lands is lands]
    return _names(dict.fromkeys(name for each in kind for name in each.tables or (each.name,)))


def main() -> None:
    """Write both files; the README only where it has the markers."""
    docs, readme = Path("docs/operations.md"), Path("README.md")
    docs.write_text(page(), encoding="utf-8")
    readme.write_text(with_block(readme.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
