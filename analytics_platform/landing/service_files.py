"""Landing a day of services from exported files: GMS writes them to its disk, and a folder here reaches them.

The files are kept as they came; each service becomes a record as if it had been read by its id, so that the typed
tables are made of both routes alike. Nothing is published here: a `StagedServiceFiles` publishes the files, then the
table that tells of them, then raw, which marks the day. Nothing on the server is ever deleted.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import Event

import pyarrow as pa

from analytics_platform.catalogue.service_files import KEPT_NAMES, ServiceFileName
from analytics_platform.catalogue.services import SERVICE_FILES_QUARANTINE, SERVICE_FILES_TABLE, SERVICES
from analytics_platform.gms.client import Gms
from analytics_platform.lake import Lake, Manifest, PartitionMissing
from analytics_platform.landing.answers import LandedAnswers
from analytics_platform.landing.errors import DayNotComplete
from analytics_platform.landing.in_turn import in_turn
from analytics_platform.landing.layouts import layout
from analytics_platform.landing.ledger import Entry, Ledger
from analytics_platform.landing.service_days import ServiceDay, StagedServices, range_of
from analytics_platform.landing.service_file_asking import STREAM, Asked, FileTimes, ServiceFilesAsking
from analytics_platform.landing.service_file_following import KEPT_FILES, FollowedFiles
from analytics_platform.landing.service_folders import ServiceFolders
from analytics_platform.landing.source import refuse_another_source
from analytics_platform.landing.states import end_of
from analytics_platform.tables.schemas import table_schema

(RECORDS,) = SERVICES.raw_by_another_route
_BATCH = 500


@dataclass(frozen=True)
class FileOptions:
    """How days are landed from files; `file_format` is csv, json, or empty for what GMS writes unasked."""

    overlap: timedelta = timedelta(minutes=15)
    settle: timedelta = timedelta(minutes=2)
    settled_after: timedelta = timedelta(days=3)
    file_format: str = ""
    times: FileTimes = field(default_factory=FileTimes)


@dataclass
class StagedServiceFiles:
    """One day, ready to be published."""

    files: FollowedFiles
    services: StagedServices
    entry: Entry
    lake: Lake
    ledger: Ledger
    held: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    """The claim on the day, let go when it is published or given up."""

    @property
    def day(self) -> date:
        return self.services.day

    @property
    def manifests(self) -> Mapping[str, Manifest]:
        """What raw holds of the day, by its name."""
        return self.services.manifests

    def publish(self) -> Manifest:
        """Replace the day in the lake, let the ledger forget the files, and return the manifest of their table."""
        try:
            for copy in self.files.copies.values():
                copy.publish()
            manifest = self.services.publish()
            for name in set(KEPT_NAMES) - {copy.name for copy in self.files.copies.values()}:
                self.lake.remove_file(KEPT_FILES, self.day, name)
            self.ledger.landed(self.entry)
        finally:
            self.discard()
        return manifest

    def discard(self) -> None:
        """Give up what is not published, and let go of the day."""
        with self.held:
            self.files.discard()
            self.services.discard()


@dataclass(frozen=True)
class ServiceFilesLanding:
    """Lands days of services from files. `source` names the GMS and keeps a lake to one; it is no secret."""

    gms: Gms
    lake: Lake
    ledger: Ledger
    source: str
    folders: ServiceFolders
    options: FileOptions = FileOptions()

    def land_all(self, days: Sequence[date], request: str) -> Iterator[StagedServiceFiles | LandedAnswers]:
        """Stage the days, oldest first, one export at a time; publish each before the next is asked for.

        A day that `request`, the same for each of its retries, has landed before comes as it is. Raises what `land`
        raises on the first day that cannot be landed, and OtherSource.
        """
        refuse_another_source(self.lake, RECORDS.name, self.source)
        as_of = self.gms.now()

        def land(day: date, stop: Event) -> StagedServiceFiles | LandedAnswers:
            return self.land(day, as_of, request, stop)

        yield from in_turn(days, land, 1, STREAM)

    def land(
        self, day: date, as_of: datetime, request: str, stop: Event | None = None
    ) -> StagedServiceFiles | LandedAnswers:
        """Stage one day; `as_of` is GMS's instant now, UTC.

        Raises DayNotComplete before anything is asked for, and what `ServiceFilesAsking.followed` raises.
        """
        stop = stop or Event()
        watermark = as_of - self.options.settle
        with contextlib.ExitStack() as held:
            held.enter_context(self.ledger.claim(STREAM, day, stop))
            if watermark < end_of(day):
                raise DayNotComplete(STREAM, day, watermark)
            selection = range_of(day, as_of, self.options.overlap)
            asked = Asked(self.source, day, selection, self.options.file_format)
            landed = self._landed_by(asked, request)
            if landed is not None:
                return landed
            asking = ServiceFilesAsking(self.gms, self.lake, self.ledger, self.folders, self.options.times)
            entry, files = asking.followed(asked, request, as_of, watermark, stop)
            held.callback(files.discard)
            staged = StagedServiceFiles(files, self._staged(entry, files), entry, self.lake, self.ledger)
            staged.held = held.pop_all()
            return staged

    def _landed_by(self, asked: Asked, request: str) -> LandedAnswers | None:
        files, raw = (self.lake.manifest(name, asked.day) for name in (SERVICE_FILES_TABLE.name, RECORDS.name))
        if files is None or raw is None or self.ledger.landed_by(asked.question, request) is None:
            return None
        return LandedAnswers(files, {RECORDS.name: raw})

    def _staged(self, entry: Entry, files: FollowedFiles) -> StagedServices:
        assert entry.submitted_at is not None and entry.watermark is not None
        day, services = entry.question.day, files.read.services
        schema = table_schema(SERVICE_FILES_TABLE)
        created = json.loads(entry.job_id or "[]")
        before = self.lake.manifest(RECORDS.name, day)
        # Published by a run that was killed before the ledger knew: the day is what it was then.
        known = before is not None and before.facts["created"] == created
        with (
            self.lake.stage(SERVICE_FILES_TABLE.name, day, schema, layout(SERVICE_FILES_TABLE)) as table,
            ServiceDay(self.lake, day, entry.submitted_at, raw=RECORDS, quarantine=SERVICE_FILES_QUARANTINE) as taken,
        ):
            table.write(pa.Table.from_pylist(_rows(files), schema))
            for first in range(0, len(services), _BATCH):
                taken.keep(services[first : first + _BATCH])
            return taken.seal(
                table,
                watermark=entry.watermark,
                settled_after=self.options.settled_after,
                facts={
                    "source": self.source,
                    "interval": entry.question.interval,
                    "created": created,
                    "files": {name: copy.sha256 for name, copy in files.copies.items()},
                    "file_bytes": sum(copy.size for copy in files.copies.values()),
                    "repeated_rows": files.read.repeated,
                    **({"state": before.facts["state"]} if before is not None and known else {}),
                },
            )


def _rows(files: FollowedFiles) -> list[dict[str, object]]:
    rows = []
    for name, copy in files.copies.items():
        told = ServiceFileName.of(name)
        assert told is not None
        row = {"file": name, "kind": told.kind, "format": told.format, "bytes": copy.size, "sha256": copy.sha256}
        rows.append({**row, "rows": files.read.rows[name]})
    return rows


def differing(lake: Lake, day: date) -> str | None:
    """What a landed day tells of its files that the kept ones do not agree with; None where all of it agrees."""
    for row in lake.read(SERVICE_FILES_TABLE.name, day).to_pylist():
        name = ServiceFileName.of(row["file"])
        assert name is not None
        try:
            content = lake.read_file(KEPT_FILES, day, name.kept_as)
        except PartitionMissing as fault:
            return str(fault)
        if hashlib.sha256(content).hexdigest() != row["sha256"]:
            return f"the kept {name.kept_as} is not the one the day was made from"
    return None


def unaccounted(lake: Lake, day: date) -> str | None:
    """What a landed day's records lack of the services in its files; None where nothing is lacking."""
    files, records = lake.manifest(SERVICE_FILES_TABLE.name, day), lake.manifest(RECORDS.name, day)
    if files is None or records is None or files.facts["created"] != records.facts["created"]:
        return "the files and the records are not of the same export"
    rows = lake.read(SERVICE_FILES_TABLE.name, day).to_pylist()
    told = sum(row["rows"] for row in rows if row["kind"] == "services")
    kept = records.facts["records"] + records.facts["repeated_rows"]
    return None if told == kept else f"{told} services stand in the file, and {kept} are accounted for"
