"""Snapshots that were taken and are not in the lake yet, each in a file that is there whole or not at all."""

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import quote

import msgspec

from analytics_platform.genesys_cloud.answered import Answered
from analytics_platform.lake.protection import Protection
from analytics_platform.lake.whole_file import whole_file

log = logging.getLogger(__name__)

_TICK = "%Y-%m-%dT%H%MZ"
_TAKEN, _BEGUN, _DAMAGED = ".msgpack", ".begun", ".damaged"


@dataclass(frozen=True)
class Snapshot:
    """What was answered at one instant: `tick` is when it was due, `taken_at` when asking began, UTC, whole ms."""

    tick: datetime
    taken_at: datetime
    answers: tuple[Answered, ...]


class Spool:
    """The snapshots of one stream of one org, below the folder of state. For one writer a day at a time."""

    def __init__(
        self,
        state: Path,
        source: str,
        stream: str,
        protection: Protection = Protection(),  # noqa: B008 - frozen
    ) -> None:
        self._protection = protection
        self._folder = state / "snapshots" / quote(source, safe="") / stream

    def take(self, tick: datetime, taken_at: datetime, ask: Callable[[], Iterable[Answered]]) -> None:
        """Ask, and keep all answers once the last has come; whatever asking raises leaves nothing kept."""
        self._folder.mkdir(parents=True, exist_ok=True)
        begun = self._file(tick, _BEGUN)
        begun.touch()
        try:
            whole_ms = taken_at.replace(microsecond=taken_at.microsecond // 1000 * 1000)
            snapshot = Snapshot(tick, whole_ms, tuple(ask()))
            with whole_file(self._file(tick, _TAKEN)) as file:
                file.write_bytes(self._protection.closed(msgspec.msgpack.encode(snapshot)))
        finally:
            begun.unlink(missing_ok=True)

    def ticks(self, day: date) -> Sequence[datetime]:
        """The ticks of a day that wait for the lake, in order."""
        return [tick for tick in self._ticks(_TAKEN) if tick.date() == day]

    def days(self) -> set[date]:
        """The days of which something waits."""
        return {tick.date() for tick in self._ticks(_TAKEN)}

    def read(self, tick: datetime) -> Snapshot | None:
        """A snapshot that waits; None where its file cannot be read, which is then set aside and told in the log."""
        file = self._file(tick, _TAKEN)
        try:
            kept = self._protection.opened(file.read_bytes(), f"The snapshot of {_text(tick)}")
            return msgspec.msgpack.decode(kept, type=Snapshot)
        except msgspec.MsgspecError as fault:
            aside = file.rename(file.with_suffix(_DAMAGED))
            log.warning(
                "The snapshot kept in %s is damaged (%s) and will not land; it is kept as %s.", file, fault, aside
            )
            return None

    def let_go(self, landed: Collection[datetime]) -> None:
        """Remove what is in the lake."""
        for tick in self._ticks(_TAKEN):
            if tick in landed:
                self._file(tick, _TAKEN).unlink()

    def drop_unfinished(self, day: date) -> None:
        """Tell in the log which snapshots of a day were begun by a run that was killed: nothing of them is kept."""
        for tick in [tick for tick in self._ticks(_BEGUN) if tick.date() == day]:
            log.warning(
                "The snapshot of %s was begun and never finished, its run was killed: nothing of it lands.", _text(tick)
            )
            self._file(tick, _BEGUN).unlink(missing_ok=True)

    def _ticks(self, suffix: str) -> list[datetime]:
        return sorted(
            datetime.strptime(file.stem, _TICK).replace(tzinfo=UTC) for file in self._folder.glob(f"*{suffix}")
        )

    def _file(self, tick: datetime, suffix: str) -> Path:
        return self._folder / f"{tick.strftime(_TICK)}{suffix}"


def _text(tick: datetime) -> str:
    return f"{tick:%Y-%m-%d %H:%M} UTC"
