"""Resources: the Genesys Cloud client, the lake and the ledger, each made from the settings when a run needs it.

No setting passes through run config, so that no secret can be seen in the UI.
"""

import contextlib
import functools
import gc
from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg

from analytics_platform.connections import connected, opened_lake, protected
from analytics_platform.settings import load_settings

if TYPE_CHECKING:
    from analytics_platform.genesys_cloud.client import GenesysCloud
    from analytics_platform.genesys_cloud.usage import Used
    from analytics_platform.lake import Lake
    from analytics_platform.landing.ledger import Ledger


class GenesysCloudResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The org named by GENESYSCLOUD_*, and the OAuth clients."""

    @contextlib.contextmanager
    def connect(self, context: dg.AssetExecutionContext | dg.OpExecutionContext) -> "Iterator[GenesysCloud]":
        """A client whose requests count against the budgets all runs on this machine share.

        The run's log is told when a long wait begins, and in the end of all requests and waits; so are the assets.
        """
        with connected(load_settings(), tell=context.log.log) as client:
            try:
                yield client
            finally:
                _tell(context, client.usage.used())


def _tell(context: dg.AssetExecutionContext | dg.OpExecutionContext, used: "Used") -> None:
    """What a step asked of the vendor, for all its days together."""
    context.log.info(
        "Genesys Cloud: %d requests, %d of them again, waited %.0f s.",
        used.requests,
        used.retries,
        used.waited_seconds,
    )
    if isinstance(context, dg.AssetExecutionContext):
        told = {"step_requests": used.requests, "step_retries": used.retries, "waited_seconds": used.waited_seconds}
        for key in context.selected_asset_keys:
            context.add_asset_metadata(told, asset_key=key)


class LakeResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The lake named by ANALYTICS_PLATFORM_LAKE."""

    def open(self) -> "Lake":
        return opened_lake(load_settings())


class LedgerResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The ledger of vendor jobs in the folder named by ANALYTICS_PLATFORM_STATE."""

    def open(self) -> "Ledger":
        from analytics_platform.landing.ledger import Ledger

        now = load_settings()
        return Ledger(now.state, protected(now))


@dg.io_manager(description="Parquet in the lake, one atomic file a day and table.")
def lake_io_manager() -> dg.IOManager:
    _pass_over_what_is_loaded()
    from analytics_platform.lake.io_manager import LakeIOManager

    return LakeIOManager(functools.cache(lambda: opened_lake(load_settings())))


@functools.cache
def _pass_over_what_is_loaded() -> None:
    """Have Python's collector look no more at what is there when a process's first step begins: it lives on.

    Dagster and the definitions are 200 000 objects, and to look at all of them again takes a tenth of a second of CPU,
    once or twice in each run.
    """
    gc.freeze()
