"""The file behind the request budget: which requests went out when, and how long the vendor asked all to pause.

One SQLite file per OAuth client and API host. Every operation is one `BEGIN IMMEDIATE` transaction, so processes take
turns, and one that is killed in the middle leaves the file as it was before: the kernel drops its locks and SQLite its
half-written transaction.

Instants are nanoseconds of the machine's monotonic clock, which all its processes share and nobody can set. It starts
anew when the machine does; what was stored then moves with it.

A file that is deleted while others use it is made anew. A fresh one cannot know what went out in the last minute, the
vendor's count can: until an answer has told it, requests go one at a time. So they do at the start of each of the
vendor's minutes while it counts more than we sent, or allows less than we would send.
"""

import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from analytics_platform.source.errors import BudgetUnusable

SECOND = 1_000_000_000
_LONGEST_LOCK = 30.0
_LOOK = SECOND // 20
"""Time between two looks whether the one request under way was answered."""
_PATIENCE = 5 * SECOND
"""How long that request holds up the others: its process may have been killed."""
_LATE = SECOND // 2
"""How late after its instant a booking is still good; the window is a second longer than the vendor's."""
_TABLES = """
CREATE TABLE IF NOT EXISTS grants (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, answered INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS grants_at ON grants (at);
CREATE TABLE IF NOT EXISTS state (
    one INTEGER PRIMARY KEY CHECK (one = 1), seen INTEGER NOT NULL, paused_until INTEGER NOT NULL,
    window_ends INTEGER NOT NULL, window_count INTEGER NOT NULL, window_allowed INTEGER NOT NULL,
    careful INTEGER NOT NULL
);
INSERT OR IGNORE INTO state VALUES (1, 0, 0, 0, 0, 0, 1);
"""


@dataclass(frozen=True)
class Booking:
    """Leave to send one request in `wait`; `pause` is how long the vendor's pause still lasts (both ns)."""

    id: int
    wait: int
    pause: int


@dataclass(frozen=True)
class Outlook:
    """How a budget stands: requests of the last window and those booked ahead, how long a request booked now would
    wait, and how long the vendor's pause still lasts (both ns)."""

    used: int
    wait: int
    pause: int


@dataclass
class _State:
    now: int
    paused_until: int
    window_ends: int
    window_count: int
    window_allowed: int
    careful: bool
    """Whether the beginning of a window that nothing is known of is no time to hurry."""


class BudgetFile:
    """Bookings and pauses shared by threads and processes. Opened when first used, and anew in a forked process and
    where the file was deleted."""

    def __init__(self, path: Path, *, limit: int, window: float) -> None:
        self.path = path
        self._limit = limit
        self._window = int(window * SECOND)
        self._lock = threading.Lock()
        self._opened: sqlite3.Connection | None = None
        self._opened_as: tuple[int, ...] = ()

    def book(self, instead_of: Booking | None = None) -> Booking:
        """The next free instant, after all booked before, so that waiting is first come, first served.

        With `instead_of`, whose time to wait is over, that booking becomes leave to send now, unless what was learnt
        meanwhile forbids it.
        """
        with self._transaction() as (cursor, state):
            pause = max(0, state.paused_until - state.now)
            if instead_of is not None and (at := _instant_of(cursor, instead_of)) is not None:
                if at > state.now and state.paused_until <= at:
                    return Booking(instead_of.id, at - state.now, pause)
                if 0 <= state.now - at <= _LATE and self._still_good(cursor, state, at, instead_of.id):
                    return Booking(instead_of.id, 0, pause)
                cursor.execute("DELETE FROM grants WHERE id = ?", (instead_of.id,))
            cursor.execute("DELETE FROM grants WHERE at <= ?", (state.now - self._window,))
            at = self._earliest(cursor, state)
            if at <= state.now and self._one_is_out(cursor, state, 0):
                return Booking(0, _LOOK, pause)
            # Not numbered: a booking of a file that was deleted meanwhile must name none of the new one's.
            number = 1 + random.getrandbits(62)
            cursor.execute("INSERT INTO grants (id, at) VALUES (?, ?)", (number, at))
            return Booking(number, at - state.now, pause)

    def cancel(self, booking: Booking) -> None:
        """Give a booking back; the request was not sent."""
        with self._transaction() as (cursor, _):
            cursor.execute("DELETE FROM grants WHERE id = ?", (booking.id,))

    def pause(self, seconds: float) -> None:
        """Let nobody send for so long; a longer pause already set stays."""
        with self._transaction() as (_, state):
            state.paused_until = max(state.paused_until, state.now + int(seconds * SECOND))

    def answered(self, booking: Booking) -> None:
        """A request was answered, so that the vendor's count, where it is told, holds it."""
        with self._transaction() as (cursor, _):
            cursor.execute("UPDATE grants SET answered = 1 WHERE id = ?", (booking.id,))

    def learn(self, *, count: int, allowed: int, reset: float) -> None:
        """Take in the vendor's own count: `count` of `allowed` requests used, counted anew in `reset` seconds."""
        with self._transaction() as (cursor, state):
            ends = state.now + int(reset * SECOND)
            # `reset` is in whole seconds, so the ends of one window differ a little. The end first heard stays: were
            # `reset` always the same, a moving end would keep a count that never falls.
            same = abs(ends - state.window_ends) <= 2 * SECOND
            ours = _counted(cursor, "at > ? AND at <= ?", state.now - self._window, state.now)
            surprising = count > ours or allowed < self._limit
            state.careful = surprising or (same and state.careful)
            state.window_count = max(count, state.window_count) if same else count
            state.window_ends = state.window_ends if same else ends
            state.window_allowed = allowed
            if count >= allowed:
                state.paused_until = max(state.paused_until, ends)

    def told_nothing(self) -> None:
        """An answer came without the vendor's count: there is nothing to wait for."""
        with self._transaction() as (_, state):
            state.careful = False

    def outlook(self) -> Outlook:
        """How the budget stands now."""
        with self._transaction() as (cursor, state):
            used = _counted(cursor, "at > ?", state.now - self._window)
            at = self._earliest(cursor, state)
            return Outlook(used, max(0, at - state.now), max(0, state.paused_until - state.now))

    def ages(self) -> list[int]:
        """How long ago each request of the last window was allowed (ns), the oldest first; below zero for those booked
        ahead."""
        with self._transaction() as (cursor, state):
            rows = cursor.execute("SELECT at FROM grants WHERE at > ? ORDER BY at", (state.now - self._window,))
            return [state.now - at for (at,) in rows]

    def close(self) -> None:
        with self._lock:
            self._close()

    def _earliest(self, cursor: sqlite3.Cursor, state: _State) -> int:
        """The instant at which a request booked now may go, by our own count and the vendor's."""
        at = max(state.now, state.paused_until, _newest(cursor, 0))
        at = max(at, _newest(cursor, self._limit - 1) + self._window)
        if at < state.window_ends and not self._vendor_allows(cursor, state, state.window_ends, 0):
            at = state.window_ends
        return at

    def _still_good(self, cursor: sqlite3.Cursor, state: _State, at: int, booking: int) -> bool:
        """Whether a booking whose instant has come may be used."""
        if state.paused_until > at or self._one_is_out(cursor, state, booking):
            return False
        return state.now >= state.window_ends or self._vendor_allows(cursor, state, at, booking)

    @staticmethod
    def _vendor_allows(cursor: sqlite3.Cursor, state: _State, before: int, booking: int) -> bool:
        """Whether the vendor's window has room: its own count, other machines' requests included, and ours before an
        instant that it may not have counted yet."""
        unanswered = _counted(cursor, "answered = 0 AND (at < ? OR (at = ? AND id < ?))", before, before, booking)
        return state.window_count + unanswered < state.window_allowed

    @staticmethod
    def _one_is_out(cursor: sqlite3.Cursor, state: _State, booking: int) -> bool:
        """Whether a request is under way whose answer will tell what the vendor counts, which nobody knows yet."""
        if not state.careful or state.now < state.window_ends:
            return False
        under_way = "answered = 0 AND at > ? AND at <= ? AND id <> ?"
        return _counted(cursor, under_way, state.now - _PATIENCE, state.now, booking) > 0

    @contextmanager
    def _transaction(self) -> Iterator[tuple[sqlite3.Cursor, _State]]:
        problem = ""
        with self._lock:
            try:
                connection = self._connection()
                try:
                    cursor = connection.execute("BEGIN IMMEDIATE")
                    state = _read(cursor)
                    yield cursor, state
                    _write(cursor, state)
                    connection.execute("COMMIT")
                except BaseException:
                    # An open transaction would hold up every process.
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
                return
            except (sqlite3.Error, OSError, Timeout) as fault:
                problem = str(fault)
        raise BudgetUnusable(
            f"The request budget {self.path} cannot be used ({problem}): make its folder writable, "
            "or delete the file, which is made anew."
        )

    def _connection(self) -> sqlite3.Connection:
        if self._opened is not None and self._opened_as == self._identity():
            return self._opened
        self._close()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Several processes that first open one file at once can fail to switch it to WAL.
        with FileLock(self.path.with_suffix(".lock"), timeout=_LONGEST_LOCK):
            if not self.path.exists():
                for left in ("-wal", "-shm"):
                    # Of a file that was deleted; they would be taken for the new one's.
                    self.path.with_name(self.path.name + left).unlink(missing_ok=True)
            opened = sqlite3.connect(self.path, timeout=_LONGEST_LOCK, isolation_level=None, check_same_thread=False)
            opened.execute("PRAGMA journal_mode = WAL")
            opened.execute("PRAGMA synchronous = NORMAL")
            opened.executescript(_TABLES)
            self._opened, self._opened_as = opened, self._identity()
        return opened

    def _close(self) -> None:
        if self._opened is not None and self._opened_as[:1] == (os.getpid(),):
            self._opened.close()
        self._opened = None

    def _identity(self) -> tuple[int, ...]:
        """This process and the file as it is now."""
        try:
            file = self.path.stat()
        except FileNotFoundError:
            return (os.getpid(),)
        return os.getpid(), file.st_dev, file.st_ino


def _read(cursor: sqlite3.Cursor) -> _State:
    now = time.monotonic_ns()
    row = cursor.execute(
        "SELECT seen, paused_until, window_ends, window_count, window_allowed, careful FROM state"
    ).fetchone()
    if row is None:
        raise sqlite3.DatabaseError("its state is missing")
    seen, paused, ends, count, allowed, careful = row
    back = seen - now
    if back > 0:
        # The machine was started anew: everything stored moves with its clock, else all would wait for so long.
        cursor.execute("UPDATE grants SET at = at - ?", (back,))
        paused, ends = paused - back, ends - back
    return _State(now, paused, ends, count, allowed, bool(careful))


def _write(cursor: sqlite3.Cursor, state: _State) -> None:
    cursor.execute(
        "UPDATE state SET seen = ?, paused_until = ?, window_ends = ?, window_count = ?, window_allowed = ?,"
        " careful = ?",
        (
            state.now,
            state.paused_until,
            state.window_ends,
            state.window_count,
            state.window_allowed,
            int(state.careful),
        ),
    )


def _instant_of(cursor: sqlite3.Cursor, booking: Booking) -> int | None:
    row = cursor.execute("SELECT at FROM grants WHERE id = ?", (booking.id,)).fetchone()
    return int(row[0]) if row else None


def _newest(cursor: sqlite3.Cursor, before: int) -> int:
    row = cursor.execute("SELECT at FROM grants ORDER BY at DESC LIMIT 1 OFFSET ?", (before,)).fetchone()
    return int(row[0]) if row else -(2**62)


def _counted(cursor: sqlite3.Cursor, condition: str, *values: int) -> int:
    return int(cursor.execute(f"SELECT count(*) FROM grants WHERE {condition}", values).fetchone()[0])
