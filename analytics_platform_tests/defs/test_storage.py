"""Dagster's storage at less cost: what it stores is what Dagster's own stores, and either goes on with the other's."""

import multiprocessing
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest

from analytics_platform.defs.storage import KeptSqliteStorage
from analytics_platform_tests.defs.workplace import SHIPPED_INSTANCE, instance_in


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(["one", "two"]))
def thing(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    context.log.info("a word")
    return dg.MaterializeResult(metadata={"rows": 3})


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(["one", "two"]), backfill_policy=dg.BackfillPolicy.single_run())
def both(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    for number, key in enumerate(context.partition_keys):
        context.add_asset_metadata({"rows": number}, partition_key=key)
    return dg.MaterializeResult()


@dg.asset_check(asset=both, partitions_def=dg.StaticPartitionsDefinition(["one", "two"]))
def each_sound(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


@dg.asset
def talkative() -> None:
    print("a word on stdout", flush=True)


@dg.asset_check(asset=thing)
def sound() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


def _home(folder: Path, shipped: bool) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "dagster.yaml").write_text(SHIPPED_INSTANCE.read_text() if shipped else "telemetry: {enabled: false}")
    return folder


def _run(home: Path) -> str:
    with instance_in(home) as instance:
        return dg.materialize([thing, sound], instance=instance, partition_key="one").run_id  # type: ignore[list-item]


def _told(home: Path) -> list[tuple[str, str | None]]:
    """All that is stored of all runs, in order: what kind of event, and of which step."""
    with instance_in(home) as instance:
        runs = sorted(instance.get_runs(), key=lambda run: run.run_id)
        return [
            (entry.dagster_event_type.value if entry.dagster_event_type else entry.user_message, entry.step_key)
            for run in runs
            for entry in instance.all_logs(run.run_id)
        ]


def _known(home: Path) -> tuple[set[str], int, int]:
    """The partitions that have landed, and how many runs and check evaluations there are."""
    with instance_in(home) as instance:
        checks = instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(dg.AssetKey("thing"), "sound"), limit=10
        )
        return instance.get_materialized_partitions(dg.AssetKey("thing")), instance.get_runs_count(), len(checks)


def test_what_is_stored_of_a_run_is_what_dagsters_own_storage_stores(tmp_path: Path) -> None:
    ours, theirs = _home(tmp_path / "ours", True), _home(tmp_path / "theirs", False)
    for home in (ours, theirs):
        _run(home)
    with instance_in(ours) as instance:
        assert type(instance.event_log_storage).__module__ == KeptSqliteStorage.__module__
    assert _told(ours) == _told(theirs)
    assert _known(ours) == _known(theirs) == ({"one"}, 1, 1)


@pytest.mark.parametrize("first", [True, False], ids=["ours first", "theirs first"])
def test_either_goes_on_with_what_the_other_began(tmp_path: Path, first: bool) -> None:
    home = tmp_path / "home"
    _run(_home(home, first))
    began = _told(home)
    _run(_home(home, not first))
    assert _known(home) == ({"one"}, 2, 2)
    assert sorted(_told(home), key=str) == sorted([*began, *began], key=str)


def test_a_database_whose_making_was_killed_is_made_whole(tmp_path: Path) -> None:
    home = _home(tmp_path / "home", True)
    for name in ("history/runs.db", "history/runs/index.db", "schedules/schedules.db"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(home / name)) as database:
            database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
            database.commit()
    _run(home)
    assert _known(home) == ({"one"}, 1, 1)


def _begun_by(home: Path, run_id: str, number: int, together: Callable[[], object]) -> None:
    with instance_in(home) as instance:
        run = instance.get_run_by_id(run_id)
        assert run is not None
        together()
        instance.report_engine_event(f"word {number}", run)


def test_processes_that_begin_a_runs_database_at_once_lose_none_of_its_events(tmp_path: Path) -> None:
    home = _home(tmp_path / "home", True)
    _run(home)  # the databases that all runs share are there
    with instance_in(home) as instance:
        run_id = instance.create_run_for_job(dg.Definitions([thing]).resolve_implicit_global_asset_job_def()).run_id
        for left in (home / "history" / "runs").glob(f"{run_id}.db*"):
            left.unlink()
    spawning = multiprocessing.get_context("spawn")
    together = spawning.Barrier(4)
    processes = [spawning.Process(target=_begun_by, args=(home, run_id, number, together.wait)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    with instance_in(home) as instance:
        assert sorted(entry.message for entry in instance.all_logs(run_id)) == [f"word {number}" for number in range(4)]


def test_partitions_told_together_are_stored_as_dagsters_own_storage_stores_them(tmp_path: Path) -> None:
    ours, theirs = _home(tmp_path / "ours", True), _home(tmp_path / "theirs", False)
    for home in (ours, theirs):
        with instance_in(home) as instance:
            job = dg.Definitions([both], asset_checks=[each_sound]).resolve_implicit_global_asset_job_def()
            tags = {"dagster/asset_partition_range_start": "one", "dagster/asset_partition_range_end": "two"}
            assert job.execute_in_process(instance=instance, tags=tags).success
    assert _told(ours) == _told(theirs)
    told = []
    for home in (ours, theirs):
        with instance_in(home) as instance:
            record = instance.get_latest_materialization_event(both.key)
            assert record is not None and record.dagster_event is not None
            materialized = instance.fetch_materializations(both.key, limit=10).records
            counts = [(each.partition_key, each.asset_materialization.metadata) for each in materialized]  # type: ignore[union-attr]
            checked = [
                (each.partition, each.status, each.event is not None and each.event.dagster_event_type)
                for each in instance.event_log_storage.get_asset_check_execution_history(
                    dg.AssetCheckKey(both.key, "each_sound"), limit=10
                )
            ]
            tagged = instance.event_log_storage.get_event_tags_for_asset(both.key)
            told.append(
                (
                    instance.get_materialized_partitions(both.key),
                    counts,
                    record.dagster_event.partition,
                    checked,
                    tagged,
                )
            )
    assert told[0][0] == {"one", "two"}
    assert told[0][3]
    assert told[0][:4] == told[1][:4]
    assert [sorted(tags) for tags in told[0][4]] == [sorted(tags) for tags in told[1][4]]


def test_what_a_step_prints_is_in_its_files_and_nowhere_else(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with instance_in(_home(tmp_path / "home", True)) as instance:
        run = dg.materialize([talkative], instance=instance)
        captured = [event for event in run.all_events if event.event_type_value == "LOGS_CAPTURED"]
        key = instance.compute_log_manager.build_log_key_for_run(
            run.run_id,
            captured[0].logs_captured_data.file_key,
        )
        told = instance.compute_log_manager.get_log_data(key)
        assert instance.compute_log_manager.is_capture_complete(key)
    assert told.stdout == b"a word on stdout\n"
    assert "a word on stdout" not in capfd.readouterr().out
