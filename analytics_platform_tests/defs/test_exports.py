"""Exports as assets: a day lands over HTTP from the org's own export, one that takes long is landed by a sensor."""

import json
from collections import defaultdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from analytics_platform.capabilities import Capabilities
from analytics_platform.catalogue.operations import operation
from analytics_platform.choices import Choices
from analytics_platform.defs import exports
from analytics_platform.landing.exports import differing
from analytics_platform_tests.defs.ticks import Ticks
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.landing.workplace import connected
from analytics_platform_tests.simulated_org import SimulatedOrg

DAY, NEXT = date(2026, 3, 3), date(2026, 3, 4)
CHOSEN = """
[[exports]]
name = "queues"
view = "QUEUE_PERFORMANCE_SUMMARY_VIEW"
period = "PT1H"
exclude_empty_rows = true

[[exports]]
name = "agents_as_pdf"
view = "AGENT_PERFORMANCE_SUMMARY_VIEW"
format = "PDF"
period = "P1D"
"""
RAW, TABLE, PDF = "export_queues_raw", "export_queues", "export_agents_as_pdf_raw"


@pytest.fixture
def chosen(workplace: Workplace, tmp_path: Path) -> Workplace:
    """A deployment in which two exports were chosen."""
    file = tmp_path / "streams.toml"
    file.write_text(CHOSEN, encoding="utf-8")
    workplace.set("ANALYTICS_PLATFORM_STREAMS", file)
    return workplace


def _asked(org: SimulatedOrg) -> list[dict[str, Any]]:
    return [json.loads(call["body"]) for call in org.requests()["calls"] if call["operation"] == "exports.request"]


def _checks(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {check.check_name: check.passed for check in result.get_asset_check_evaluations()}


def _failure(result: dg.ExecuteInProcessResult) -> str:
    (failed,) = [event for event in result.all_events if event.is_step_failure]
    data = failed.step_failure_data.user_failure_data
    assert data is not None and data.description is not None
    return data.description


def test_nothing_is_there_where_no_export_was_chosen(workplace: Workplace) -> None:
    with workplace.entered() as settings:
        repository = exports.definitions(settings, Choices(), Capabilities()).get_repository_def()
    assert not repository.asset_graph.get_all_asset_keys() and not repository.sensor_defs
    assert exports.streams(Choices()) == []


def test_a_table_of_an_export_is_the_aggregate_of_the_same_day(org: SimulatedOrg, chosen: Workplace) -> None:
    result = chosen.run([RAW, TABLE], [DAY])
    assert result.success
    query = {
        "interval": "2026-03-03T00:00:00.000Z/2026-03-04T00:00:00.000Z",
        "granularity": "PT1H",
        "groupBy": ["queueId"],
        "metrics": ["nOffered", "tHandle"],
        "filter": {"type": "and", "predicates": [{"dimension": "queueId", "operator": "exists"}]},
    }
    with connected(org.url) as client:
        answer = client.call(operation("conversations.aggregates"), body=query, repeatable=True).value
    wanted: dict[tuple[str, datetime], dict[str, Any]] = defaultdict(dict)
    for group in answer["results"]:
        for data in group["data"]:
            start = datetime.fromisoformat(data["interval"].partition("/")[0])
            for metric in data["metrics"]:
                wanted[group["group"]["queueId"], start][metric["metric"]] = metric["stats"]
    rows = chosen.lake.read(TABLE, DAY).to_pylist()
    told = {(row["queue_id"], row["interval_start"]): row for row in rows}
    assert len(told) == len(rows) and len(rows) > 10
    for key, metrics in wanted.items():
        row = told[key]
        assert row["offer"] == metrics.get("nOffered", {}).get("count")
        assert row["handle"] == metrics.get("tHandle", {}).get("count")
        if "tHandle" in metrics:
            handled = metrics["tHandle"]
            assert row["avg_handle"] == pytest.approx(handled["sum"] / handled["count"], abs=0.01)


def test_each_day_shows_its_file_and_passes_its_checks(org: SimulatedOrg, chosen: Workplace) -> None:
    result = chosen.run([RAW, TABLE], [DAY, NEXT])
    assert result.success
    assert _checks(result) == {
        "file_as_it_came": True,
        "whole_results": True,
        "as_headings_mean": True,
        "days_contiguous": False,  # the first day was not landed
        "provisional_replaced": True,
        "personal_data_in_clear": True,
    }
    landed = result.get_asset_materialization_events()
    told = {(event.asset_key.to_user_string(), event.partition) for event in landed}
    assert told == {(table, str(day)) for table in (RAW, TABLE) for day in (DAY, NEXT)}
    metadata = next(event for event in landed if event.partition == str(DAY)).materialization.metadata
    for name in ("view", "run_id", "status", "interval", "file", "file_bytes", "file_rows", "watermark", "state"):
        assert name in metadata
    assert len(_asked(org)) == 2


def test_a_pdf_is_a_file_and_a_row_about_it(org: SimulatedOrg, chosen: Workplace) -> None:
    result = chosen.run([PDF], [DAY])
    assert result.success and _checks(result)["file_as_it_came"]
    (row,) = chosen.lake.read(PDF, DAY).to_pylist()
    folder, _, name = row["file"].rpartition("/")
    assert (folder, name) == (f"export_agents_as_pdf_files/day={DAY}", "export.pdf")
    assert (Path(chosen.settings["ANALYTICS_PLATFORM_LAKE"]) / row["file"]).read_bytes().startswith(b"%PDF-")


def test_one_that_takes_long_fails_without_a_retry_and_a_sensor_lands_it(org: SimulatedOrg, chosen: Workplace) -> None:
    chosen.set("ANALYTICS_PLATFORM_EXPORT_MINUTES", 0)
    result = chosen.run([RAW, TABLE], [DAY])
    assert not result.success
    assert "exports_finished lands it when it is done" in _failure(result)
    assert not [event for event in result.all_events if event.is_step_up_for_retry]
    ticks = Ticks(chosen)
    before = org.requests()["total"]
    while not (requested := ticks.requested("exports_finished")):
        pass  # each look of the sensor is a look at the list, which moves the export on
    assert requested == [f"finished {DAY}..{DAY}"]
    assert ticks.requested("exports_finished") == []
    assert org.requests()["total"] > before
    assert chosen.run([RAW, TABLE], [DAY]).success
    assert len(_asked(org)) == 1
    org.clear_requests()
    assert "No export is waited for" in str(ticks.look("exports_finished").skip_message)
    assert org.requests()["total"] == 0


def test_the_watermark_opens_the_days_of_every_export(org: SimulatedOrg, chosen: Workplace) -> None:
    requests = Ticks(chosen).look("daily_conversations_availability").run_requests or []
    mine = {request.tags["analytics_platform/made"]: request for request in requests}
    for stream in ("export_queues", "export_agents_as_pdf"):
        assert mine[stream].tags["dagster/asset_partition_range_start"] == "2026-03-02"


def test_a_failed_export_tells_the_vendors_reason(org: SimulatedOrg, chosen: Workplace) -> None:
    org.arm("export_failed", "exports.request", reason="TOO_MANY_SEARCH_CRITERIA")
    result = chosen.run([RAW, TABLE], [DAY])
    assert not result.success
    assert "TOO_MANY_SEARCH_CRITERIA" in _failure(result)
    assert chosen.run([RAW, TABLE], [DAY]).success


def test_partial_results_land_and_are_warned_of(org: SimulatedOrg, chosen: Workplace) -> None:
    org.arm("export_partial", "exports.request")
    result = chosen.run([RAW, TABLE], [DAY])
    assert result.success
    (warned,) = [check for check in result.get_asset_check_evaluations() if check.check_name == "whole_results"]
    assert not warned.passed and warned.severity is dg.AssetCheckSeverity.WARN


def test_a_kept_file_that_was_changed_is_found(org: SimulatedOrg, chosen: Workplace) -> None:
    assert chosen.run([RAW, TABLE], [DAY]).success
    (row,) = chosen.lake.read(RAW, DAY).to_pylist()
    file = Path(chosen.settings["ANALYTICS_PLATFORM_LAKE"]) / row["file"]
    file.write_bytes(file.read_bytes() + b"x")
    assert differing(chosen.lake, "queues", RAW, TABLE, DAY) == "the kept file is not the one the table was made from"
    file.unlink()
    assert "There is no export_queues_files/export.csv" in str(differing(chosen.lake, "queues", RAW, TABLE, DAY))
