"""Asking a GMS for a day's files, once: each asking makes a new set, and nothing but their names tells them apart.

What lay in the folders before is noted before GMS is asked, what it created after. Where it is not known whether GMS
acted - a time-out, a killed run - the folders are looked through for an export that came since, that no entry of the
ledger names, and all of whose services have an event in the range; an empty one could be anybody's. Only then is it
asked for once more.
"""

import contextlib
import hashlib
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from threading import Event

import msgspec

from analytics_platform.gms.client import Gms
from analytics_platform.gms.selection import Selection
from analytics_platform.lake import Lake
from analytics_platform.lake.whole_file import whole_file
from analytics_platform.landing.errors import FilesRefused, FilesUnusable
from analytics_platform.landing.ledger import Entry, Ledger, Question
from analytics_platform.landing.service_days import begin_of
from analytics_platform.landing.service_file_following import FollowedFiles, follow
from analytics_platform.landing.service_folders import ExportedFile, NotMapped, ServiceFolders
from analytics_platform.landing.states import end_of
from analytics_platform.source.errors import SourceError, SubmitUncertain
from analytics_platform.source.looks import looks
from analytics_platform.source.waiting import refuse_when
from analytics_platform.tables.service_records import ServiceRead
from analytics_platform.tables.services import decoded, instant

_log = logging.getLogger(__name__)
STREAM = "service_files"
"""What the ledger calls these days, and the family of their questions."""


@dataclass(frozen=True)
class FileTimes:
    """Seconds: until the first look, how long to wait for files, and how long for a first file nobody is sure of."""

    first_pause: float = 3.0
    patience: float = 1800.0
    until_seen: float = 60.0


@dataclass(frozen=True)
class Asked:
    """What is asked for a day: the selection, and the format where one is asked for."""

    source: str
    day: date
    selection: Selection
    file_format: str

    @property
    def question(self) -> Question:
        """What the ledger knows it by. The range's end may lie before the day's own overlap: it is of no account."""
        told = json.dumps([str(self.selection.events), self.file_format, self.selection.start.isoformat()])
        interval = f"{begin_of(self.day):%Y-%m-%dT%H:%M:%S.000Z}/{end_of(self.day):%Y-%m-%dT%H:%M:%S.000Z}"
        return Question(self.source, STREAM, STREAM, self.day, interval, hashlib.sha256(told.encode()).hexdigest())

    def fits(self, services: list[ServiceRead]) -> bool:
        """Whether these could be the answer: there are some, all in the range, and one of them in the day itself."""
        events = [_events(each) for each in services]
        inside = [any(self.selection.start <= at <= self.selection.end for at in each) for each in events]
        own = any(begin_of(self.day) <= at < end_of(self.day) for each in events for at in each)
        return bool(events) and all(inside) and own


class ServiceFilesAsking:
    """Brings a day's files here. `lake` takes the copies they are read from."""

    def __init__(self, gms: Gms, lake: Lake, ledger: Ledger, folders: ServiceFolders, times: FileTimes) -> None:
        self._gms = gms
        self._lake = lake
        self._ledger = ledger
        self._folders = folders
        self._times = times

    def followed(
        self, asked: Asked, request: str, as_of: datetime, watermark: datetime, stop: Event
    ) -> tuple[Entry, FollowedFiles]:
        """The day's files, whole: those in flight where there are, else new ones, asked for as of an instant.

        Raises the client's errors, SubmitUncertain after a second time, FilesRefused, FilesUnusable, FilesNotDone,
        LakeError, and GivenUp after `stop` is set.
        """
        try:
            self._folders.require()
        except NotMapped as fault:
            raise FilesRefused(asked.day, str(fault)) from None
        entry = self._ledger.in_flight(asked.question)
        if entry is not None and entry.job_id is not None:
            try:
                return entry, self._follow(entry, stop)
            except (FilesRefused, FilesUnusable) as fault:
                _log.warning("Asking anew for files of %s: %s", asked.day, fault)
                self._ledger.lost(entry, str(fault))
                entry = None
        if entry is not None and entry.submitted_at is not None:
            found = self._found(entry, asked, stop)
            if found is not None:
                return found
        if entry is None:
            entry = self._ledger.begin(asked.question, request, watermark)
        try:
            entry = self._asked(entry, asked, as_of, stop)
        except SubmitUncertain as fault:
            _log.warning("%s", fault)
            found = self._found(self._ledger.entry(entry.number), asked, stop)
            if found is not None:
                return found
            entry = self._asked(entry, asked, as_of, stop)
        return entry, self._follow(entry, stop)

    def _asked(self, entry: Entry, asked: Asked, as_of: datetime, stop: Event) -> Entry:
        refuse_when(stop)
        with whole_file(self._ledger.spool(entry) / "before.json") as note:
            note.write_text(json.dumps(sorted(self._folders.exports())), encoding="utf-8")
        entry = self._ledger.dated(entry, as_of, None)
        try:
            created = self._gms.request_files(asked.selection, asked.file_format)
        except SubmitUncertain:
            raise
        except SourceError as fault:
            self._ledger.lost(entry, str(fault))
            raise
        return self._ledger.submitted(entry, json.dumps(created.files))

    def _follow(self, entry: Entry, stop: Event) -> FollowedFiles:
        """The files an entry names. One that names files not to be opened stays for once: the mapping may be wrong."""
        try:
            return self._read(entry.question.day, self._export(entry), stop)
        except FilesUnusable as fault:
            self._ledger.lost(entry, str(fault))
            raise

    def _export(self, entry: Entry) -> tuple[ExportedFile, ...]:
        try:
            return self._folders.export(json.loads(entry.job_id or "[]"))
        except NotMapped as fault:
            raise FilesRefused(entry.question.day, str(fault)) from None

    def _read(self, day: date, files: tuple[ExportedFile, ...], stop: Event) -> FollowedFiles:
        return follow(
            self._lake,
            day,
            files,
            first_pause=self._times.first_pause,
            patience=self._times.patience,
            on_look=lambda: refuse_when(stop),
        )

    def _found(self, entry: Entry, asked: Asked, stop: Event) -> tuple[Entry, FollowedFiles] | None:
        """An export that came since the entry was asked for and can be no other's; None where none comes."""
        ends = time.monotonic() + self._times.until_seen
        note = self._ledger.spool(entry) / "before.json"
        others = set(json.loads(note.read_text(encoding="utf-8")))
        for exports in looks(self._folders.exports, "new files", 0.0, self._times.until_seen):
            refuse_when(stop)
            for paths in self._fresh(exports, others):
                others.add(paths[0])
                try:
                    files = self._read(asked.day, self._folders.export(paths), stop)
                except (FilesRefused, FilesUnusable, NotMapped) as fault:
                    _log.warning("Not the files of %s: %s", asked.day, fault)
                    continue
                if asked.fits(files.read.services):
                    _log.warning("Found what was asked for in uncertainty: %s", ", ".join(paths))
                    return self._ledger.submitted(entry, json.dumps(paths)), files
                files.discard()
                _log.warning("Not the files of %s: %s hold services of another range, or none", asked.day, paths[0])
            if time.monotonic() >= ends:
                break
        return None

    def _fresh(self, exports: Mapping[str, tuple[str, ...]], others: set[str]) -> list[tuple[str, ...]]:
        """Exports that are not among others, nor named by any entry of the ledger."""
        named: set[Path] = set()
        for entry in self._ledger.entries():
            if entry.job_id and entry.question.family == STREAM:
                with contextlib.suppress(FilesRefused):
                    named |= {file.path for file in self._export(entry)}
        fresh = [paths for first, paths in exports.items() if first not in others]
        return [paths for paths in fresh if named.isdisjoint(file.path for file in self._folders.export(paths))]


def _events(service: ServiceRead) -> list[datetime]:
    """The instants at which a service was started and completed, those that can be read."""
    found = []
    for name in ("started", "completed"):
        try:
            found.append(instant(decoded(service.record)[name]["timestamp"]))
        except (msgspec.DecodeError, LookupError, TypeError, ValueError, OverflowError):
            continue
    return found
