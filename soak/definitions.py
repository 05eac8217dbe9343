"""What a season's daemon loads: the platform without its asset checks, whose verdict the comparison gives."""

import dagster as dg

from analytics_platform.definitions import platform
from analytics_platform.settings import load_settings


@dg.definitions
def defs() -> dg.Definitions:
    """The platform as the season's environment says."""
    whole = platform(load_settings())
    return dg.Definitions(
        assets=whole.assets, sensors=whole.sensors, resources=whole.resources, executor=whole.executor, jobs=whole.jobs
    )
