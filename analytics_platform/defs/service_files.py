"""Services from exported files, by UTC day: an asset pair, what tells of the files and the services in them.

For a first load of many days, or a day with more services than are to be read one by one. Nothing requests it: a person
starts a run or backfill. It is not there unless GMS_FILE_FOLDERS says where the server's folders are reached.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import dagster as dg

from analytics_platform.catalogue.names import require_known
from analytics_platform.catalogue.service_files import FORMATS
from analytics_platform.catalogue.services import SERVICE_FILES, SERVICE_FILES_TABLE, SERVICES
from analytics_platform.connections import connected_gms, gms_of, opened_lake
from analytics_platform.defs.answers import answers_outputs
from analytics_platform.defs.by_day import tables_by_day
from analytics_platform.defs.checks import days_of_run
from analytics_platform.defs.described import OWNERS, RAW_KINDS, TYPED_KINDS, table_metadata
from analytics_platform.defs.failures import explained
from analytics_platform.defs.partitions import request_of, run_days
from analytics_platform.defs.resources import LakeResource, LedgerResource
from analytics_platform.gms_settings import GmsSettings, load_gms_settings
from analytics_platform.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Generator

    from analytics_platform.landing.answers import LandedAnswers
    from analytics_platform.landing.service_files import StagedServiceFiles

POOL = "gms_files"
(_RECORDS,) = SERVICES.raw_by_another_route


class FilesConfig(dg.Config):
    """How a run asks for files. There is no filter by state: its answer depends on the day one asks."""

    format: str = ""
    """csv or json, where GMS_FILE_FORMAT_PARAMETER tells how to ask for it; empty is what GMS_FILE_FORMAT says."""


def definitions(settings: Settings, gms: GmsSettings) -> dg.Definitions:
    """Everything Dagster shows of services from files."""
    if not gms.url or not gms.file_folders:
        return dg.Definitions()
    return dg.Definitions(assets=[_asset(settings)], asset_checks=[_checks()])


def _asset(settings: Settings) -> dg.AssetsDefinition:
    asked = f"GMS is asked once a day landed ({SERVICE_FILES.method} {SERVICE_FILES.path}, role Administrator)."
    files, records = (
        dg.AssetSpec(
            key=table.name,
            deps=[] if table is SERVICE_FILES_TABLE else [SERVICE_FILES_TABLE.name],
            description=f"{table.description}\n\n{asked}",
            group_name=SERVICES.name,
            owners=OWNERS,
            kinds=TYPED_KINDS if table is SERVICE_FILES_TABLE else RAW_KINDS,
            metadata=table_metadata(table, settings),
        ).with_io_manager_key("lake_io_manager")
        for table in (SERVICE_FILES_TABLE, _RECORDS)
    )

    @tables_by_day("service_files_landed", [files, records], settings, POOL)
    def land(
        context: dg.AssetExecutionContext, config: FilesConfig, lake: LakeResource, ledger: LedgerResource
    ) -> Iterator[dg.Output[object]]:
        from analytics_platform.landing.service_file_asking import FileTimes
        from analytics_platform.landing.service_files import FileOptions, ServiceFilesLanding
        from analytics_platform.landing.service_folders import ServiceFolders

        def landed() -> "Generator[StagedServiceFiles | LandedAnswers]":
            with explained():
                now, gms = load_settings(), load_gms_settings()
                if config.format:
                    require_known([config.format], FORMATS, "format of files")
                options = FileOptions(
                    overlap=timedelta(minutes=gms.overlap_minutes),
                    settle=timedelta(minutes=gms.settle_minutes),
                    settled_after=now.settled_after,
                    file_format=config.format or gms.file_format,
                    times=FileTimes(first_pause=now.poll_seconds, patience=60.0 * gms.file_patience_minutes),
                )
                with connected_gms(gms) as client:
                    folders = ServiceFolders(gms.file_folders)
                    landing = ServiceFilesLanding(client, lake.open(), ledger.open(), gms_of(gms), folders, options)
                    yield from landing.land_all(run_days(context), request_of(context))

        yield from answers_outputs(SERVICE_FILES_TABLE.name, [_RECORDS.name], landed())

    return land


def _checks() -> dg.AssetChecksDefinition:
    @dg.multi_asset_check(
        name="service_files_checks",
        can_subset=True,
        specs=[
            dg.AssetCheckSpec(
                "files_as_they_came",
                asset=SERVICE_FILES_TABLE.name,
                description="The kept files are those the day was made from, byte by byte.",
            ),
            dg.AssetCheckSpec(
                "all_services",
                asset=_RECORDS.name,
                description="Every row of the file of services is a record, was set aside, or stood there twice.",
            ),
        ],
    )
    def checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        from analytics_platform.landing.service_files import differing, unaccounted

        lake = opened_lake(load_settings())
        chosen = {key.name for key in context.selected_asset_check_keys}
        days = days_of_run(context, lake.days(SERVICE_FILES_TABLE.name))
        for name, asset, look in (
            ("files_as_they_came", SERVICE_FILES_TABLE.name, differing),
            ("all_services", _RECORDS.name, unaccounted),
        ):
            if name in chosen:
                wrong = {str(day): why for day in days if (why := look(lake, day))}
                yield dg.AssetCheckResult(check_name=name, asset_key=asset, passed=not wrong, metadata={"days": wrong})

    return checks
