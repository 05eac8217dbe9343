"""A file that appears whole or not at all, wherever somebody wants one: beside the tables, not one of them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from analytics_platform.lake.errors import LakeError
from analytics_platform.lake.local import sync_folder


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path beside `path` to write a new file to; when the block ends well it takes the place of `path` in one step,
    durably.

    When the block fails the new file goes away and what was there stays. Folders are made as needed. LakeError where
    the place takes no file.
    """
    staged = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        yield staged
        _sync(staged)
        staged.replace(path)
        sync_folder(path.parent)
    except OSError as fault:
        raise LakeError(f"Cannot write the file {path} ({fault.strerror or fault}): name another place.") from fault
    finally:
        with suppress(OSError):
            staged.unlink(missing_ok=True)


def _sync(file: Path) -> None:
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
