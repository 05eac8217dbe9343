"""Landing a day of services from files as a run does; as a program, a process that is killed while it does:
`service_file_days.py <GMS's url> <folder> <mapping> <day>`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from analytics_platform.catalogue.services import SERVICE_FILES_TABLE
from analytics_platform.gms.client import Gms
from analytics_platform.lake import Manifest
from analytics_platform.landing.ledger import Entry, Ledger
from analytics_platform.landing.service_file_asking import FileTimes
from analytics_platform.landing.service_files import RECORDS, FileOptions, ServiceFilesLanding
from analytics_platform.landing.service_folders import ServiceFolders
from analytics_platform.source.http_client import Timeouts
from analytics_platform_tests.landing.service_places import QUICK, ServicePlace

TIMES = FileTimes(first_pause=0.01, patience=20.0, until_seen=0.3)


@dataclass(frozen=True)
class ServiceFilePlace(ServicePlace):
    """A lake, a ledger, a GMS, and the folders its files are reached by; `land` lands from files."""

    folders: ServiceFolders = field(kw_only=True)

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.folder / "ledger")

    def files_landing(self, *, times: FileTimes = TIMES, **options: Any) -> ServiceFilesLanding:
        options = {"overlap": timedelta(minutes=15), "times": times, **options}
        return ServiceFilesLanding(
            self.gms, self.lake, self.ledger, "gms.example", self.folders, FileOptions(**options)
        )

    def land_files(self, *days: date, request: str = "run", **options: Any) -> Manifest:
        """Land days from files in one run; the manifest of the first day's raw rows."""
        for day in self.files_landing(**options).land_all(days, request):
            day.publish()
        manifest = self.lake.manifest(RECORDS.name, days[0])
        assert manifest is not None
        return manifest

    def entries(self) -> list[Entry]:
        return self.ledger.entries()

    def files(self, day: date) -> dict[str, dict[str, Any]]:
        """What is told of a day's files, by kind."""
        return {row["kind"]: row for row in self.lake.read(SERVICE_FILES_TABLE.name, day).to_pylist()}


@contextmanager
def file_place(url: str, folder: Path, *mapped: tuple[str, Path], **options: Any) -> Iterator[ServiceFilePlace]:
    given = {"timeouts": Timeouts(read=options.pop("read", 20.0)), **options}
    with Gms(url, retries=QUICK, **given) as gms:
        yield ServiceFilePlace(gms, folder, folders=ServiceFolders(mapped))


if __name__ == "__main__":
    gms_url, scratch, exports, wanted = sys.argv[1:]
    with file_place(gms_url, Path(scratch), ("C:/", Path(exports))) as place:
        place.land_files(date.fromisoformat(wanted))
