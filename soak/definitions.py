"""What a season's daemon loads: the platform without its asset checks, whose verdict the comparison gives."""

from functools import cache

import dagster as dg

from analytics_platform.definitions import platform
from analytics_platform.settings import load_settings


@cache
def _platform() -> dg.Definitions:
    whole = platform(load_settings())
    return dg.Definitions(
        assets=whole.assets, sensors=whole.sensors, resources=whole.resources, executor=whole.executor, jobs=whole.jobs
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The platform as the season's environment says, made once in a process and for those forked from it."""
    return _platform()
