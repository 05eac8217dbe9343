"""A process that lands one day and is killed while it does: `land_one_day.py <org's url> <folder> <day>`."""

import sys
from datetime import date
from pathlib import Path

from analytics_platform_tests.landing.workplace import Workplace, connected

if __name__ == "__main__":
    url, folder, day = sys.argv[1:]
    with connected(url) as client:
        Workplace(client, Path(folder)).land(date.fromisoformat(day))
