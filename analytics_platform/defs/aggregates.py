"""Aggregates: each family an asset pair by UTC day, the answers whole and the tidy table made from them.

What a family is asked is its configuration, in the launchpad with the defaults that the streams file chose.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from analytics_platform.capabilities import Capabilities
from analytics_platform.catalogue.aggregates import AGGREGATES, AggregateFamily
from analytics_platform.catalogue.tables import Table
from analytics_platform.choices import AggregateChoice, Choices
from analytics_platform.connections import source_of
from analytics_platform.defs.answers import answers_checks, answers_outputs
from analytics_platform.defs.by_day import tables_by_day
from analytics_platform.defs.checks import lag_check
from analytics_platform.defs.described import asset_spec
from analytics_platform.defs.details import LandingConfig
from analytics_platform.defs.failures import explained
from analytics_platform.defs.openings import jobs_watermark
from analytics_platform.defs.partitions import request_of, run_days
from analytics_platform.defs.requests import DailyStream
from analytics_platform.defs.resources import GenesysCloudResource, LakeResource, LedgerResource
from analytics_platform.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Generator

    from analytics_platform.genesys_cloud.aggregates import AggregateQuestion
    from analytics_platform.landing.answers import LandedAnswers, StagedAnswers

POOL = "genesys_cloud_aggregates"
GROUP = "aggregates"


def definitions(settings: Settings, choices: Choices, capabilities: Capabilities) -> dg.Definitions:
    """Everything Dagster shows of the families that were chosen, save their sensors; see `streams`."""
    chosen = _chosen(choices)
    return dg.Definitions(
        assets=[_asset(family, choice, settings, capabilities) for family, choice in chosen.items()],
        asset_checks=[
            check
            for family, choice in chosen.items()
            for check in (_checks(family, choice), lag_check(family.stream, jobs_watermark(family.opened_by), settings))
        ],
    )


def streams(choices: Choices) -> list[DailyStream]:
    """The families that were chosen, as sensors see them."""
    return [
        DailyStream(
            family.stream,
            family.stream,
            (family.raw().name, family.stream),
            jobs_watermark(family.opened_by),
            family.operations,
        )
        for family in _chosen(choices)
    ]


class AggregateConfig(LandingConfig):
    """What a family is asked, whatever the day."""

    granularity: str = Field(
        description="Length of a bucket, an ISO 8601 period that divides a UTC day: PT15M, PT30M, PT1H, P1D."
    )
    group_by: list[str] = Field(description="The vendor's dimensions to group by, each a column of the table.")
    metrics: list[str] = Field(description="The vendor's metrics to ask for.")
    filter: dict[str, Any] = Field(description="The vendor's filter, {type, clauses, predicates}; empty is none.")
    time_zone: str = Field(
        description="Where midnight is that buckets are counted from, such as Europe/Berlin; they must meet at "
        "midnight UTC all the same. Empty is UTC."
    )


def _asset(
    family: AggregateFamily, choice: AggregateChoice, settings: Settings, capabilities: Capabilities
) -> dg.AssetsDefinition:
    raw, tidy = family.raw(), _table(family, choice)
    specs = [asset_spec(table, raw, GROUP, family.operations, settings, capabilities) for table in (raw, tidy)]

    class Asked(AggregateConfig):
        granularity: str = _defaulting("granularity", choice.granularity)
        group_by: list[str] = _defaulting("group_by", list(_group_by(family, choice)))
        metrics: list[str] = _defaulting("metrics", list(family.metrics if choice.metrics is None else choice.metrics))
        filter: dict[str, Any] = _defaulting("filter", choice.filter or {})
        time_zone: str = _defaulting("time_zone", choice.time_zone or "")

    @tables_by_day(family.stream, specs, settings, POOL)
    def land(
        context: dg.AssetExecutionContext,
        config: Asked,
        genesys_cloud: GenesysCloudResource,
        lake: LakeResource,
        ledger: LedgerResource,
    ) -> Iterator[dg.Output[object]]:
        from analytics_platform.landing.aggregates import AggregatesLanding

        def landed() -> "Generator[StagedAnswers | LandedAnswers]":
            now = load_settings()
            with explained():
                question = _question(family, config)
                with genesys_cloud.connect(context) as client:
                    landing = AggregatesLanding(
                        question,
                        client,
                        lake.open(),
                        ledger.open(),
                        source_of(now),
                        now.settled_after,
                        config.provisional,
                    )
                    yield from landing.land_all(run_days(context), request_of(context))

        yield from answers_outputs(raw.name, [tidy.name], landed())

    return land


def _question(family: AggregateFamily, config: AggregateConfig) -> "AggregateQuestion":
    from analytics_platform.genesys_cloud.aggregates import AggregateQuestion

    return AggregateQuestion(
        family=family,
        granularity=config.granularity,
        group_by=tuple(config.group_by),
        metrics=tuple(config.metrics),
        filter=config.filter or None,
        time_zone=config.time_zone or None,
    )


def _checks(family: AggregateFamily, choice: AggregateChoice) -> dg.AssetChecksDefinition:
    def table(question: Mapping[str, object]) -> Table:
        group_by = question["group_by"]
        assert isinstance(group_by, list)
        return family.table(group_by)

    return answers_checks(family.stream, table, _table(family, choice))


def _chosen(choices: Choices) -> dict[AggregateFamily, AggregateChoice]:
    found = {family: choices.aggregate(family.name) for family in AGGREGATES}
    return {family: choice for family, choice in found.items() if choice.enabled}


def _table(family: AggregateFamily, choice: AggregateChoice) -> Table:
    return family.table(_group_by(family, choice))


def _group_by(family: AggregateFamily, choice: AggregateChoice) -> tuple[str, ...]:
    return family.group_by if choice.group_by is None else choice.group_by


def _defaulting(field: str, value: object) -> Any:
    """A field of the configuration with its default."""
    return Field(default=value, description=AggregateConfig.model_fields[field].description)
