"""A month of lake made by the platform itself from a simulated org.

`python -m bench.readers.month <work folder> <conversations a day> <days>` lands it once, raw and typed.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from pydantic import SecretStr

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.hosts import Hosts
from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.lake import Lake
from analytics_platform.landing.details import DetailsLanding, Options, StagedDay
from analytics_platform.landing.home_days import claimed, home_days
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.typed import stage_home_day

FIRST_DAY = date(2026, 3, 1)
_SEED = 7
_READY = "Simulated Genesys org listening on "
_UNLIMITED = 1_000_000
_PAGE_SIZE = 1000


def main(work: Path, conversations: int, days: int) -> None:
    """Land `days` days, then make the typed tables of each; `work`/lake holds them afterwards."""
    lake, ledger = Lake.open(work / "lake"), Ledger(work)
    wanted = [FIRST_DAY + timedelta(days=number) for number in range(days)]
    with _org(conversations, days) as url:
        _land(url, work, lake, ledger, wanted)
    homes = home_days(CONVERSATION_DETAILS, lake)
    for day in wanted:
        with claimed(CONVERSATION_DETAILS, ledger, [day]):
            stage_home_day(CONVERSATION_DETAILS, lake, homes[day]).publish(lake)


def _land(url: str, work: Path, lake: Lake, ledger: Ledger, days: list[date]) -> None:
    options = Options(page_size=_PAGE_SIZE, first_pause=0.0)
    with (
        RequestBudget(work, client_id="demo", api_url=url, limit=_UNLIMITED) as budget,
        GenesysCloud(Hosts.of(api_url=url, login_url=url), "demo", SecretStr("demo"), budget) as client,
    ):
        jobs = DetailsJobs(client, CONVERSATION_DETAILS.family)
        landing = DetailsLanding(CONVERSATION_DETAILS, jobs, lake, ledger, f"demo@{url}", options)
        for day in days:
            staged = landing.land(day, "bench")
            assert isinstance(staged, StagedDay)
            staged.publish()


@contextmanager
def _org(conversations: int, days: int) -> Iterator[str]:
    """The address of an org whose clock stands a week after its last day."""
    now = datetime.combine(FIRST_DAY + timedelta(days=days + 7), time(), UTC)
    options = {
        "--port": "0",
        "--seed": str(_SEED),
        "--start-day": FIRST_DAY.isoformat(),
        "--days": str(days),
        "--conversations-per-day": str(conversations),
        "--agents": str(max(40, conversations // 25)),
        "--now": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "--rate-limit": str(_UNLIMITED),
    }
    words = [word for pair in options.items() for word in pair]
    command = [sys.executable, "-m", "analytics_platform.simulator", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as org:
        try:
            assert org.stdout is not None
            yield org.stdout.readline().removeprefix(_READY).strip()
        finally:
            org.terminate()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
