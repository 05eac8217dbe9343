"""Reporting turns of the bot flows that were chosen, by UTC day: the pages whole and the tables made from them.

Nothing is here where no bot flow was chosen. The vendor keeps turns for some days only; older ones are not asked for.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg

from analytics_platform.capabilities import Capabilities, known_capabilities
from analytics_platform.catalogue.operations import CONVERSATION_JOBS, Operation
from analytics_platform.catalogue.operations.bots import BOT_DIVISION_TURNS, BOT_TURNS
from analytics_platform.catalogue.operations.observations import FLOW_LIST
from analytics_platform.catalogue.turns import RAW, SURE_DAYS, TABLES, TURNS
from analytics_platform.choices import Choices
from analytics_platform.connections import source_of
from analytics_platform.defs.answers import answers_checks, answers_outputs
from analytics_platform.defs.by_day import tables_by_day
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

    from analytics_platform.landing.answers import LandedAnswers, StagedAnswers

POOL = "genesys_cloud_bot_turns"
GROUP = "bots"


def definitions(settings: Settings, choices: Choices, capabilities: Capabilities) -> dg.Definitions:
    """Everything Dagster shows of reporting turns, save the sensors of their days; see `streams`."""
    if not choices.bot_flows.ids:
        return dg.Definitions()
    return dg.Definitions(
        assets=[_asset(settings, choices, capabilities)],
        asset_checks=[answers_checks(TURNS.name, lambda question: TURNS, TURNS)],
    )


def streams(choices: Choices, capabilities: Capabilities) -> list[DailyStream]:
    """The turns as sensors see them; none where no bot flow was chosen."""
    if not choices.bot_flows.ids:
        return []
    tables = tuple(table.name for table in (RAW, *TABLES))
    operations = _operations(choices, capabilities)
    return [DailyStream(TURNS.name, TURNS.name, tables, jobs_watermark(CONVERSATION_JOBS), operations, SURE_DAYS)]


def _routes(capabilities: Capabilities) -> tuple[Operation, ...]:
    """The operations that may give turns, best first; the last one alone where the org is known to serve neither."""
    routes = (BOT_DIVISION_TURNS, BOT_TURNS)
    return tuple(route for route in routes if capabilities.why_not(route) is None) or routes[-1:]


def _operations(choices: Choices, capabilities: Capabilities) -> tuple[Operation, ...]:
    listing = (FLOW_LIST,) if choices.bot_flows.ids == "all" else ()
    return (*listing, _routes(capabilities)[0])


def _asset(settings: Settings, choices: Choices, capabilities: Capabilities) -> dg.AssetsDefinition:
    operations = _operations(choices, capabilities)
    specs = [asset_spec(table, RAW, GROUP, operations, settings, capabilities) for table in (RAW, *TABLES)]

    @tables_by_day(f"{TURNS.name}_landed", specs, settings, POOL)
    def land(
        context: dg.AssetExecutionContext,
        config: LandingConfig,
        genesys_cloud: GenesysCloudResource,
        lake: LakeResource,
        ledger: LedgerResource,
    ) -> Iterator[dg.Output[object]]:
        from analytics_platform.landing.turns import TurnsLanding

        def landed() -> "Generator[StagedAnswers | LandedAnswers]":
            now = load_settings()
            with explained(), genesys_cloud.connect(context) as client:
                landing = TurnsLanding(
                    client,
                    choices.bot_flows.ids,
                    _routes(known_capabilities(now)),
                    lake.open(),
                    ledger.open(),
                    source_of(now),
                    now.settled_after,
                    config.provisional,
                )
                yield from landing.land_all(run_days(context), request_of(context))

        yield from answers_outputs(RAW.name, [table.name for table in TABLES], landed())

    return land
