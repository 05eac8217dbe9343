"""What a run over a range of days leaves behind in Dagster: metadata of each partition, and checks that pass."""

from datetime import datetime
from typing import Any

import dagster as dg
import pytest

from analytics_platform.catalogue.streams import STREAMS, Stream
from analytics_platform_tests.defs.conftest import Landed
from analytics_platform_tests.defs.workplace import all_tables


def materializations(instance: dg.DagsterInstance, table: str) -> dict[str, dict[str, Any]]:
    """The metadata of each partition's newest materialization, as plain values."""
    told: dict[str, dict[str, Any]] = {}
    for record in instance.fetch_materializations(dg.AssetKey(table), limit=1000).records:
        event = record.asset_materialization
        assert event is not None and event.partition is not None
        told.setdefault(event.partition, {name: value.value for name, value in event.metadata.items()})
    return told


@pytest.mark.parametrize("table", all_tables())
def test_each_partition_of_a_range_run_tells_its_own_manifest(landed: Landed, table: str) -> None:
    with landed.workplace.instance() as instance:
        told = materializations(instance, table)
    lake = landed.workplace.lake
    assert sorted(told) == [day.isoformat() for day in landed.days]
    for day in landed.days:
        manifest, metadata = lake.verify(table, day), told[day.isoformat()]
        assert metadata["dagster/partition_row_count"] == manifest.rows
        assert metadata["bytes"] == manifest.bytes
        assert metadata["checksum"] == manifest.checksum
        assert metadata["state"] == manifest.facts["state"] == "complete"
        assert metadata["job_ids"] == manifest.facts["job_ids"]
        assert metadata["watermark"] == datetime.fromisoformat(manifest.facts["watermark"]).timestamp()
        assert metadata["dagster/uri"].endswith(f"/{table}/day={day}/data.parquet")
        for name, instant in (("min_instant", manifest.min_instant), ("max_instant", manifest.max_instant)):
            assert metadata.get(name) == (instant.timestamp() if instant else None)


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_the_raw_days_of_a_range_run_differ(landed: Landed, stream: Stream) -> None:
    with landed.workplace.instance() as instance:
        told = materializations(instance, stream.raw.name).values()
    for name in ("bytes", "checksum", "digest", "interval"):
        assert len({metadata[name] for metadata in told}) == len(landed.days), name
    assert len({metadata["job_ids"][0] for metadata in told}) == len(landed.days)


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_instants_of_a_typed_day_lie_on_that_day(landed: Landed, stream: Stream) -> None:
    for day, manifest in landed.workplace.lake.manifests(stream.head.name, landed.days).items():
        assert manifest.min_instant is not None and manifest.max_instant is not None
        assert manifest.min_instant.date() == manifest.max_instant.date() == day


def test_one_job_was_submitted_for_each_raw_day(landed: Landed) -> None:
    submits = landed.org.requests()["submits"]
    asked = sorted((submit["family"], submit["body"]["interval"][:10]) for submit in submits)
    assert asked == sorted((stream.family.name, day.isoformat()) for stream in STREAMS for day in landed.days)


def test_all_checks_ran_and_passed(landed: Landed) -> None:
    passed: dict[tuple[str, str], bool] = {}
    with landed.workplace.instance() as instance:
        for run in instance.get_runs():
            assert run.status == dg.DagsterRunStatus.SUCCESS
            for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
                assert entry.dagster_event is not None
                evaluation = entry.dagster_event.asset_check_evaluation_data
                passed[evaluation.asset_key.to_user_string(), evaluation.check_name] = evaluation.passed
    wanted = {(table.name, "unique_keys") for stream in STREAMS for table in stream.tables}
    wanted |= {
        (table.name, "children_have_parents")
        for stream in STREAMS
        for table in stream.tables
        if table.parent in stream.tables
    }
    wanted.add(("conversations", "one_home"))
    wanted |= {("conversations", "open_conversations"), ("conversations", "personal_data_in_clear")}
    for name in ("rows_match_pages", "days_contiguous", "lag_behind_watermark", "known_to_the_catalogue", "restated"):
        wanted |= {(stream.raw.name, name) for stream in STREAMS}
    wanted |= {(table, "provisional_replaced") for stream in STREAMS for table in (stream.raw.name, stream.head.name)}
    assert passed.keys() == wanted
    assert all(passed.values())
