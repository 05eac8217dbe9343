"""A process that runs tables over days of the deployment its environment names: `run_days TABLE,.. FIRST LAST`.

It exists to be killed; what it runs is what a run worker of the deployment runs.
"""

import sys
from datetime import date

import dagster as dg

from analytics_platform.definitions import platform
from analytics_platform.defs.partitions import days_between, range_tags
from analytics_platform.settings import load_settings


def main(tables: str, first: str, last: str) -> int:
    days = days_between(date.fromisoformat(first), date.fromisoformat(last))
    with dg.DagsterInstance.get() as instance:
        result = (
            platform(load_settings())
            .resolve_implicit_global_asset_job_def()
            .execute_in_process(
                instance=instance,
                asset_selection=[dg.AssetKey(table) for table in tables.split(",")],
                tags=range_tags(days),
                raise_on_error=False,
            )
        )
    return 0 if result.success else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
