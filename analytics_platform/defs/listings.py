"""What reporting lists - exports, views, settings, reports and their schedules - a snapshot of each list every hour."""

from typing import TYPE_CHECKING

import dagster as dg

from analytics_platform.capabilities import Capabilities
from analytics_platform.catalogue.listings import LISTINGS, Listing
from analytics_platform.defs.snapshots import SnapshotStream, snapshot_definitions
from analytics_platform.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from analytics_platform.genesys_cloud.answered import Answered
    from analytics_platform.genesys_cloud.client import GenesysCloud
    from analytics_platform.tables.answers import Tidy

GROUP = "reporting"
SCHEDULE = "listings"
_MINUTES = 60


def definitions(settings: Settings, capabilities: Capabilities) -> dg.Definitions:
    """Everything Dagster shows of the lists."""
    return snapshot_definitions(SCHEDULE, [_stream(listing) for listing in LISTINGS], settings, capabilities)


def _stream(listing: Listing) -> SnapshotStream:
    def ask(client: "GenesysCloud") -> "Iterator[Answered]":
        from analytics_platform.genesys_cloud.listings import list_now

        return list_now(client, listing)

    def make(answer: "Answered", tick: "datetime", taken_at: "datetime") -> "Tidy":
        from analytics_platform.tables.entities import entity_rows

        return entity_rows(listing, answer.request, answer.text, tick, taken_at)

    return SnapshotStream(
        raw=listing.raw,
        table=listing.table,
        operations=listing.operations,
        group=GROUP,
        minutes=_MINUTES,
        ask=ask,
        make=make,
    )
