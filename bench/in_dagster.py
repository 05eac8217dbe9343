"""Our way inside Dagster: a run of the raw asset, then one of its typed tables, each with its checks.

The instance is a fresh one with the storage that ships. Runs go on in the measured process, whose libraries,
definitions and instance are there before it is measured, and the runs asked for, as the daemon does; what loading the
definitions and asking for the runs take is told apart. `--without-checks` runs the same assets without any check.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import dagster as dg
import duckdb
import polars
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run

import analytics_platform
from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.definitions import platform
from analytics_platform.defs.partitions import range_tags
from analytics_platform.lake import Lake
from analytics_platform.landing.ledger import Ledger
from analytics_platform.settings import load_settings
from bench.figures import Stopwatch, bytes_below, peak_mb
from bench.ours import UNLIMITED, figures_of, make_other_home_days
from bench.recording import DAY
from bench.task import Task

LOADED = (duckdb, polars)
"""What a run imports when it needs it."""
_ERROR = dg.AssetCheckSeverity.ERROR
_LONG_BEFORE = DAY - timedelta(days=90)
"""The first partition takes all home days before it; so that the day's run makes the day's tables alone."""


def main(task: Task) -> None:
    """Land the day served by a run, make the typed tables of its home day by another."""
    before = task.sent()
    with _instance(task) as instance:
        watch = Stopwatch.started()
        job = _definitions("--without-checks" not in task.options).resolve_implicit_global_asset_job_def()
        loading = watch.cpu_seconds
        watch = Stopwatch.started()
        land = _asked_for(job, instance, [CONVERSATION_DETAILS.raw.name])
        make = _asked_for(job, instance, [table.name for table in CONVERSATION_DETAILS.tables])
        asking = watch.cpu_seconds
        watch = Stopwatch.started()
        _run(job, instance, land)
        landed, peak = watch.cpu_seconds, peak_mb()
        _run(job, instance, make)
        cpu, wall, written = watch.cpu_seconds, watch.wall_seconds, bytes_below(task.work / "lake")
        peak_typed, sent = peak_mb(), task.sent() - before
        lake, events = Lake.open(task.work / "lake"), _events(instance)
    facts = lake.manifests(CONVERSATION_DETAILS.raw.name)[DAY].facts
    make_other_home_days(lake, Ledger(task.work / "state"), DAY)
    figures_of(
        task,
        facts,
        sent,
        cpu_seconds=cpu,
        wall_seconds=wall,
        peak_mb=peak_typed,
        loaded_mb=watch.loaded_mb,
        bytes_written=written,
        peak_raw_mb=peak,
        parts={"raw": landed, "typed": cpu - landed, "definitions": loading, "asking for the runs": asking},
        events=events,
    ).print()


@contextmanager
def _instance(task: Task) -> Iterator[dg.DagsterInstance]:
    """A fresh instance, its databases made, and this process in the environment and folder of a deployment of it."""
    home = task.work / "home"
    home.mkdir(parents=True)
    shutil.copy(Path(analytics_platform.__file__).parent / "defs" / "dagster.yaml", home)
    os.environ |= {
        "DAGSTER_HOME": str(home),
        "GENESYSCLOUD_API_URL": task.url,
        "GENESYSCLOUD_OAUTHCLIENT_ID": "bench",
        "GENESYSCLOUD_OAUTHCLIENT_SECRET": "bench",
        "ANALYTICS_PLATFORM_LAKE": str(task.work / "lake"),
        "ANALYTICS_PLATFORM_STATE": str(task.work / "state"),
        "ANALYTICS_PLATFORM_START_DAY": _LONG_BEFORE.isoformat(),
        "ANALYTICS_PLATFORM_POLL_SECONDS": "0.001",
        "ANALYTICS_PLATFORM_REQUESTS_PER_MINUTE": str(UNLIMITED),
    }
    os.chdir(home)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        instance.get_runs(limit=1)
        instance.all_instigator_state()
        instance.all_logs("none")  # so that the empty database is there of which each run gets a copy
        yield instance


def _definitions(with_checks: bool) -> dg.Definitions:
    whole = platform(load_settings())
    if with_checks:
        return whole
    return dg.Definitions(assets=whole.assets, resources=whole.resources, executor=whole.executor)


def _asked_for(job: dg.JobDefinition, instance: dg.DagsterInstance, tables: list[str]) -> dg.DagsterRun:
    keys = {dg.AssetKey(table) for table in tables}
    subset = job.get_subset(asset_selection=keys)
    return instance.create_run_for_job(subset, asset_selection=frozenset(keys), tags=range_tags([DAY]))


def _run(job: dg.JobDefinition, instance: dg.DagsterInstance, asked: dg.DagsterRun) -> None:
    done = execute_run(InMemoryJob(job), asked, instance)
    assert done.success
    assert all(each.passed for each in done.get_asset_check_evaluations() if each.severity == _ERROR)


def _events(instance: dg.DagsterInstance) -> int:
    return sum(len(instance.all_logs(run.run_id)) for run in instance.get_runs())


if __name__ == "__main__":
    main(Task.of_command_line())
