"""Conversation details: the raw activity day and its typed tables by home day."""

import dagster as dg

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.defs.checks import details_checks
from analytics_platform.defs.details import raw_asset, typed_assets
from analytics_platform.defs.open_conversations import open_conversations_check
from analytics_platform.defs.restatements import restated_check, restatements_asset
from analytics_platform.defs.sensors import details_sensors
from analytics_platform.settings import Settings


def definitions(settings: Settings) -> dg.Definitions:
    """Everything Dagster shows of conversation details."""
    return dg.Definitions(
        assets=[
            raw_asset(CONVERSATION_DETAILS, settings),
            restatements_asset(CONVERSATION_DETAILS, settings),
            typed_assets(CONVERSATION_DETAILS, settings),
        ],
        asset_checks=[
            *details_checks(CONVERSATION_DETAILS, settings),
            restated_check(CONVERSATION_DETAILS, settings),
            open_conversations_check(),
        ],
        sensors=details_sensors(CONVERSATION_DETAILS, settings),
    )
