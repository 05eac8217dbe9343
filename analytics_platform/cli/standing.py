"""What an org serves, told to a person: what was chosen first, then the rest in few rows, or every operation."""

from collections.abc import Iterator, Mapping

from rich.table import Table

from analytics_platform.capabilities import Capabilities
from analytics_platform.catalogue.operations import JOB_FAMILIES, OPERATIONS, ROLES, Lands, Operation
from analytics_platform.choices import Choices
from analytics_platform.cli.findings import Finding
from analytics_platform.cli.wanted import Wanted, wanted
from analytics_platform.genesys_cloud.standings import Learned, Standing

_TITLES = {
    Lands.DAY: "streams by day",
    Lands.SNAPSHOT: "snapshots",
    Lands.ANSWER: "questions",
    Lands.ACTION: "actions",
    Lands.STEP: "lists and steps",
}


def standing(capabilities: Capabilities, choices: Choices) -> Iterator[Finding]:
    """A row for each stream that was chosen and is not served; those that are, and all else, some to a row."""
    chosen = list(wanted(choices))
    refused = {one.stream: why for one in chosen if (why := _refused(one, capabilities))}
    for one in chosen:
        if one.stream in refused:
            told = refused[one.stream].removesuffix(".")
            yield Finding(one.stream, False, f"{told}; or {one.otherwise}.")
    for lands in (Lands.DAY, Lands.SNAPSHOT):
        good = [one.stream for one in chosen if one.lands is lands and one.stream not in refused]
        if good:
            yield Finding(f"chosen {_TITLES[lands]}", True, ", ".join(good))
    jobs = {operation for family in JOB_FAMILIES for operation in family.operations}
    needed = jobs | {operation for one in chosen for operation in one.needs}
    yield from _rest([each for each in OPERATIONS if each not in needed], capabilities.learned)


def every_operation(learned: Mapping[str, Learned]) -> Table:
    """One row an operation: its name, how it stands, and why."""
    shown = Table(show_edge=False)
    for heading in ("operation", "method and path", "stands", "why"):
        shown.add_column(heading, overflow="fold")
    for operation in OPERATIONS:
        known = learned[operation.name]
        shown.add_row(operation.name, f"{operation.method} {operation.path}", known.standing.value, known.why)
    return shown


def _refused(one: Wanted, capabilities: Capabilities) -> str | None:
    """Why a stream that was chosen cannot land; None where it can, or where nothing is known."""
    reasons = [capabilities.why_not(operation) for operation in one.needs]
    if one.one_is_enough and None in reasons:
        return None
    return next((why for why in reasons if why), None)


def _rest(operations: list[Operation], learned: Mapping[str, Learned]) -> Iterator[Finding]:
    """The operations that nobody chose to land from: information, whatever stands against them."""
    for lands, title in _TITLES.items():
        for standing in Standing:
            here = [each for each in operations if each.lands is lands and learned[each.name].standing is standing]
            if standing is Standing.SERVED and here:
                yield Finding(title, True, _named(standing.value, here))
            elif standing is Standing.NOT_PERMITTED and here:
                lacking = (f"{each.name} ({' or '.join(each.permissions) or 'not published'})" for each in here)
                yield Finding(title, None, f"{standing.value}: {', '.join(lacking)}; add roles with them at {ROLES}")
            else:
                for gone in (False, True):
                    if some := [each for each in here if bool(each.withdrawn) is gone]:
                        withdrawn = ", withdrawn by the vendor" if gone else ""
                        yield Finding(title, None, _named(standing.value + withdrawn, some))


def _named(heading: str, operations: list[Operation]) -> str:
    return f"{heading}: {', '.join(each.name for each in operations)}"
