"""What the assets of all streams of answers share: their outputs, published day by day, and their checks."""

import contextlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Protocol

import dagster as dg

from analytics_platform.catalogue.tables import Table
from analytics_platform.connections import opened_lake
from analytics_platform.defs.checks import (
    contiguous,
    contiguous_spec,
    days_of_run,
    known_to_the_catalogue,
    overflow,
    verdict,
)
from analytics_platform.settings import load_settings

if TYPE_CHECKING:
    from analytics_platform.lake.manifest import Manifest


class Day(Protocol):
    """A day of a raw table and the tables made with it, staged or landed before."""

    @property
    def manifests(self) -> "Mapping[str, Manifest]": ...

    def publish(self) -> "Manifest": ...


def answers_outputs(raw: str, tables: Sequence[str], days: "Generator[Day]") -> Iterator[dg.Output[object]]:
    """The outputs of an asset that lands `days`: each is published whole, raw and tables, while the first output is
    written; what the tables hold then is told by theirs."""
    from analytics_platform.lake.io_manager import Partitions

    told: list[Mapping[str, Manifest]] = []

    def published() -> "Generator[Day]":
        with contextlib.closing(days):
            for day in days:
                yield day  # published by the time this goes on
                told.append(day.manifests)

    yield dg.Output(Partitions(published()), output_name=raw)
    for table in tables:
        yield dg.Output(Partitions([manifests[table] for manifests in told]), output_name=table)


def answers_checks(
    stream: str, table: Callable[[Mapping[str, object]], Table], default: Table
) -> dg.AssetChecksDefinition:
    """The checks of a stream's typed table. `table` is the table that a question makes, `default` the usual one."""
    name = default.name

    @dg.multi_asset_check(
        name=f"{stream}_checks",
        can_subset=True,
        specs=[
            dg.AssetCheckSpec(
                "unique_keys", asset=name, description=f"No two rows of a day share {', '.join(default.key)}."
            ),
            dg.AssetCheckSpec(
                "one_question",
                asset=name,
                description="All landed days were asked the same, so that they can be compared and added up.",
            ),
            contiguous_spec(name),
            dg.AssetCheckSpec(
                "known_to_the_catalogue",
                asset=name,
                description="The answers hold no field, dimension, value or type that the table does not know.",
            ),
        ],
    )
    def checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        from analytics_platform.lake.rows_at_fault import looked_into, repeated_keys

        now = load_settings()
        lake = opened_lake(now)
        chosen = {key.name for key in context.selected_asset_check_keys}
        landed = lake.days(name)
        manifests = lake.manifests(name, days_of_run(context, landed))
        if "unique_keys" in chosen:
            by_question = _by_question(manifests)
            with looked_into(lake, {default.name: manifests}, overflow(now)) as database:
                # A day stands for itself: the places of turns are counted anew each day.
                repeated = sum(
                    repeated_keys(database, table(asked), [day]) for asked, days in by_question for day in days
                )
            yield verdict("unique_keys", default, repeated)
        if "one_question" in chosen:
            yield _one_question(name, _by_question(lake.manifests(name)))
        if "days_contiguous" in chosen:
            yield contiguous(name, landed, now.start_day)
        if "known_to_the_catalogue" in chosen:
            yield known_to_the_catalogue(name, manifests)

    return checks


def _by_question(manifests: "Mapping[date, Manifest]") -> list[tuple[Mapping[str, object], list[date]]]:
    """The questions that were asked, each with its days."""
    found: list[tuple[Mapping[str, object], list[date]]] = []
    for day, manifest in sorted(manifests.items()):
        question = manifest.facts["question"]
        days = next((days for asked, days in found if asked == question), None)
        if days is None:
            found.append((question, days := []))
        days.append(day)
    return found


def _one_question(name: str, asked: "list[tuple[Mapping[str, object], list[date]]]") -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name="one_question",
        asset_key=name,
        passed=len(asked) <= 1,
        severity=dg.AssetCheckSeverity.WARN,
        description="Land the days of other questions again to make them alike." if len(asked) > 1 else None,
        metadata={
            "questions": [
                {"asked": dict(question), "first": str(days[0]), "last": str(days[-1]), "days": len(days)}
                for question, days in asked
            ]
        },
    )
