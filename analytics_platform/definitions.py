"""What Dagster loads: all streams, their checks and sensors, and what they run on."""

import gc
import warnings

import dagster as dg

from analytics_platform.capabilities import known_capabilities
from analytics_platform.choices import load_choices
from analytics_platform.defs import (
    aggregates,
    bots,
    capabilities,
    conversation_details,
    exports,
    listings,
    observations,
    queries,
    rebuilding,
    reporting_actions,
    service_files,
    services,
    user_details,
)
from analytics_platform.defs.alerts import alert_sensors
from analytics_platform.defs.daily import daily_sensors
from analytics_platform.defs.personal_data import personal_data_checks
from analytics_platform.defs.provisional import provisional_check
from analytics_platform.defs.resources import (
    GenesysCloudResource,
    LakeResource,
    LedgerResource,
    lake_io_manager,
)
from analytics_platform.gms_settings import load_gms_settings
from analytics_platform.protection import policy_of
from analytics_platform.settings import Settings, load_settings

# Backfill policies have long been in beta; people at a prompt need not be told on every load.
warnings.filterwarnings("ignore", category=dg.BetaWarning)


def platform(settings: Settings) -> dg.Definitions:
    """The whole platform as these settings say."""
    choices, known, gms = load_choices(settings), known_capabilities(settings), load_gms_settings()
    policy_of(settings, choices)  # a key that is missing is told before anything runs
    daily = [*aggregates.streams(choices), *exports.streams(choices), *bots.streams(choices, known)]
    own = dg.Definitions(
        asset_checks=[
            *(provisional_check(stream.name, [stream.marks], stream.opened_by) for stream in daily),
            *personal_data_checks(gms, daily, choices),
        ],
        sensors=[*alert_sensors(settings), *daily_sensors(daily, settings)],
        resources={
            "genesys_cloud": GenesysCloudResource(),
            "lake": LakeResource(),
            "ledger": LedgerResource(),
            "lake_io_manager": lake_io_manager,
        },
        # A stream waits for the vendor and works in threads: a process a step would only cost its start.
        executor=dg.in_process_executor,
    )
    return dg.Definitions.merge(
        conversation_details.definitions(settings),
        user_details.definitions(settings),
        aggregates.definitions(settings, choices, known),
        exports.definitions(settings, choices, known),
        bots.definitions(settings, choices, known),
        observations.definitions(settings, choices, known),
        listings.definitions(settings, known),
        services.definitions(settings, gms),
        service_files.definitions(settings, gms),
        capabilities.definitions(settings),
        reporting_actions.definitions(settings),
        queries.definitions(),
        rebuilding.definitions(),
        own,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The platform as the environment and `.env` say."""
    gc.freeze()  # what has been imported lives on: not to be looked through for garbage while all else is made
    return platform(load_settings())
