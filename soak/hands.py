"""What a person does while the platform runs: days landed by hand, ids forgotten, tables made anew."""

from collections.abc import Sequence
from datetime import date

import dagster as dg

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.defs.partitions import range_tags


def land(platform: dg.Definitions, days: Sequence[date], *, provisional: bool = False) -> bool:
    """Conversations of contiguous days, asked for in the UI; whether the run succeeded."""
    config = {"ops": {CONVERSATION_DETAILS.raw.name: {"config": {"provisional": True}}}} if provisional else {}
    with dg.DagsterInstance.get() as instance:
        ended = platform.resolve_implicit_global_asset_job_def().execute_in_process(
            run_config=config,
            instance=instance,
            asset_selection=[dg.AssetKey(CONVERSATION_DETAILS.raw.name)],
            tags=range_tags(days),
            raise_on_error=False,
        )
    return ended.success


def command(*words: str) -> int:
    """A command of the platform's own; 0, or the fault it ends with is raised."""
    from analytics_platform.cli.app import app

    app(list(words), standalone_mode=False)
    return 0
