"""What Dagster loads: every asset described in full, and nothing heavy imported before work starts."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.workspace.load_target import WorkspaceFileTarget

from analytics_platform.catalogue.streams import STREAMS
from analytics_platform.definitions import platform
from analytics_platform.defs.described import OWNERS, RAW_KINDS, TYPED_KINDS
from analytics_platform.settings import Settings
from analytics_platform_tests.defs.workplace import CHECKOUT, Workplace, all_tables

RAW = {stream.raw.name for stream in STREAMS}


@pytest.fixture
def definitions(workplace: Workplace) -> dg.Definitions:
    with workplace.entered() as settings:
        return platform(settings)


def node(definitions: dg.Definitions, table: str) -> dg.AssetSpec:
    return definitions.resolve_asset_graph().get(dg.AssetKey(table)).to_asset_spec()


def test_the_raw_and_typed_tables_of_every_details_stream_are_assets(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)
    keys = {key.to_user_string() for key in definitions.resolve_asset_graph().get_all_asset_keys()}
    assert keys >= set(all_tables())


@pytest.mark.parametrize("table", all_tables())
def test_an_asset_is_described_in_full(definitions: dg.Definitions, table: str) -> None:
    spec = node(definitions, table)
    columns = spec.metadata["dagster/column_schema"].columns
    assert spec.group_name in {stream.name for stream in STREAMS}
    assert spec.kinds == (RAW_KINDS if table in RAW else TYPED_KINDS)
    assert list(spec.owners) == OWNERS
    assert spec.description
    assert columns and all(column.description and column.type for column in columns)
    assert str(spec.metadata["dagster/uri"]).endswith(f"/lake/{table}/")
    assert isinstance(spec.partitions_def, dg.DailyPartitionsDefinition)
    assert spec.partitions_def.timezone == "UTC"
    assert spec.partitions_def.get_first_partition_key() == "2026-03-02"


@pytest.mark.parametrize("table", sorted(set(all_tables()) - RAW))
def test_each_column_of_a_typed_table_tells_where_it_stems_from(definitions: dg.Definitions, table: str) -> None:
    spec = node(definitions, table)
    lineage = spec.metadata["dagster/column_lineage"].deps_by_column
    graph = definitions.resolve_asset_graph()
    assert set(lineage) == {column.name for column in spec.metadata["dagster/column_schema"].columns}
    for sources in lineage.values():
        for source in sources:
            known = {
                column.name
                for column in node(definitions, source.asset_key.to_user_string())
                .metadata["dagster/column_schema"]
                .columns
            }
            assert source.column_name in known
            assert source.asset_key in graph.get_ancestor_asset_keys(dg.AssetKey(table))


@pytest.mark.parametrize("table", all_tables())
def test_an_asset_has_pool_retries_and_ranges_of_at_most_a_month_a_run(definitions: dg.Definitions, table: str) -> None:
    graph = definitions.resolve_asset_graph()
    asset = graph.assets_def_for_key(dg.AssetKey(table))
    assert asset.backfill_policy == dg.BackfillPolicy.multi_run(31)
    assert asset.op.pool == ("genesys_cloud_jobs" if table in RAW else "typed_tables")
    assert asset.op.retry_policy is not None and asset.op.retry_policy.max_retries == 3
    assert asset.get_io_manager_key_for_asset_key(dg.AssetKey(table)) == "lake_io_manager"


def test_every_table_has_checks_and_every_stream_its_sensors(definitions: dg.Definitions) -> None:
    checked = {key.asset_key.to_user_string() for key in definitions.resolve_asset_graph().asset_check_keys}
    assert checked >= set(all_tables())
    assert {sensor.name for sensor in definitions.sensors or ()} >= {
        "conversation_details_availability",
        "conversation_details_upkeep",
        "conversations_home_days",
        "user_details_availability",
        "user_details_upkeep",
        "user_statuses_home_days",
    }


@pytest.mark.parametrize("chosen", ["running", "stopped"])
def test_whether_sensors_run_from_the_start_is_a_setting(workplace: Workplace, chosen: str) -> None:
    workplace.set("ANALYTICS_PLATFORM_SENSORS", chosen)
    with workplace.entered() as settings:
        statuses = {sensor.default_status.value.lower() for sensor in platform(settings).sensors or ()}
    assert statuses == {chosen}


def test_the_definitions_load_with_nothing_set() -> None:
    dg.Definitions.validate_loadable(platform(Settings()))  # type: ignore[call-arg]


def test_loading_imports_nothing_heavy(workplace: Workplace) -> None:
    imported = _told(
        workplace,
        "import json, sys; from analytics_platform.definitions import defs; defs();"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))",
    )
    assert not {"arro3", "duckdb", "httpx", "polars", "pyarrow"}.intersection(imported)


def test_what_is_loaded_when_a_step_begins_is_no_more_looked_through_for_garbage(workplace: Workplace) -> None:
    looked_through, passed_over = _told(
        workplace,
        "import gc, json; from analytics_platform.definitions import defs, lake_io_manager; defs();"
        "lake_io_manager();"
        "print(json.dumps([len(gc.get_objects()), gc.get_freeze_count()]))",
    )
    assert passed_over > 2 * looked_through


def _told(workplace: Workplace, program: str) -> list[Any]:
    """What a process of its own prints, as JSON."""
    told = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=workplace.environment,
        cwd=CHECKOUT,
    )
    return list(json.loads(told.stdout))


def test_the_workspace_file_names_a_location_that_loads(workplace: Workplace) -> None:
    with workplace.entered(), dg.DagsterInstance.ephemeral():
        origins = WorkspaceFileTarget([str(CHECKOUT / "workspace.yaml")]).create_origins()
        assert [origin.loadable_target_origin.module_name for origin in origins] == ["analytics_platform.definitions"]


@pytest.mark.parametrize(("command", "said"), [("check", "loaded successfully"), ("list", "conversation_details")])
def test_dg_takes_the_checkout_as_its_project(workplace: Workplace, command: str, said: str) -> None:
    told = subprocess.run(
        [str(Path(sys.executable).parent / "dg"), command, "defs"],
        capture_output=True,
        text=True,
        env=workplace.environment,
        cwd=CHECKOUT,
    )
    assert told.returncode == 0, told.stderr
    assert said in told.stdout + told.stderr
