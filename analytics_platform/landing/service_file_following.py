"""Following the files of an export until they are whole: nothing tells when a server has written its last byte.

Files are whole when all are there, several looks found them unchanged, and they read to their ends. What is read is a
copy, so that what is hashed and kept is what the rows were made from.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from stat import S_ISREG

from analytics_platform.lake import Lake
from analytics_platform.lake.files import StagedFile
from analytics_platform.landing.errors import FilesNotDone, FilesRefused, FilesUnusable
from analytics_platform.landing.service_folders import ExportedFile, NotMapped
from analytics_platform.source.looks import looks
from analytics_platform.tables.service_files import (
    ReadFiles,
    ServiceFile,
    ServiceFilesNotWhole,
    ServiceFilesUnreadable,
    read_service_files,
)

KEPT_FILES = "service_files_kept"
"""The folder in the lake that holds the files as they came, by kind and format."""
_UNCHANGED = 2
"""Looks in a row that must find every file as the look before did."""
_LONGEST_PAUSE = 15.0
_Seen = Mapping[str, tuple[int, int] | None]
"""Size and instant of change of each file by its name, None where it is not there."""


@dataclass
class FollowedFiles:
    """What the files of an export hold, and the copies it was read from, staged for the lake."""

    read: ReadFiles
    copies: Mapping[str, StagedFile]
    """By the files' names."""

    def discard(self) -> None:
        """Give up the copies that are not published."""
        for copy in self.copies.values():
            copy.discard()


def follow(
    lake: Lake,
    day: date,
    files: Sequence[ExportedFile],
    *,
    first_pause: float,
    patience: float,
    on_look: Callable[[], None] = lambda: None,
) -> FollowedFiles:
    """The files of an export once they are whole, waited for up to `patience` seconds with growing pauses.

    Raises FilesRefused for a file that lies elsewhere, FilesNotDone where one still grows at the end, FilesUnusable
    where one is missing, breaks off or is unreadable, and LakeError. `on_look` is called at each look.
    """
    before: _Seen = {}
    unchanged = 0
    tried: _Seen | None = None
    reason = ""
    what = f"the files of {files[0].name.stamp}"
    for seen in looks(partial(_look, day, files), what, first_pause, patience, _LONGEST_PAUSE):
        on_look()
        unchanged = unchanged + 1 if seen == before else 0
        before = seen
        if unchanged < _UNCHANGED or None in seen.values() or seen == tried:
            continue
        tried = seen
        copies = _copied(lake, day, files)
        try:
            if _look(day, files) != seen:
                unchanged = 0
                continue
            contents = [ServiceFile(file.name, copies[file.name.name].read()) for file in files]
            found = FollowedFiles(read_service_files(contents), copies)
            copies = {}
            return found
        except ServiceFilesNotWhole as fault:
            reason = str(fault)
        except ServiceFilesUnreadable as fault:
            raise FilesUnusable(day, str(fault)) from None
        finally:
            for copy in copies.values():
                copy.discard()
    missing = [name for name, state in before.items() if state is None]
    if missing:
        raise FilesUnusable(day, f"{', '.join(missing)} did not appear")
    if unchanged < _UNCHANGED or not reason:
        raise FilesNotDone(day, files[0].name.name)
    raise FilesUnusable(day, reason)


def _look(day: date, files: Sequence[ExportedFile]) -> _Seen:
    seen: dict[str, tuple[int, int] | None] = {}
    for file in files:
        try:
            told = _resolved(day, file).stat()
        except FileNotFoundError:
            seen[file.name.name] = None
            continue
        except OSError as fault:
            raise _unreachable(day, file, fault) from None
        if not S_ISREG(told.st_mode):
            raise FilesRefused(day, f"{file.server_path} is no plain file")
        seen[file.name.name] = (told.st_size, told.st_mtime_ns)
    return seen


def _copied(lake: Lake, day: date, files: Sequence[ExportedFile]) -> dict[str, StagedFile]:
    copies: dict[str, StagedFile] = {}
    with ExitStack() as given_up:
        for file in files:
            try:
                source = _resolved(day, file).open("rb")
            except OSError as fault:
                raise _unreachable(day, file, fault) from None
            with source, lake.stage_file(KEPT_FILES, day, file.name.kept_as) as writer:
                shutil.copyfileobj(source, writer.sink, 1 << 20)
                copy = writer.seal()
            copies[file.name.name] = copy
            given_up.callback(copy.discard)
        given_up.pop_all()
    return copies


def _resolved(day: date, file: ExportedFile) -> Path:
    try:
        return file.resolved()
    except NotMapped as fault:
        raise FilesRefused(day, str(fault)) from None


def _unreachable(day: date, file: ExportedFile, fault: OSError) -> FilesUnusable:
    return FilesUnusable(day, f"{file.path} cannot be read ({fault.strerror or fault})")
