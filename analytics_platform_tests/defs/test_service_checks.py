"""The checks of services: each fails for what it is there to find."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pyarrow as pa
import pytest

from analytics_platform.catalogue.services import (
    SERVICE_FILES_QUARANTINE,
    SERVICE_FILES_TABLE,
    SERVICE_IDS,
    SERVICES,
)
from analytics_platform.landing.service_days import ServiceDay
from analytics_platform.tables.schemas import table_schema
from analytics_platform.tables.service_records import ServiceRead
from analytics_platform_tests.defs.test_checks import rewritten, verdict
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.landing.service_places import day_after
from analytics_platform_tests.simulated_org import OrgOptions, SimulatedOrg

DAY, FAR = date(2026, 3, 2), date(2026, 3, 4)
RAW = SERVICES.raw.name
(BY_FILES,) = SERVICES.raw_by_another_route


@pytest.fixture
def landed(workplace: Workplace, org: SimulatedOrg) -> Iterator[Workplace]:
    """A deployment with a GMS of three services, whose first day has landed."""
    workplace.set("GMS_URL", org.url)
    org.put_only_services(
        *({"service_id": f"{number}-a", "started": f"2026-03-02T0{number}:00:00Z"} for number in (1, 2, 3))
    )
    org.set_now(day_after(DAY))
    assert workplace.run([SERVICE_IDS.name, RAW], [DAY]).success
    yield workplace
    org.restore_services()
    org.set_now(OrgOptions.now)


def test_an_id_that_is_lost_is_found(landed: Workplace) -> None:
    assert verdict(landed, RAW, "ids_accounted_for").passed
    rewritten(landed, RAW, landed.lake.read(RAW, DAY).slice(1))
    told = verdict(landed, RAW, "ids_accounted_for")
    assert not told.passed and told.severity == dg.AssetCheckSeverity.ERROR
    differing = told.metadata["differing"].value
    assert isinstance(differing, dict) and list(differing) == [str(DAY)]


def test_services_that_one_route_alone_tells_of_are_warned_of(landed: Workplace) -> None:
    told = verdict(landed, RAW, "same_by_files")
    assert told.passed and told.metadata["days_by_both_routes"].value == 0
    _land_files(landed, "1-a", "2-a", "3-a")
    told = verdict(landed, RAW, "same_by_files")
    assert told.passed and told.metadata["days_by_both_routes"].value == 1
    _land_files(landed, "1-a", "3-a", "4-a")
    told = verdict(landed, RAW, "same_by_files")
    assert not told.passed and told.severity == dg.AssetCheckSeverity.WARN
    alone = {RAW: ["2-a"], BY_FILES.name: ["4-a"]}
    assert told.metadata["told_by_one_route_alone"].value == {str(DAY): alone}


def test_gms_is_asked_whether_its_lists_agree_and_one_that_cannot_be_asked_is_warned_of(
    landed: Workplace, org: SimulatedOrg
) -> None:
    told = verdict(landed, SERVICE_IDS.name, "started_and_completed_are_all")
    assert told.passed
    assert {name: told.metadata[name].value for name in ("any", "started", "completed")} == {
        "any": 3,
        "started": 3,
        "completed": 0,
    }
    org.arm("status", "services.stream", status=403, times=None)
    told = verdict(landed, SERVICE_IDS.name, "started_and_completed_are_all")
    assert not told.passed and told.severity == dg.AssetCheckSeverity.WARN
    assert told.description


def test_the_lag_is_that_behind_the_clock_of_gms(landed: Workplace, org: SimulatedOrg) -> None:
    assert verdict(landed, RAW, "lag_behind_watermark").passed
    org.set_now("2026-03-07T00:30:00Z")
    told = verdict(landed, RAW, "lag_behind_watermark")
    assert not told.passed and told.metadata["days_behind"].value == 4


def test_a_service_at_two_homes_is_found_also_where_they_lie_apart(landed: Workplace, org: SimulatedOrg) -> None:
    org.set_now(day_after(FAR))
    assert landed.run([SERVICE_IDS.name, RAW], [FAR]).success
    assert landed.make(SERVICES, [DAY]).success
    assert landed.make(SERVICES, [FAR]).success
    assert verdict(landed, "services", "one_home").passed
    here = landed.lake.read("services", DAY)
    with landed.lake.stage("services", FAR, here.schema) as writer:
        writer.write(pa.concat_tables([here.slice(1, 1)]))
        writer.seal({}).publish()
    assert not verdict(landed, "services", "one_home").passed


def _land_files(landed: Workplace, *ids: str) -> None:
    as_of = datetime(2026, 3, 3, 1, tzinfo=UTC)
    with (
        landed.lake.stage(SERVICE_FILES_TABLE.name, DAY, table_schema(SERVICE_FILES_TABLE)) as files,
        ServiceDay(landed.lake, DAY, as_of, raw=BY_FILES, quarantine=SERVICE_FILES_QUARANTINE) as taken,
    ):
        record = '{{"service_id": "{0}", "started": {{"timestamp": "2026-03-02T05:00:00Z"}}}}'
        taken.keep([ServiceRead(each, record.format(each).encode()) for each in ids])
        staged = taken.seal(files, watermark=as_of, settled_after=timedelta(days=3), facts={"source": "here"})
    staged.publish()
