"""Where partitions are written before they are published: one folder a process, swept after its death."""

import os
import shutil
import threading
import weakref
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

_ALIVE = "alive.lock"
_DOOR = ".lock"


class Staging:
    """A folder of this process below `parent`; its lock is held while the process lives.

    Folders of dead processes are removed when the first file is asked for. Nothing is created before that. Safe for
    threads; a forked child gets a folder of its own.
    """

    def __init__(self, parent: Path) -> None:
        self.parent = parent
        self._guard = threading.Lock()
        self._folder: Path | None = None
        self._owner = 0

    def new_file(self) -> Path:
        """A path in this process's folder that nobody else uses."""
        return self._own() / f"{uuid4().hex}.parquet"

    def new_folder(self) -> Path:
        """A new, empty folder in this process's folder."""
        folder = self._own() / uuid4().hex
        folder.mkdir()
        return folder

    def _own(self) -> Path:
        with self._guard:
            if self._folder is None or self._owner != os.getpid():
                self._folder = self._enter()
                self._owner = os.getpid()
            return self._folder

    def _enter(self) -> Path:
        self.parent.mkdir(parents=True, exist_ok=True)
        folder = self.parent / uuid4().hex
        # Between making a folder and locking it, it would look dead; the door keeps sweepers out meanwhile.
        with FileLock(self.parent / _DOOR, preserve_lock_file=True):
            self._sweep()
            folder.mkdir()
            lock = FileLock(folder / _ALIVE, thread_local=False)
            lock.acquire(timeout=0)
        weakref.finalize(self, _leave, folder, lock, os.getpid())
        return folder

    def _sweep(self) -> None:
        for folder in self.parent.iterdir():
            if not folder.is_dir():
                continue
            lock = FileLock(folder / _ALIVE, thread_local=False)
            try:
                lock.acquire(timeout=0)
            except (Timeout, FileNotFoundError):
                continue
            shutil.rmtree(folder, ignore_errors=True)
            lock.release()


def _leave(folder: Path, lock: FileLock, owner: int) -> None:
    if os.getpid() == owner:  # a forked child inherits the finalizer, not the folder
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
