"""A process that lands one day and is killed while it does: `land_one_day.py <org's url> <folder> <day> [options]`.

Options are those of a landing, as a JSON object.
"""

import json
import sys
from datetime import date
from pathlib import Path

from analytics_platform_tests.landing.workplace import Workplace, connected

if __name__ == "__main__":
    url, folder, day, *options = sys.argv[1:]
    with connected(url) as client:
        Workplace(client, Path(folder)).land(date.fromisoformat(day), **json.loads(options[0] if options else "{}"))
