"""The file behind the request budget: which requests went out when, and how long the vendor asked all to pause.

One SQLite file per OAuth client and API host. Every operation is one `BEGIN IMMEDIATE` transaction, so processes take
turns, and one that is killed in the middle leaves the file as it was before: the kernel drops its locks and SQLite its
half-written transaction. Instants are nanoseconds since 1970 UTC.
"""

import os
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
_TABLES = """
CREATE TABLE IF NOT EXISTS grants (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS grants_at ON grants (at);
CREATE TABLE IF NOT EXISTS state (
    one INTEGER PRIMARY KEY CHECK (one = 1), seen INTEGER NOT NULL, paused_until INTEGER NOT NULL,
    window_ends INTEGER NOT NULL, window_count INTEGER NOT NULL, window_allowed INTEGER NOT NULL
);
INSERT OR IGNORE INTO state VALUES (1, 0, 0, 0, 0, 0);
"""


@dataclass(frozen=True)
class Booking:
    """Leave to send one request at the instant `at`; `pause` is how long the vendor's pause still lasts (both ns)."""

    id: int
    at: int
    wait: int
    pause: int


@dataclass
class _State:
    now: int
    paused_until: int
    window_ends: int
    window_count: int
    window_allowed: int


class BudgetFile:
    """Bookings and pauses shared by threads and processes. Opened when first used, and anew in a forked process."""

    def __init__(self, path: Path, *, limit: int, window: float) -> None:
        self.path = path
        self._limit = limit
        self._window = int(window * SECOND)
        self._lock = threading.Lock()
        self._opened: sqlite3.Connection | None = None
        self._opened_by = 0

    def book(self, instead_of: Booking | None = None) -> Booking:
        """The next free instant, after all booked before, so that waiting is first come, first served.

        With `instead_of`, that booking stays as it is unless a pause was set that reaches past its instant.
        """
        with self._transaction() as (cursor, state):
            pause = max(0, state.paused_until - state.now)
            if instead_of is not None:
                # Read again, since a clock set back moves it.
                row = cursor.execute("SELECT at FROM grants WHERE id = ?", (instead_of.id,)).fetchone()
                held = int(row[0]) if row else state.now
                if state.paused_until <= held:
                    return Booking(instead_of.id, held, max(0, held - state.now), pause)
                cursor.execute("DELETE FROM grants WHERE id = ?", (instead_of.id,))
            cursor.execute("DELETE FROM grants WHERE at <= ?", (state.now - self._window,))
            at = max(state.now, state.paused_until, self._newest(cursor, 0))
            at = max(at, self._newest(cursor, self._limit - 1) + self._window)
            if at < state.window_ends:
                # What the vendor counts, other machines' requests included, plus ours since its last answer.
                if state.window_count < state.window_allowed:
                    state.window_count += 1
                else:
                    at = state.window_ends
            cursor.execute("INSERT INTO grants (at) VALUES (?)", (at,))
            return Booking(cursor.lastrowid or 0, at, at - state.now, pause)

    def cancel(self, booking: Booking) -> None:
        """Give a booking back; the request will not be sent."""
        with self._transaction() as (cursor, _):
            cursor.execute("DELETE FROM grants WHERE id = ?", (booking.id,))

    def pause(self, seconds: float) -> None:
        """Let nobody send for so long; a longer pause already set stays."""
        with self._transaction() as (_, state):
            state.paused_until = max(state.paused_until, state.now + int(seconds * SECOND))

    def learn(self, *, count: int, allowed: int, reset: float) -> None:
        """Take in the vendor's own count: `count` of `allowed` requests used, counted anew in `reset` seconds."""
        with self._transaction() as (_, state):
            ends = state.now + int(reset * SECOND)
            # `reset` is in whole seconds, so the ends of one window differ a little. The end first heard stays: were
            # `reset` always the same, a moving end would keep a count that never falls.
            same = abs(ends - state.window_ends) <= 2 * SECOND
            state.window_count = max(count, state.window_count) if same else count
            state.window_ends = state.window_ends if same else ends
            state.window_allowed = allowed
            if count >= allowed:
                state.paused_until = max(state.paused_until, ends)

    def instants(self) -> list[int]:
        """The booked instants of the last window and after, oldest first."""
        with self._transaction() as (cursor, state):
            rows = cursor.execute("SELECT at FROM grants WHERE at > ? ORDER BY at", (state.now - self._window,))
            return [at for (at,) in rows]

    def close(self) -> None:
        with self._lock:
            if self._opened is not None and self._opened_by == os.getpid():
                self._opened.close()
            self._opened = None

    @staticmethod
    def _newest(cursor: sqlite3.Cursor, before: int) -> int:
        row = cursor.execute("SELECT at FROM grants ORDER BY at DESC LIMIT 1 OFFSET ?", (before,)).fetchone()
        return int(row[0]) if row else 0

    @contextmanager
    def _transaction(self) -> Iterator[tuple[sqlite3.Cursor, _State]]:
        problem = ""
        with self._lock:
            try:
                connection = self._connection()
                try:
                    cursor = connection.execute("BEGIN IMMEDIATE")
                    state = self._read(cursor)
                    yield cursor, state
                    self._write(cursor, state)
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
            "or stop all runs and delete the file."
        )

    @staticmethod
    def _read(cursor: sqlite3.Cursor) -> _State:
        now = time.time_ns()
        seen, paused, ends, count, allowed = cursor.execute(
            "SELECT seen, paused_until, window_ends, window_count, window_allowed FROM state"
        ).fetchone()
        back = seen - now
        if back > 0:
            # The machine's clock was set back: everything stored moves with it, else all would wait for so long.
            cursor.execute("UPDATE grants SET at = at - ?", (back,))
            paused, ends = paused - back, ends - back
        return _State(now, paused, ends, count, allowed)

    @staticmethod
    def _write(cursor: sqlite3.Cursor, state: _State) -> None:
        cursor.execute(
            "UPDATE state SET seen = ?, paused_until = ?, window_ends = ?, window_count = ?, window_allowed = ?",
            (state.now, state.paused_until, state.window_ends, state.window_count, state.window_allowed),
        )

    def _connection(self) -> sqlite3.Connection:
        if self._opened is not None and self._opened_by == os.getpid():
            return self._opened
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Several processes that first open one file at once can fail to switch it to WAL.
        with FileLock(self.path.with_suffix(".lock"), timeout=_LONGEST_LOCK):
            opened = sqlite3.connect(self.path, timeout=_LONGEST_LOCK, isolation_level=None, check_same_thread=False)
            opened.execute("PRAGMA journal_mode = WAL")
            opened.execute("PRAGMA synchronous = NORMAL")
            opened.executescript(_TABLES)
        self._opened, self._opened_by = opened, os.getpid()
        return opened
