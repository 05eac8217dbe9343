"""The pages of one job: spooled to disk as they came, counted in the ledger, read again after a kill."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from analytics_platform.genesys_cloud.jobs import DetailsJobs
from analytics_platform.lake.errors import KeyAway
from analytics_platform.landing.errors import CursorRefused, JobFull, SpoolDamaged
from analytics_platform.landing.ledger import Entry, Ledger
from analytics_platform.source.errors import BadRequest, CutShort, NotJson
from analytics_platform.source.wire import Payload

_SUFFIXES: Final = {"gzip": ".json.gz", "identity": ".json"}
_TOO_MANY: Final = re.compile(r"pagination may not exceed", re.IGNORECASE)
"""How the vendor refuses a page past what one job delivers (seen: "pagination may not exceed 400000 results")."""


@dataclass(frozen=True)
class PageOfRecords:
    """One page: its number from 1, its records unparsed, and the size of its JSON in bytes."""

    number: int
    records: list[msgspec.Raw]
    size: int


class Pages:
    """All pages of a fulfilled job in order: those spooled before a kill from disk, the rest from the vendor.

    `cap` is how many records one job delivers.
    """

    def __init__(self, jobs: DetailsJobs, ledger: Ledger, entry: Entry, page_size: int, cap: int) -> None:
        self.entry = entry
        self.records = 0
        """Records on the pages given so far."""
        self._jobs = jobs
        self._ledger = ledger
        self._page_size = page_size
        self._cap = cap

    def __iter__(self) -> Iterator[PageOfRecords]:
        """Raises the client's errors, a JobError when the job's results are no longer to be had, JobFull, and
        ReadAgain."""
        spool = self._ledger.spool(self.entry)
        if not all_spooled(self._ledger, self.entry):
            self.entry = self._ledger.restarted(self.entry)
        spool.mkdir(parents=True, exist_ok=True)
        for number in range(1, self.entry.pages + 1):
            yield self._counted(self._kept(spool, number))
        while not self.entry.exhausted:
            yield self._counted(self._next(spool))

    def _counted(self, page: PageOfRecords) -> PageOfRecords:
        self.records += len(page.records)
        if self.records >= self._cap:  # whether or not a cursor leads on: the rest may be left out without a word
            raise JobFull(self.entry.question.stream, self.entry.question.interval, self._cap)
        return page

    def _kept(self, spool: Path, number: int) -> PageOfRecords:
        try:
            kept = _read(spool, number)
            payload = replace(kept, wire=self._ledger.protection.opened(kept.wire, f"Page {number}"))
            return self._split(number, payload)[0]
        except (NotJson, CutShort, OSError, KeyAway) as fault:
            raise SpoolDamaged(f"Page {number} kept of job {self.entry.job_id} cannot be read: {fault}") from fault

    def _next(self, spool: Path) -> PageOfRecords:
        number = self.entry.pages + 1
        assert self.entry.job_id is not None
        try:
            payload = self._jobs.page(self.entry.job_id, self.entry.cursor, self._page_size)
        except BadRequest as fault:
            if self.entry.cursor is None:
                raise
            if _TOO_MANY.search(fault.message or ""):
                raise JobFull(self.entry.question.stream, self.entry.question.interval, self.records) from None
            raise CursorRefused(str(fault)) from None
        page, cursor = self._split(number, payload)
        _write(spool, number, replace(payload, wire=self._ledger.protection.closed(payload.wire)))
        self.entry = self._ledger.page_landed(self.entry, number, cursor)
        return page

    def _split(self, number: int, payload: Payload) -> tuple[PageOfRecords, str | None]:
        page = self._jobs.split(payload)
        records = self._ledger.protection.records(self.entry.question.stream, page.records)
        return PageOfRecords(number, records, len(payload.inflate())), page.cursor


def all_spooled(ledger: Ledger, entry: Entry) -> bool:
    """Whether all pages the ledger counts of a job are on disk."""
    spool = ledger.spool(entry)
    return all(_spooled(spool, number) for number in range(1, entry.pages + 1))


def _file(spool: Path, number: int, encoding: str) -> Path:
    return spool / f"page-{number:06d}{_SUFFIXES[encoding]}"


def _spooled(spool: Path, number: int) -> bool:
    return any(_file(spool, number, encoding).exists() for encoding in _SUFFIXES)


def _read(spool: Path, number: int) -> Payload:
    encoding = next(known for known in _SUFFIXES if _file(spool, number, known).exists())
    return Payload(_file(spool, number, encoding).read_bytes(), encoding)


def _write(spool: Path, number: int, payload: Payload) -> None:
    staged = spool / f".page-{number:06d}.part"
    staged.write_bytes(payload.wire)
    staged.replace(_file(spool, number, payload.encoding))
