"""Tables that one run lands together, by UTC day: the same policy for all of them."""

from collections.abc import Callable, Sequence

import dagster as dg

from analytics_platform.defs.partitions import days_of
from analytics_platform.settings import Settings


def tables_by_day(
    name: str,
    specs: Sequence[dg.AssetSpec],
    settings: Settings,
    pool: str,
    *,
    days: dg.PartitionsDefinition[str] | None = None,
) -> Callable[[Callable[..., object]], dg.AssetsDefinition]:
    """The decorator of what lands such tables; its days are those to land up to yesterday where None are given."""
    return dg.multi_asset(
        name=name,
        specs=specs,
        partitions_def=days or days_of(settings),
        backfill_policy=dg.BackfillPolicy.multi_run(settings.max_days_per_run),
        retry_policy=retries(settings),
        pool=pool,
        can_subset=False,
    )


def retries(settings: Settings) -> dg.RetryPolicy:
    """How often a step is tried again after a fault that may pass by itself, and after which pauses."""
    return dg.RetryPolicy(
        max_retries=settings.retries,
        delay=settings.retry_seconds,
        backoff=dg.Backoff.EXPONENTIAL,
        jitter=dg.Jitter.PLUS_MINUS,
    )
