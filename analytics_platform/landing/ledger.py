"""What is known of the vendor jobs in flight, on disk before each next step, so that a killed run is continued.

One SQLite file and one folder of spooled pages a job. An entry goes

    submitting -> submitted -> landed
         \\____________\\______-> lost (gone, failed, expired, or submitted with no answer; the note says which)
          \\____________\\_____-> split -> landed (its halves are asked for in its place; the note says why)

A page is on disk, whole, before the ledger counts it; the cursor kept is that of the page after it.
"""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event

from filelock import FileLock, Timeout

from analytics_platform.lake.protection import Protection
from analytics_platform.source.errors import GivenUp

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    entry INTEGER PRIMARY KEY AUTOINCREMENT,
    org TEXT NOT NULL,
    stream TEXT NOT NULL,
    family TEXT NOT NULL,
    day TEXT NOT NULL,
    interval TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    request TEXT NOT NULL,
    state TEXT NOT NULL,
    job_id TEXT,
    cursor TEXT,
    pages INTEGER NOT NULL DEFAULT 0,
    exhausted INTEGER NOT NULL DEFAULT 0,
    watermark TEXT,
    submitted_at TEXT,
    expiration_date TEXT,
    note TEXT,
    changed_at TEXT NOT NULL,
    in_vain INTEGER NOT NULL DEFAULT 0,
    asked_as TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS jobs_by_day ON jobs (org, stream, day, state);
"""
_ASKED_AS = """ALTER TABLE jobs ADD COLUMN asked_as TEXT NOT NULL DEFAULT '';
UPDATE jobs SET asked_as = substr(org, 1, instr(org, '@') - 1), org = substr(org, instr(org, '@') + 1)
    WHERE family IN ('conversations', 'users', 'exports') AND instr(org, '@') > 0;
"""
"""Of ledgers in which the org of the vendor's jobs was told as client@host."""
_SAME = "org = ? AND stream = ? AND day = ? AND interval = ? AND body_hash = ?"
SPLIT = "split"


@dataclass(frozen=True)
class Question:
    """What a job asks: of which org, for which stream and day; two equal questions can share one job."""

    org: str
    stream: str
    family: str
    day: date
    interval: str
    body_hash: str


@dataclass(frozen=True)
class Entry:
    """One job as the ledger knows it. Instants are UTC; `asked_as` is the OAuth client it belongs to, where it does."""

    number: int
    question: Question
    request: str
    state: str
    job_id: str | None
    cursor: str | None
    pages: int
    exhausted: bool
    watermark: datetime | None
    submitted_at: datetime | None
    expiration_date: datetime | None
    note: str | None
    asked_as: str


class Ledger:
    """The ledger in a local folder, shared by all runs on this machine; `protection` is the lake's, of what waits here
    to be landed."""

    def __init__(self, folder: Path, protection: Protection = Protection()) -> None:  # noqa: B008 - frozen
        self.protection = protection
        self._folder = folder
        (folder / "claims").mkdir(parents=True, exist_ok=True)
        self._file = folder / "ledger.sqlite"
        with FileLock(folder / "ledger.lock"), self._open() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(_SCHEMA)
            known = [row["name"] for row in connection.execute("PRAGMA table_info(jobs)")]
            if "in_vain" not in known:
                connection.execute("ALTER TABLE jobs ADD COLUMN in_vain INTEGER NOT NULL DEFAULT 0")
            if "asked_as" not in known:
                connection.executescript(_ASKED_AS)
        self._sweep()

    def _sweep(self) -> None:
        """Remove the pages of jobs that have ended: a kill between the two would leave them for ever."""
        for folder in (self._folder / "spool").glob("*-*"):
            entry = self.entry(int(folder.name.rpartition("-")[2]))
            if entry.state in ("landed", "lost", SPLIT):
                shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def claim(self, stream: str, day: date, stop: Event | None = None) -> Iterator[None]:
        """Hold a stream's day against other runs; waits for one that holds it. A killed holder lets go.

        Raises GivenUp when `stop` is set while it waits.
        """
        lock = FileLock(self._folder / "claims" / f"{stream}-{day}.lock", thread_local=False)
        try:
            lock.acquire(cancel_check=stop.is_set if stop else None)
        except Timeout:
            raise GivenUp(f"Given up while another run held {stream} of {day}.") from None
        try:
            yield
        finally:
            lock.release()

    def in_flight(self, question: Question) -> Entry | None:
        """The newest job that asks the same and was neither landed nor lost; one that is split has halves."""
        return self._newest(question, "state IN ('submitting', 'submitted', 'split')")

    def landed_by(self, question: Question, request: str) -> Entry | None:
        """The job a request has already landed for this question; a retry of the request need not land it again."""
        return self._newest(question, "state = 'landed' AND request = ?", request)

    def in_vain(self, question: Question) -> int:
        """How often jobs that ask the same were waited for in vain since one was landed."""
        query = (
            f"SELECT sum(in_vain) FROM jobs WHERE {_SAME}"
            f" AND entry > (SELECT coalesce(max(entry), 0) FROM jobs WHERE {_SAME} AND state = 'landed')"
        )
        with self._open() as connection:
            return int(connection.execute(query, 2 * _asked(question)).fetchone()[0] or 0)

    def submitted_of(self, org: str, family: str) -> list[Entry]:
        """The jobs of a family that the vendor took and that were neither landed nor lost, oldest first."""
        query = "SELECT * FROM jobs WHERE org = ? AND family = ? AND state = 'submitted' ORDER BY entry"
        with self._open() as connection:
            return [_entry(row) for row in connection.execute(query, (org, family))]

    def begin(self, question: Question, request: str, watermark: datetime, asked_as: str = "") -> Entry:
        """Note, before it happens, that a job is about to be submitted."""
        with self._open() as connection:
            cursor = connection.execute(
                "INSERT INTO jobs"
                " (org, stream, family, day, interval, body_hash, request, state, watermark, asked_as, changed_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, 'submitting', ?, ?, ?)",
                (
                    question.org,
                    question.stream,
                    question.family,
                    question.day.isoformat(),
                    question.interval,
                    question.body_hash,
                    request,
                    watermark.isoformat(),
                    asked_as,
                    _now(),
                ),
            )
            return _read(connection, int(cursor.lastrowid or 0))

    def submitted(self, entry: Entry, job_id: str, asked_as: str = "") -> Entry:
        return self._change(entry, state="submitted", job_id=job_id, asked_as=asked_as or entry.asked_as)

    def dated(self, entry: Entry, submitted_at: datetime, expiration_date: datetime | None) -> Entry:
        """Note the vendor's own dates of the job, in whole milliseconds, as every table has them."""
        submitted_at = submitted_at.replace(microsecond=submitted_at.microsecond // 1000 * 1000)
        expires = expiration_date.isoformat() if expiration_date else None
        return self._change(entry, submitted_at=submitted_at.isoformat(), expiration_date=expires)

    def page_landed(self, entry: Entry, pages: int, cursor: str | None) -> Entry:
        """Note that the first `pages` pages are spooled and which cursor asks for the next; None ends the job."""
        return self._change(entry, pages=pages, cursor=cursor, exhausted=int(cursor is None))

    def restarted(self, entry: Entry) -> Entry:
        """Forget the pages: the job is to be read from its first page again."""
        shutil.rmtree(self.spool(entry), ignore_errors=True)
        return self._change(entry, pages=0, cursor=None, exhausted=0)

    def waited_in_vain(self, entry: Entry) -> Entry:
        """Note that the job failed, or was not done when a run stopped waiting for it."""
        with self._open() as connection:
            connection.execute("UPDATE jobs SET in_vain = in_vain + 1 WHERE entry = ?", (entry.number,))
        return self.entry(entry.number)

    def split(self, entry: Entry, note: str) -> Entry:
        """Note that the halves of the interval are asked for in place of the whole, and forget its pages."""
        changed = self._change(entry, state=SPLIT, note=note)
        shutil.rmtree(self.spool(entry), ignore_errors=True)
        return changed

    def landed(self, *entries: Entry) -> None:
        """Note, of all or of none, that what these jobs delivered is published."""
        with self._open() as connection:
            values = [(_now(), entry.number) for entry in entries]
            connection.executemany("UPDATE jobs SET state = 'landed', changed_at = ? WHERE entry = ?", values)
        for entry in entries:
            shutil.rmtree(self.spool(entry), ignore_errors=True)

    def lost(self, entry: Entry, note: str) -> Entry:
        changed = self._change(entry, state="lost", note=note)
        shutil.rmtree(self.spool(entry), ignore_errors=True)
        return changed

    def spool(self, entry: Entry) -> Path:
        """The folder of a job's pages."""
        return self._folder / "spool" / f"{entry.question.stream}-{entry.number:06d}"

    def entry(self, number: int) -> Entry:
        with self._open() as connection:
            return _read(connection, number)

    def entries(self) -> list[Entry]:
        """All entries, oldest first."""
        with self._open() as connection:
            return [_entry(row) for row in connection.execute("SELECT * FROM jobs ORDER BY entry")]

    def _newest(self, question: Question, condition: str, *values: str) -> Entry | None:
        with self._open() as connection:
            row = connection.execute(
                f"SELECT * FROM jobs WHERE {_SAME} AND {condition} ORDER BY entry DESC LIMIT 1",
                (*_asked(question), *values),
            ).fetchone()
        return _entry(row) if row else None

    def _change(self, entry: Entry, **values: str | int | None) -> Entry:
        values["changed_at"] = _now()
        assignments = ", ".join(f"{name} = ?" for name in values)
        with self._open() as connection:
            connection.execute(f"UPDATE jobs SET {assignments} WHERE entry = ?", (*values.values(), entry.number))
            return _read(connection, entry.number)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._file, timeout=60)
        try:
            connection.row_factory = sqlite3.Row
            with connection:
                yield connection
        finally:
            connection.close()


def _read(connection: sqlite3.Connection, number: int) -> Entry:
    return _entry(connection.execute("SELECT * FROM jobs WHERE entry = ?", (number,)).fetchone())


def _asked(question: Question) -> tuple[str, ...]:
    """The values that `_SAME` takes."""
    return question.org, question.stream, question.day.isoformat(), question.interval, question.body_hash


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _entry(row: sqlite3.Row) -> Entry:
    question = Question(
        org=row["org"],
        stream=row["stream"],
        family=row["family"],
        day=date.fromisoformat(row["day"]),
        interval=row["interval"],
        body_hash=row["body_hash"],
    )
    return Entry(
        number=row["entry"],
        question=question,
        request=row["request"],
        state=row["state"],
        job_id=row["job_id"],
        cursor=row["cursor"],
        pages=row["pages"],
        exhausted=bool(row["exhausted"]),
        watermark=_instant(row["watermark"]),
        submitted_at=_instant(row["submitted_at"]),
        expiration_date=_instant(row["expiration_date"]),
        note=row["note"],
        asked_as=row["asked_as"],
    )
