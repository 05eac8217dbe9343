"""Exports of views: each that was chosen an asset pair by UTC day, the file's facts and the table in it.

A run waits for an export for some minutes; one that takes longer is left in the ledger, and a sensor that looks at the
vendor's list lands it when it is done. Nothing is here where no export was chosen.
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

from analytics_platform.capabilities import Capabilities
from analytics_platform.catalogue.exports import export_file_table, export_table
from analytics_platform.catalogue.operations import CONVERSATION_JOBS
from analytics_platform.catalogue.operations.reporting import EXPORT_LIST, EXPORT_REQUEST
from analytics_platform.catalogue.tables import Table
from analytics_platform.choices import Choices, ExportChoice, load_choices
from analytics_platform.connections import connected, opened_lake, source_of
from analytics_platform.defs.answers import answers_outputs
from analytics_platform.defs.by_day import tables_by_day
from analytics_platform.defs.checks import contiguous, contiguous_spec, days_of_run
from analytics_platform.defs.daily import or_skip, sensor_status
from analytics_platform.defs.described import asset_spec
from analytics_platform.defs.details import LandingConfig
from analytics_platform.defs.failures import explained
from analytics_platform.defs.openings import jobs_watermark
from analytics_platform.defs.partitions import batches, request_of, run_days
from analytics_platform.defs.requests import DailyStream, days_in_progress, request
from analytics_platform.defs.resources import GenesysCloudResource, LakeResource, LedgerResource
from analytics_platform.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Generator

    from analytics_platform.lake.manifest import Manifest
    from analytics_platform.landing.answers import LandedAnswers
    from analytics_platform.landing.export_asking import DailyExport
    from analytics_platform.landing.exports import StagedExport

POOL = "genesys_cloud_exports"
GROUP = "exports"
OPERATIONS = (EXPORT_LIST, EXPORT_REQUEST)


def definitions(settings: Settings, choices: Choices, capabilities: Capabilities) -> dg.Definitions:
    """Everything Dagster shows of the exports that were chosen, save the sensors of their days; see `streams`."""
    if not choices.exports:
        return dg.Definitions()
    return dg.Definitions(
        assets=[_asset(choice, settings, capabilities) for choice in choices.exports],
        asset_checks=[_checks(choice) for choice in choices.exports],
        sensors=[_finished_sensor(choices, settings)],
    )


def streams(choices: Choices) -> list[DailyStream]:
    """The exports that were chosen, as sensors see them."""
    return [_stream(choice) for choice in choices.exports]


def content_of(choice: ExportChoice) -> dict[str, object]:
    """What the vendor is asked for, a ReportingExportJobRequest without name and interval.

    Durations in milliseconds and no row of sums: the table is one to calculate with.
    """
    columns = [{"columnOrder": place, "columnName": name} for place, name in enumerate(choice.columns, start=1)]
    return {
        "viewType": choice.view,
        "exportFormat": choice.format,
        "period": choice.period,
        "timeZone": choice.time_zone,
        "locale": choice.locale,
        "filter": choice.filter,
        "hasSplitByMedia": choice.split_by_media,
        "excludeEmptyRows": choice.exclude_empty_rows,
        "csvDelimiter": "COMMA",
        "durationFormat": "Milliseconds",
        "hasFormatDurations": False,
        "hasSummaryRow": False,
        **({"selectedColumns": columns} if columns else {}),
    }


def _tables(choice: ExportChoice) -> tuple[Table, ...]:
    raw = export_file_table(choice.name)
    return (raw,) if choice.format == "PDF" else (raw, export_table(choice.name))


def _stream(choice: ExportChoice) -> DailyStream:
    tables = tuple(table.name for table in _tables(choice))
    return DailyStream(f"export_{choice.name}", tables[-1], tables, jobs_watermark(CONVERSATION_JOBS), OPERATIONS)


def _daily(choice: ExportChoice) -> "DailyExport":
    from analytics_platform.landing.export_asking import DailyExport

    return DailyExport(choice.name, content_of(choice))


def _asset(choice: ExportChoice, settings: Settings, capabilities: Capabilities) -> dg.AssetsDefinition:
    raw, *tables = _tables(choice)
    specs = [
        asset_spec(
            table,
            raw,
            GROUP,
            OPERATIONS,
            settings,
            capabilities,
            about=f"\n\nView {choice.view} as {choice.format}, by {choice.period}.",
            raw_kinds={"genesys", choice.format.lower(), "parquet"},
        )
        for table in (raw, *tables)
    ]

    @tables_by_day(f"export_{choice.name}_landed", specs, settings, POOL)
    def land(
        context: dg.AssetExecutionContext,
        config: LandingConfig,
        genesys_cloud: GenesysCloudResource,
        lake: LakeResource,
        ledger: LedgerResource,
    ) -> Iterator[dg.Output[object]]:
        from analytics_platform.genesys_cloud.exports import Exports
        from analytics_platform.genesys_cloud.jobs import DetailsJobs
        from analytics_platform.landing.export_asking import ExportTimes
        from analytics_platform.landing.exports import ExportLanding, StagedExport
        from analytics_platform.landing.watermark import Watermark

        def landed() -> "Generator[StagedExport | LandedAnswers]":
            now = load_settings()
            with explained(), genesys_cloud.connect(context) as client:
                landing = ExportLanding(
                    _daily(choice),
                    Exports(client),
                    lake.open(),
                    ledger.open(),
                    source_of(now),
                    Watermark(DetailsJobs(client, CONVERSATION_JOBS)),
                    ExportTimes(first_pause=now.poll_seconds, deadline=60.0 * now.export_minutes),
                    provisional=config.provisional,
                    settled_after=now.settled_after,
                )
                for day in landing.land_all(run_days(context), request_of(context), now.jobs_in_flight):
                    if isinstance(day, StagedExport) and day.raw.manifest.facts["partial"]:
                        context.log.warning("%s of %s holds partial results only.", raw.name, day.raw.day)
                    yield day

        yield from answers_outputs(raw.name, [table.name for table in tables], landed())

    return land


def _finished_sensor(choices: Choices, settings: Settings) -> dg.SensorDefinition:
    assets = [table.name for choice in choices.exports for table in _tables(choice)]

    @dg.sensor(
        name="exports_finished",
        target=dg.AssetSelection.assets(*assets),
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=sensor_status(settings),
        description="Lands exports that took longer than a run waits for them, when the vendor has finished them.",
    )
    def finished(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return or_skip(lambda: _finished(context, load_settings()))

    return finished


def _finished(context: dg.SensorEvaluationContext, now: Settings) -> dg.SensorResult:
    """Requests for the days whose exports, left in the ledger, have ended; of a bad end their run tells."""
    from analytics_platform.genesys_cloud.exports import Exports
    from analytics_platform.landing.export_asking import FAMILY, name_of
    from analytics_platform.landing.ledger import Ledger

    asked = Ledger(now.state).submitted_of(source_of(now), FAMILY)
    if not asked:
        return dg.SensorResult(skip_reason="No export is waited for.")
    with connected(now, hurried=True) as client:
        owners = {entry.asked_as or client.client_ids[0] for entry in asked}
        listed = [Exports(client).of(owner).newest() for owner in sorted(owners & set(client.client_ids))]
        ended = [export for exports in listed for export in exports if export.ended]
    finished = [entry for entry in asked if any(each.is_of(name_of(entry), entry.job_id) for each in ended)]
    requests: list[dg.RunRequest] = []
    for choice in load_choices(now).exports:
        stream, daily = _stream(choice), _daily(choice)
        mine = {
            entry.question.day: str(entry.job_id)
            for entry in finished
            if entry.question == daily.question(entry.question.org, entry.question.day)
        }
        days = mine.keys() - days_in_progress(context.instance, stream.assets)
        for batch in batches(list(days), now.max_days_per_run):
            runs = hashlib.sha256(" ".join(mine[day] for day in batch).encode()).hexdigest()[:12]
            requests.append(request(stream.name, stream.assets, "finished", batch, runs))
    nothing = f"Exports waited for: {len(asked)}; none has ended whose day is not being landed."
    return dg.SensorResult(run_requests=requests, skip_reason=None if requests else nothing)


def _checks(choice: ExportChoice) -> dg.AssetChecksDefinition:
    raw, mark = export_file_table(choice.name).name, _stream(choice).marks

    @dg.multi_asset_check(
        name=f"export_{choice.name}_checks",
        can_subset=True,
        specs=[
            dg.AssetCheckSpec(
                "file_as_it_came",
                asset=mark,
                description="The kept file is the one the day was made from, byte by byte, and all its rows are there.",
            ),
            dg.AssetCheckSpec("whole_results", asset=mark, description="The vendor exported all there was."),
            dg.AssetCheckSpec(
                "as_headings_mean", asset=mark, description="Every value is what the heading of its column means."
            ),
            contiguous_spec(mark),
        ],
    )
    def checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        now = load_settings()
        lake = opened_lake(now)
        chosen = {key.name for key in context.selected_asset_check_keys}
        manifests = lake.manifests(mark, days_of_run(context, lake.days(mark)))
        if "file_as_it_came" in chosen:
            from analytics_platform.landing.exports import differing

            wrong = {str(day): why for day in manifests if (why := differing(lake, choice.name, raw, mark, day))}
            yield dg.AssetCheckResult(
                check_name="file_as_it_came", asset_key=mark, passed=not wrong, metadata={"differing": wrong}
            )
        if "whole_results" in chosen:
            partial = [day for day, manifest in manifests.items() if manifest.facts["partial"]]
            yield _warned("whole_results", mark, {str(day): manifests[day].facts["status"] for day in partial})
        if "as_headings_mean" in chosen:
            yield _warned("as_headings_mean", mark, _as_told(manifests))
        if "days_contiguous" in chosen:
            yield contiguous(mark, lake.days(mark), now.start_day)

    return checks


def _as_told(manifests: "Mapping[date, Manifest]") -> Mapping[str, object]:
    return {str(day): manifest.facts["as_told"] for day, manifest in manifests.items() if manifest.facts["as_told"]}


def _warned(name: str, table: str, found: Mapping[str, object]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name,
        asset_key=table,
        passed=not found,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"days": dict(found)},
    )
