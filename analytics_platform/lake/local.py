"""A lake in a folder: publishing is a rename on the same file system."""

import os
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.fs as pafs

from analytics_platform.lake.errors import told
from analytics_platform.lake.place import FILE, day_folder, day_of, is_table


class LocalPlace:
    """A folder, which need not exist yet."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.abspath(root))  # noqa: PTH100 - resolve() would follow a link that may be changed
        self.name = str(self.root)
        self.filesystem: pafs.FileSystem = pafs.LocalFileSystem()
        self.steady = True
        self.readers = 1  # a warm manifest costs 0.05 ms, nearly all of it CPU: more would only wait for each other
        self.staging_parent = self.root / ".staging"

    def path(self, table: str, day: date, name: str = FILE) -> str:
        return f"{self.name}{os.sep}{table}{os.sep}{day_folder(day)}{os.sep}{name}"  # a look at a lake asks thousands

    def table_path(self, table: str) -> str:
        return str(self.root / table)

    def tables(self) -> list[str]:
        with told("listing the tables", self.name):
            try:
                names = [entry.name for entry in os.scandir(self.root) if is_table(entry.name) and entry.is_dir()]
            except FileNotFoundError:
                return []
        return sorted(name for name in names if self.days(name))

    def days(self, table: str) -> list[date]:
        folder = self.root / table
        with told(f"listing the days of {table}", str(folder)):
            try:
                found = [
                    day
                    for entry in os.scandir(folder)
                    if (day := day_of(entry.name)) and os.path.isfile(f"{entry.path}{os.sep}{FILE}")  # noqa: PTH113
                ]
            except FileNotFoundError:
                return []
        return sorted(found)

    def open(self, table: str, day: date, name: str = FILE) -> pa.NativeFile:
        path = self.path(table, day, name)
        with told(f"opening {table} of {day}", path):
            return pa.OSFile(path, "rb")

    def publish(self, staged: Path, table: str, day: date, name: str = FILE) -> None:
        final = Path(self.path(table, day, name))
        with told(f"publishing {table} of {day}", self.name, writing=True):
            self._move(staged, final)

    def link(self, folder: Path, partitions: Mapping[str, Collection[date]]) -> bool:
        for table, days in partitions.items():
            (folder / table).mkdir(parents=True)
            for day in days:
                try:
                    _link(self.path(table, day), folder / table / f"{day}.parquet")
                except OSError:
                    return False  # a file system without hard links
        return True

    def remove(self, table: str, day: date, name: str = FILE) -> None:
        final = Path(self.path(table, day, name))
        with told(f"removing {table} of {day}", self.name, writing=True):
            try:
                final.unlink()
            except FileNotFoundError:
                return
            sync_folder(final.parent)
            with suppress(OSError):  # not empty, or taken by another process meanwhile: it may stay
                final.parent.rmdir()

    def check_writable(self) -> None:
        probe = self.staging_parent / f"probe-{uuid4().hex}"
        with told("trying whether the lake is writable", self.name, writing=True):
            self.staging_parent.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"probe")
            moved = probe.with_suffix(".moved")
            probe.replace(moved)
            moved.unlink()

    def _move(self, staged: Path, final: Path) -> None:
        while True:
            made = [folder for folder in (final.parent, *final.parent.parents) if not folder.exists()]
            final.parent.mkdir(parents=True, exist_ok=True)
            try:
                staged.replace(final)
            except FileNotFoundError:
                if staged.exists():
                    continue  # another process removed the old partition and its empty folder just now
                raise
            break
        # A rename is durable once its folder is on disk; a new folder once its parent is.
        sync_folder(final.parent)
        for folder in made:
            sync_folder(folder.parent)


def _link(path: str, link: Path) -> None:
    """Link to the file at `path`, whichever it is; nothing happens when there is none any more."""
    while True:
        try:
            return os.link(path, link)
        except FileNotFoundError:
            # Also said of a file that was replaced between looking it up and linking it.
            if not Path(path).exists():
                return None


def sync_folder(folder: Path) -> None:
    """Put on disk which files a folder names: a new file or a rename is durable only then."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return  # another process removed the partition again
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
