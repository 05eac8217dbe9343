"""Services of Context Services on GMS: listed and read by activity day, their typed tables by home day.

Nothing is here where no GMS is set. Days are opened by GMS's own clock, as it tells no watermark. What may change
without being listed is read again with each newest day; see `landing.services`.
"""

from collections.abc import Generator, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from analytics_platform.catalogue.services import SERVICE_IDS, SERVICES
from analytics_platform.connections import connected_gms, gms_of
from analytics_platform.defs.answers import answers_outputs
from analytics_platform.defs.by_day import tables_by_day
from analytics_platform.defs.checks import key_checks, lag_check
from analytics_platform.defs.described import OWNERS, RAW_KINDS, table_metadata
from analytics_platform.defs.details import LandingConfig, typed_assets
from analytics_platform.defs.failures import explained
from analytics_platform.defs.openings import Opening
from analytics_platform.defs.partitions import request_of, run_days
from analytics_platform.defs.provisional import provisional_check
from analytics_platform.defs.requests import DailyStream
from analytics_platform.defs.resources import LakeResource, LedgerResource
from analytics_platform.defs.sensors import typed_sensors
from analytics_platform.defs.service_checks import service_checks
from analytics_platform.gms_settings import GmsSettings, load_gms_settings
from analytics_platform.settings import Settings, load_settings

if TYPE_CHECKING:
    from analytics_platform.landing.answers import LandedAnswers
    from analytics_platform.landing.service_days import StagedServices

POOL = "gms"


def definitions(settings: Settings, gms: GmsSettings) -> dg.Definitions:
    """Everything Dagster shows of services."""
    if not gms.url:
        return dg.Definitions()
    daily = services_stream()
    raws = SERVICES.raws if gms.file_folders else (SERVICES.raw,)
    return dg.Definitions(
        assets=[_asset(settings), typed_assets(SERVICES, settings, raws)],
        asset_checks=[
            *service_checks(),
            key_checks(SERVICES),
            lag_check(SERVICES.raw.name, daily.opened_by, settings),
            provisional_check(SERVICES.name, [SERVICES.raw.name, SERVICES.head.name], daily.opened_by),
        ],
        sensors=typed_sensors(SERVICES, daily, settings),
    )


def services_stream() -> DailyStream:
    """The raw days of services, as sensors see them."""
    tables = (SERVICE_IDS.name, SERVICES.raw.name)
    return DailyStream(SERVICES.name, SERVICES.raw.name, tables, Opening("gms", _complete_until), ())


def _complete_until(settings: Settings) -> datetime:
    """Until when days are taken to be complete, by GMS's clock."""
    gms = load_gms_settings()
    with connected_gms(gms, hurried=True) as client:
        return client.now() - timedelta(minutes=gms.settle_minutes)


def _asset(settings: Settings) -> dg.AssetsDefinition:
    """The ids of a day and the services read by them, landed together."""
    ids, raw = SERVICE_IDS, SERVICES.raw
    specs = [
        dg.AssetSpec(
            key=table.name,
            deps=deps,
            description=f"{table.description}\n\n{SERVICES.description}",
            group_name=SERVICES.name,
            owners=OWNERS,
            kinds=RAW_KINDS,
            metadata=table_metadata(table, settings),
        ).with_io_manager_key("lake_io_manager")
        for table, deps in ((ids, []), (raw, [ids.name]))
    ]

    @tables_by_day(raw.name, specs, settings, POOL)
    def land(
        context: dg.AssetExecutionContext, config: LandingConfig, lake: LakeResource, ledger: LedgerResource
    ) -> Iterator[dg.Output[object]]:
        from analytics_platform.landing.services import Options, ServicesLanding

        def landed() -> "Generator[StagedServices | LandedAnswers]":
            with explained():
                now, gms = load_settings(), load_gms_settings()
                options = Options(
                    overlap=timedelta(minutes=gms.overlap_minutes),
                    settle=timedelta(minutes=gms.settle_minutes),
                    most_ids=gms.most_ids,
                    open_for=timedelta(days=gms.refresh_age_days),
                    completed_for=timedelta(days=gms.refresh_completed_days),
                    settled_after=now.settled_after,
                    provisional=config.provisional,
                )
                with connected_gms(gms) as client:
                    landing = ServicesLanding(client, lake.open(), ledger.open(), gms_of(gms), options)
                    yield from landing.land_all(run_days(context), request_of(context))

        yield from answers_outputs(ids.name, [raw.name], landed())

    return land
