"""A process that lands a day of services and is killed while it does: `land_services.py <GMS's url> <folder> <day>`."""

import sys
from datetime import date
from pathlib import Path

from analytics_platform_tests.landing.service_places import ServicePlace, connected

if __name__ == "__main__":
    url, folder, day = sys.argv[1:]
    with connected(url) as gms:
        ServicePlace(gms, Path(folder)).land(date.fromisoformat(day))
