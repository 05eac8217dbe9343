"""A deployment of the platform for one season: its folder, its Dagster home, and the environment of its processes."""

import os
from pathlib import Path

from soak.plan import REREAD_AFTER_DAYS, Plan


def enter(plan: Plan, folder: Path, url: str) -> None:
    """This process and its children are a deployment of the platform from now on."""
    home = folder / "home"
    home.mkdir()
    home.joinpath("dagster.yaml").write_text(_INSTANCE)
    os.environ.update(
        {
            "GENESYSCLOUD_REGION": "",
            "GENESYSCLOUD_API_URL": url,
            "GENESYSCLOUD_LOGIN_URL": "",
            "GENESYSCLOUD_OAUTHCLIENT_ID": "demo",
            "GENESYSCLOUD_OAUTHCLIENT_SECRET": "demo",
            "ANALYTICS_PLATFORM_LAKE": str(folder / "lake"),
            "ANALYTICS_PLATFORM_STATE": str(folder / "state"),
            "ANALYTICS_PLATFORM_START_DAY": plan.first.isoformat(),
            "ANALYTICS_PLATFORM_REREAD_AFTER_DAYS": ",".join(map(str, REREAD_AFTER_DAYS)),
            "ANALYTICS_PLATFORM_POLL_SECONDS": "0.02",
            "ANALYTICS_PLATFORM_RETRY_SECONDS": "0",
            "ANALYTICS_PLATFORM_RETRIES": "1",
            "ANALYTICS_PLATFORM_SENSOR_SECONDS": "1",
            "ANALYTICS_PLATFORM_UPKEEP_SECONDS": "1",
            "ANALYTICS_PLATFORM_REQUESTS_PER_MINUTE": "100000",
            "ANALYTICS_PLATFORM_JOBS_IN_FLIGHT": "1",
            "ANALYTICS_PLATFORM_JOB_RESULT_CAP": str(plan.result_cap),
            "ANALYTICS_PLATFORM_JOB_DEADLINE_MINUTES": "0.03",
            "ANALYTICS_PLATFORM_PAGE_SIZE": str(plan.page_size),
            "DAGSTER_HOME": str(home),
            "DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS": "true",
        }
    )
    os.chdir(folder)


_INSTANCE = """
telemetry: {enabled: false}
concurrency:
  pools: {granularity: run, default_limit: 2}
  runs: {max_concurrent_runs: 4}
run_queue: {dequeue_interval_seconds: 1}
run_monitoring: {enabled: true, free_slots_after_run_end_seconds: 1, start_timeout_seconds: 1}
run_retries: {enabled: true, max_retries: 2, retry_on_asset_or_op_failure: false}
storage:
  custom: {module: analytics_platform.defs.storage, class: KeptSqliteStorage, config: {base_dir: {env: DAGSTER_HOME}}}
compute_logs:
  module: analytics_platform.defs.compute_logs
  class: UnmirroredComputeLogs
  config: {base_dir: {env: DAGSTER_HOME}}
run_launcher: {module: soak.launcher, class: SeasonLauncher}
"""
