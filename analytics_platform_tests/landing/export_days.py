"""Landing a day's export as a run does; as a program, a process that is killed while it does:
`export_days.py <org's url> <folder> <day>`."""

import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from analytics_platform.catalogue.operations import CONVERSATION_JOBS
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.exports import Exports
from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.lake import Lake, Manifest
from analytics_platform.landing.export_asking import DailyExport, ExportTimes
from analytics_platform.landing.exports import ExportLanding
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.watermark import Watermark
from analytics_platform_tests.landing.workplace import connected

CONTENT: dict[str, object] = {
    "viewType": "QUEUE_PERFORMANCE_SUMMARY_VIEW",
    "exportFormat": "CSV",
    "period": "PT1H",
    "timeZone": "UTC",
    "locale": "en-us",
    "filter": {},
    "csvDelimiter": "COMMA",
    "durationFormat": "Milliseconds",
    "excludeEmptyRows": True,
}
QUICK = ExportTimes(first_pause=0.0, deadline=20.0, until_listed=0.5)


@dataclass(frozen=True)
class ExportPlace:
    """A lake, a ledger and a client of an org, and one export `queues` of it."""

    client: GenesysCloud
    folder: Path
    times: ExportTimes = QUICK

    @property
    def lake(self) -> Lake:
        return Lake.open(self.folder / "lake")

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.folder / "ledger")

    def landing(self, *, provisional: bool = False, **content: object) -> ExportLanding:
        watermark = Watermark(DetailsJobs(self.client, CONVERSATION_JOBS))
        export = DailyExport("queues", {**CONTENT, **content})
        exports = Exports(self.client)
        return ExportLanding(
            export, exports, self.lake, self.ledger, "org", watermark, self.times, provisional=provisional
        )

    def land(self, day: date, request: str = "run", **how: Any) -> Manifest:
        return self.landing(**how).land(day, request).publish()


if __name__ == "__main__":
    url, folder, wanted = sys.argv[1:]
    with connected(url) as client:
        ExportPlace(client, Path(folder)).land(date.fromisoformat(wanted))
