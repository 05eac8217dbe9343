"""Checks of services: each id accounted for, no day missing, lists and routes that agree, and time's order."""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

from analytics_platform.catalogue.services import SERVICE_IDS, SERVICES, Events
from analytics_platform.connections import connected_gms, opened_lake
from analytics_platform.defs.checks import contiguous, contiguous_spec, days_of_run, overflow
from analytics_platform.defs.failures import expected_faults
from analytics_platform.gms_settings import load_gms_settings
from analytics_platform.settings import load_settings

if TYPE_CHECKING:
    from analytics_platform.lake import Lake

_TOLD = 100
_WARN = dg.AssetCheckSeverity.WARN


def service_checks() -> list[dg.AssetChecksDefinition]:
    """The checks of services beside those every stream by home day has."""
    return [_raw_checks(), _lists_check(), _order_check()]


def _raw_checks() -> dg.AssetChecksDefinition:
    raw = SERVICES.raw.name

    @dg.multi_asset_check(
        name=f"{raw}_checks",
        can_subset=True,
        specs=[
            dg.AssetCheckSpec(
                "ids_accounted_for",
                asset=raw,
                description="Each id of the day is a row, was set aside, is unchanged since it was last read, or was "
                "gone before it was read.",
            ),
            contiguous_spec(raw),
            dg.AssetCheckSpec(
                "same_by_files",
                asset=raw,
                description="Where a day has also landed from files, both routes tell of the same services.",
            ),
        ],
    )
    def checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        now = load_settings()
        lake = opened_lake(now)
        chosen = {key.name for key in context.selected_asset_check_keys}
        landed = lake.days(raw)
        days = days_of_run(context, landed)
        if "ids_accounted_for" in chosen:
            yield _accounted_for(lake, days)
        if "days_contiguous" in chosen:
            yield contiguous(raw, landed, now.start_day)
        if "same_by_files" in chosen:
            yield _same_by_files(lake, days)

    return checks


def _accounted_for(lake: "Lake", days: list[date]) -> dg.AssetCheckResult:
    ids = lake.manifests(SERVICE_IDS.name, days)
    wrong = {}
    for day, manifest in lake.manifests(SERVICES.raw.name, days).items():
        facts, read = manifest.facts, ids[day].rows if day in ids else 0
        kept = manifest.rows - facts["moved"]
        if kept + facts["set_aside"] + facts["unchanged"] + facts["gone_between_list_and_fetch"] != read:
            wrong[str(day)] = f"{read} ids, {kept} rows, {facts['set_aside']} set aside"
    return dg.AssetCheckResult(
        check_name="ids_accounted_for", asset_key=SERVICES.raw.name, passed=not wrong, metadata={"differing": wrong}
    )


def _same_by_files(lake: "Lake", days: list[date]) -> dg.AssetCheckResult:
    from analytics_platform.landing.service_history import ServiceHistory

    files = SERVICES.raw_by_another_route[0].name
    both = sorted(set(days).intersection(lake.days(files)))
    history = ServiceHistory(lake)
    differing = {str(day): {name: ids[:_TOLD] for name, ids in history.differing(day).items()} for day in both}
    differing = {day: told for day, told in differing.items() if told}
    return dg.AssetCheckResult(
        check_name="same_by_files",
        asset_key=SERVICES.raw.name,
        passed=not differing,
        severity=_WARN,
        description="Services may be deleted or told late between the two readings." if differing else None,
        metadata={"days_by_both_routes": len(both), "told_by_one_route_alone": differing},
    )


def _lists_check() -> dg.AssetChecksDefinition:
    @dg.asset_check(
        name="started_and_completed_are_all",
        asset=SERVICE_IDS.name,
        description="Asked for the newest day of the run, GMS lists as started or completed what it lists without a "
        "filter.",
    )
    def lists(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        from analytics_platform.gms.selection import Selection
        from analytics_platform.landing.service_days import begin_of
        from analytics_platform.landing.states import end_of

        days = days_of_run(context, opened_lake(load_settings()).days(SERVICE_IDS.name))
        if not days:
            return dg.AssetCheckResult(passed=True, description="No day has landed.")
        try:
            with connected_gms(load_gms_settings()) as client:
                start, end = begin_of(days[-1]), min(end_of(days[-1]), client.now())
                found = {
                    events: set(client.ids(Selection(start, end, events)).ids)
                    for events in (Events.STARTED, Events.COMPLETED, Events.ANY)
                }
        except expected_faults() as fault:
            # A day that has landed is not undone by a GMS that cannot be asked.
            return dg.AssetCheckResult(passed=False, severity=_WARN, description=str(fault))
        differing = sorted((found[Events.STARTED] | found[Events.COMPLETED]) ^ found[Events.ANY])
        return dg.AssetCheckResult(
            passed=not differing,
            severity=_WARN,
            metadata={
                "day": days[-1].isoformat(),
                "differing": differing[:_TOLD],
                **{str(events): len(ids) for events, ids in found.items()},
            },
        )

    return lists


def _order_check() -> dg.AssetChecksDefinition:
    head = SERVICES.head.name

    @dg.asset_check(
        name="starts_before_it_ends",
        asset=head,
        description="No service was completed before it started; whoever tells an event tells its instant.",
    )
    def order(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        from analytics_platform.lake.rows_at_fault import looked_into, rows_where

        now = load_settings()
        lake = opened_lake(now)
        days = days_of_run(context, lake.days(head))
        with looked_into(lake, {head: days}, overflow(now)) as database:
            wrong = rows_where(database, SERVICES.head, days, "completed_at < started_at")
        return dg.AssetCheckResult(passed=not wrong, severity=_WARN, metadata={"rows_at_fault": wrong})

    return order
