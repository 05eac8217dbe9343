"""Files kept whole in the lake as they came, such as an export: one name a day, replaced in one step."""

import hashlib
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from analytics_platform.lake.errors import LakeError, told
from analytics_platform.lake.protection import Protection

_CHUNK = 1 << 20


@dataclass(frozen=True)
class StagedFile:
    """A whole file on disk that no reader sees yet.

    `size` in bytes and `sha256`, as hexadecimal digits, are of the file as it came, also where it is kept encrypted.
    """

    folder: str
    day: date
    name: str
    size: int
    sha256: str
    _file: Path
    _publish: Callable[[Path, str, date, str], None]
    _protection: Protection = Protection()  # noqa: RUF009 - frozen

    def read(self) -> bytes:
        """All of it as it came, in memory."""
        return self._protection.opened(self._file.read_bytes(), self.name)

    def publish(self) -> None:
        """Replace the day's file of this name in one step. Only once; LakeError on failure."""
        if not self._file.exists():
            raise LakeError(f"The staged {self.name} of {self.day} was published or discarded before; stage it again.")
        self._publish(self._file, self.folder, self.day, self.name)

    def discard(self) -> None:
        """Remove the staged file; nothing happens when it is published or discarded already."""
        self._file.unlink(missing_ok=True)


class FileWriter:
    """Takes a file's bytes through `sink`, which may be rewound and cut to begin again.

    A context manager: leaving it before `seal` discards the file.
    """

    def __init__(
        self,
        folder: str,
        day: date,
        name: str,
        file: Path,
        publish: Callable[[Path, str, date, str], None],
        protection: Protection = Protection(),  # noqa: B008 - frozen
    ) -> None:
        self._made = (folder, day, name)
        self._file = file
        self._publish = publish
        self._protection = protection
        self._sealed = False
        with self._told():
            self.sink: BinaryIO = file.open("w+b")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._sealed:
            with suppress(OSError):
                self.sink.close()
            self._file.unlink(missing_ok=True)

    def seal(self) -> StagedFile:
        """Put the bytes safely on disk and take their digest. Write nothing afterwards."""
        folder, day, name = self._made
        digest, size = hashlib.sha256(), 0
        with self._told():
            self.sink.flush()
            os.fsync(self.sink.fileno())
            self.sink.seek(0)
            while piece := self.sink.read(_CHUNK):
                digest.update(piece)
                size += len(piece)
            if self._protection.seals_files:
                self._encrypt()
            self.sink.close()
        self._sealed = True
        return StagedFile(folder, day, name, size, digest.hexdigest(), self._file, self._publish, self._protection)

    def _encrypt(self) -> None:
        """Put what was taken in its place encrypted; it is held in memory, as its readers hold it."""
        self.sink.seek(0)
        encrypted = self._protection.closed(self.sink.read())
        self.sink.seek(0)
        self.sink.truncate()
        self.sink.write(encrypted)
        self.sink.flush()
        os.fsync(self.sink.fileno())

    def _told(self) -> AbstractContextManager[None]:
        folder, day, name = self._made
        return told(f"writing {name} of {folder} of {day}", str(self._file.parent.parent), writing=True)
