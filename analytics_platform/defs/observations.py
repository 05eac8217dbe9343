"""Observations: what queues, users and flows are doing, a snapshot of each family every few minutes."""

from typing import TYPE_CHECKING

import dagster as dg

from analytics_platform.capabilities import Capabilities
from analytics_platform.catalogue.observations import OBSERVATIONS, ObservationFamily
from analytics_platform.choices import Choices, ObservationChoice
from analytics_platform.defs.snapshots import SnapshotStream, snapshot_definitions
from analytics_platform.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from analytics_platform.genesys_cloud.answered import Answered
    from analytics_platform.genesys_cloud.client import GenesysCloud
    from analytics_platform.tables.answers import Tidy

GROUP = "observations"
SCHEDULE = "observations"


def definitions(settings: Settings, choices: Choices, capabilities: Capabilities) -> dg.Definitions:
    """Everything Dagster shows of the families that were chosen."""
    chosen = {family: choices.observation(family.name) for family in OBSERVATIONS}
    streams = [_stream(family, choice, settings) for family, choice in chosen.items() if choice.enabled]
    return snapshot_definitions(SCHEDULE, streams, settings, capabilities)


def _stream(family: ObservationFamily, choice: ObservationChoice, settings: Settings) -> SnapshotStream:
    def ask(client: "GenesysCloud") -> "Iterator[Answered]":
        from analytics_platform.genesys_cloud.observations import observe

        return observe(client, family, choice.metrics)

    def make(answer: "Answered", tick: "datetime", taken_at: "datetime") -> "Tidy":
        from analytics_platform.tables.observations import observation_rows

        return observation_rows(family, answer.text, tick, taken_at)

    return SnapshotStream(
        raw=family.raw,
        table=family.table,
        operations=family.operations,
        group=GROUP,
        minutes=settings.snapshot_minutes,
        ask=ask,
        make=make,
    )
