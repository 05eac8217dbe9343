"""What was tried again during a season, as Dagster's records of its runs tell it."""

import re
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

_REQUESTS = re.compile(r"Genesys Cloud: \d+ requests, (\d+) of them again")
"""What a step logs of its requests when it has ended, well or not."""


def retries(home: Path) -> Counter[str]:
    """Requests that were sent again and steps that were begun again, in all runs of an instance.

    What a killed process had sent again before it died is told by nobody.
    """
    counts: Counter[str] = Counter()
    for file in (home / "history" / "runs").glob("*.db"):
        with closing(sqlite3.connect(file)) as database:
            told = database.execute("SELECT event FROM event_logs WHERE event LIKE '%of them again%'").fetchall()
            again = database.execute("SELECT count(*) FROM event_logs WHERE dagster_event_type = 'STEP_RESTARTED'")
            counts["retried step"] += again.fetchone()[0]
        counts["retried request"] += sum(int(found[1]) for (text,) in told if (found := _REQUESTS.search(text)))
    return counts
