"""A release whose catalogue knows less: lands and makes days, `older_release.py <org's url> <folder> <day>...`.

What it does not know must be taken out before any table is described, hence a process of its own.
"""

import sys
from datetime import date
from pathlib import Path

from analytics_platform.catalogue import models

NOT_YET_KNOWN = {
    "AnalyticsConversation": "originatingDirection",
    "AnalyticsSession": "mediaEndpointStats",
    "StatisticalSummary": "max",
}

if __name__ == "__main__":
    for model, field in NOT_YET_KNOWN.items():
        del models._documents()[model][field]
    from analytics_platform_tests.landing.test_aggregates import land
    from analytics_platform_tests.landing.workplace import Workplace, connected

    url, folder, *days = sys.argv[1:]
    with connected(url) as client:
        place = Workplace(client, Path(folder))
        for day in map(date.fromisoformat, days):
            place.land(day)
            land(place, days=(day,))
        place.build()
