"""The day after those a lake holds, landed in a process of its own, and all that it touches made.

`python -m bench.next_day <url> <work folder> <first day> <days>` lands days one after another as each night does, and
prints what the last of them cost.
"""

import gc
import sys
from datetime import date, timedelta
from pathlib import Path

import msgspec

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.lake import Lake
from analytics_platform.landing.details import Options, StagedDay
from analytics_platform.landing.home_days import home_days, home_days_of_run, stale_home_days
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.typed import stage_home_day
from bench.figures import Stopwatch
from bench.ours import landing, make_tables
from bench.recording import DAY


class Night(msgspec.Struct):
    """What a day cost when so many were stored. CPU milliseconds; of the server none."""

    stored: int
    conversations: int
    raw: float
    """Landing it."""
    look: float
    """Finding which home days it touched."""
    own: float
    """Making its own home day, which is made from raw."""
    day_before: float = 0.0
    """Making the home day before it anew, of which it delivered a few conversations."""
    late: dict[int, float] = {}
    """Making anew a home day of which it delivered one conversation, by the home day's age in days."""


def night(url: str, work: Path, day: date) -> Night:
    """Land a day and make all home days it touches."""
    lake, ledger = Lake.open(work / "lake"), Ledger(work)
    stored = len(lake.days(CONVERSATION_DETAILS.raw.name))
    _warm_up(lake)
    watch = _watch()
    with landing(CONVERSATION_DETAILS, url, work, lake, ledger, Options(first_pause=0.0)) as days:
        staged = days.land(day, f"night {day}")
        assert isinstance(staged, StagedDay)
        facts = staged.publish().facts
    raw = 1000 * watch.cpu_seconds
    watch = _watch()
    stale = stale_home_days(CONVERSATION_DETAILS, lake)
    told = Night(stored, facts["records"], raw, 1000 * watch.cpu_seconds, 0.0)
    for home in stale:
        watch = _watch()
        # As a run does that was asked for these days alone.
        (home,) = home_days_of_run(CONVERSATION_DETAILS, lake, [home.day], DAY - timedelta(days=1))
        make_tables(CONVERSATION_DETAILS, lake, ledger, [home])
        cost, age = 1000 * watch.cpu_seconds, (day - home.day).days
        if age == 0:
            told.own = cost
        elif age == 1:
            told.day_before = cost
        else:
            told.late[age] = cost
    return told


def _watch() -> Stopwatch:
    """A watch for the next step: what the steps before left to be collected is none of its cost."""
    gc.collect()
    return Stopwatch.started()


def _warm_up(lake: Lake) -> None:
    """Make the tables of a stored day, and throw them away: what libraries do when first called is counted nowhere."""
    for home in list(home_days(CONVERSATION_DETAILS, lake).values())[-1:]:
        for table in stage_home_day(CONVERSATION_DETAILS, lake, home).tables.values():
            table.discard()


def main(url: str, work: Path, first: date, days: int) -> None:
    """Land the days."""
    for number in range(days):
        told = night(url, work, first + timedelta(days=number))
    sys.stdout.write(msgspec.json.encode(told).decode() + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), date.fromisoformat(sys.argv[3]), int(sys.argv[4]))
