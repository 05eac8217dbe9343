"""A process that runs assets over a day and dies when a table is to be published: `die_at TABLE DAY ASSET..`."""

import os
import signal
import sys
from datetime import date

import dagster as dg

from analytics_platform.definitions import platform
from analytics_platform.defs.partitions import range_tags
from analytics_platform.lake import Manifest, StagedPartition
from analytics_platform.settings import load_settings

_publish = StagedPartition.publish


def main(table: str, day: str, *assets: str) -> None:
    def dying(staged: StagedPartition) -> Manifest:
        if staged.table == table:
            os.kill(os.getpid(), signal.SIGKILL)
        return _publish(staged)

    StagedPartition.publish = dying  # type: ignore[method-assign]
    with dg.DagsterInstance.get() as instance:
        platform(load_settings()).resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance,
            asset_selection=[dg.AssetKey(asset) for asset in assets],
            tags=range_tags([date.fromisoformat(day)]),
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
