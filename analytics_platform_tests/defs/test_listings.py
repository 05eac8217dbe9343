"""What reporting lists, in Dagster: a snapshot of each list an hour, where the org serves it."""

from collections.abc import Callable
from datetime import UTC, datetime

import dagster as dg
import pytest

from analytics_platform.capabilities import remember
from analytics_platform.catalogue.listings import LISTINGS, Listing
from analytics_platform.catalogue.models import model
from analytics_platform.catalogue.operations.reporting import EXPORT_LIST, EXPORT_METADATA, SCHEDULES, SETTINGS_READ
from analytics_platform.definitions import platform
from analytics_platform.defs.listings import GROUP, SCHEDULE
from analytics_platform.genesys_cloud.standings import Learned, Standing
from analytics_platform.landing.ticks import ticks_of
from analytics_platform_tests.defs.snapshot_runs import begun_hour, early_in_an_hour, requested, verdicts
from analytics_platform_tests.defs.test_failures import failed_step, sentence
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

ASSETS = [table.name for listing in LISTINGS for table in (listing.raw, listing.table)]
LIVING = [listing for listing in LISTINGS if listing.operation in (EXPORT_LIST, EXPORT_METADATA, SETTINGS_READ)]


@pytest.fixture
def now() -> datetime:
    return early_in_an_hour()


def _listing(stream: str) -> Listing:
    return next(listing for listing in LISTINGS if listing.stream == stream)


def _assets(listings: list[Listing]) -> list[str]:
    return [table.name for listing in listings for table in (listing.raw, listing.table)]


def test_a_run_for_today_takes_a_snapshot_of_every_list(workplace: Workplace, org: SimulatedOrg, now: datetime) -> None:
    run = workplace.run(ASSETS, [now.date()])
    assert run.success
    for listing in LISTINGS:
        manifest = workplace.lake.verify(listing.stream, now.date())
        assert ticks_of(manifest) == {begun_hour(now)} and manifest.facts["set_aside"] == 0
        assert manifest.facts["drift"] == {}, listing.stream
        assert set(verdicts(run, listing.stream).values()) == {True}
    views = workplace.lake.read("export_views", now.date(), ["view_type"])["view_type"].to_pylist()
    assert views and set(views) <= set(model("ReportingExportMetadataJobResponse").fields["viewType"].known_values)
    assert workplace.lake.read("reporting_settings", now.date()).num_rows == 1
    for listing in LISTINGS:
        if listing.each is not None:
            (listed,) = listing.each.tables
            ids = workplace.lake.read(listed, now.date(), ["id"])["id"].to_pylist()
            asked = workplace.lake.manifest(listing.raw.name, now.date())
            assert asked is not None and asked.rows == len(ids) > 0
    org.clear_requests()
    assert workplace.run(ASSETS, [now.date()]).success and org.requests()["total"] == 0


def test_what_the_vendor_withdrew_is_requested_once_the_org_is_known_to_serve_it(
    workplace: Workplace, now: datetime
) -> None:
    (request,) = requested(workplace, SCHEDULE, begun_hour(now))
    assert not isinstance(request, str)
    assert [key.to_user_string() for key in request.asset_selection or ()] == _assets(LIVING)
    with workplace.entered() as settings:
        remember(settings, {SCHEDULES.name: Learned(Standing.SERVED, now)})
    (request,) = requested(workplace, SCHEDULE, begun_hour(now))
    assert not isinstance(request, str)
    assert [key.to_user_string() for key in request.asset_selection or ()] == _assets(
        [*LIVING, _listing("report_schedules")]
    )


def test_what_an_org_no_longer_answers_fails_alone_and_the_others_land(
    start_org: Callable[..., SimulatedOrg], start_workplace: Callable[..., Workplace], now: datetime
) -> None:
    workplace = start_workplace(start_org(withdrawn=False))
    run = workplace.run(_assets([*LIVING, _listing("reports")]), [now.date()])
    failed = failed_step(run)
    assert failed.step_key == "reports" and "404" in sentence(failed)
    assert set(workplace.lake.tables()) == set(_assets(LIVING))


def test_the_assets_tell_what_they_are_and_whether_the_org_serves_them(workplace: Workplace) -> None:
    with workplace.entered() as settings:
        definitions = platform(settings)
    for name in ASSETS:
        spec = definitions.resolve_asset_graph().get(dg.AssetKey(name)).to_asset_spec()
        served = name in _assets(LIVING)
        assert spec.group_name == GROUP and spec.metadata["served"] is served and spec.description
        assert spec.description.startswith("Never scheduled.") is not served
        assert isinstance(spec.partitions_def, dg.DailyPartitionsDefinition)
        assert spec.partitions_def.get_last_partition_key() == datetime.now(UTC).date().isoformat()
