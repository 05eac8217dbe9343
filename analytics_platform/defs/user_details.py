"""User details: the raw activity day and its typed tables by home day."""

import dagster as dg

from analytics_platform.catalogue.streams import USER_DETAILS
from analytics_platform.defs.checks import details_checks
from analytics_platform.defs.details import raw_asset, typed_assets
from analytics_platform.defs.restatements import restated_check, restatements_asset
from analytics_platform.defs.sensors import details_sensors
from analytics_platform.settings import Settings


def definitions(settings: Settings) -> dg.Definitions:
    """Everything Dagster shows of user details."""
    return dg.Definitions(
        assets=[
            raw_asset(USER_DETAILS, settings),
            restatements_asset(USER_DETAILS, settings),
            typed_assets(USER_DETAILS, settings),
        ],
        asset_checks=[*details_checks(USER_DETAILS, settings), restated_check(USER_DETAILS, settings)],
        sensors=details_sensors(USER_DETAILS, settings),
    )
