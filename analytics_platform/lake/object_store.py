"""A lake in an object store: publishing is a checked upload to a staging key, then a server-side copy."""

import shutil
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.fs as pafs

from analytics_platform.lake.errors import LakeError, LakeUnreachable, told
from analytics_platform.lake.place import FILE, day_folder, day_of, is_table

_STAGING = ".staging"
_LEFT_BEHIND = timedelta(days=1)
_CHUNK = 8 << 20


class ObjectStorePlace:
    """A prefix in a bucket. Its staging keys live below `<root>/.staging/`."""

    def __init__(self, name: str, filesystem: pafs.FileSystem, root: str, scratch: Path) -> None:
        self.name = name
        self.root = root.rstrip("/")
        self.filesystem = filesystem
        self.steady = False
        self.readers = 16
        self.staging_parent = scratch
        self._swept = False

    def path(self, table: str, day: date, name: str = FILE) -> str:
        return f"{self.root}/{table}/{day_folder(day)}/{name}"

    def table_path(self, table: str) -> str:
        return f"{self.root}/{table}"

    def tables(self) -> list[str]:
        with told("listing the tables", self.name):
            found = self.filesystem.get_file_info(pafs.FileSelector(self.root, allow_not_found=True))
            if not found:
                self._check_bucket()
        names = [entry.base_name for entry in found if entry.type is pafs.FileType.Directory]
        return sorted(name for name in names if is_table(name) and self.days(name))

    def days(self, table: str) -> list[date]:
        selector = pafs.FileSelector(self.table_path(table), allow_not_found=True, recursive=True)
        with told(f"listing the days of {table}", self.name):
            found = self.filesystem.get_file_info(selector)
            if not found:
                self._check_bucket()
        days = [
            day_of(entry.path.split("/")[-2])
            for entry in found
            if entry.type is pafs.FileType.File and entry.base_name == FILE
        ]
        return sorted(day for day in days if day)

    def open(self, table: str, day: date, name: str = FILE) -> pa.NativeFile:
        with told(f"opening {table} of {day}", self.name):
            return self.filesystem.open_input_file(self.path(table, day, name))

    def publish(self, staged: Path, table: str, day: date, name: str = FILE) -> None:
        key = self._staging_key()
        with told(f"publishing {table} of {day}", self.name, writing=True):
            self._sweep()
            self._upload(staged, key)
            # One request on the server: the final key never holds part of a file.
            self.filesystem.copy_file(key, self.path(table, day, name))
            self.filesystem.delete_file(key)
        staged.unlink()

    def link(self, folder: Path, partitions: Mapping[str, Collection[date]]) -> bool:
        return False

    def remove(self, table: str, day: date, name: str = FILE) -> None:
        with told(f"removing {table} of {day}", self.name, writing=True):
            if self.filesystem.get_file_info(self.path(table, day, name)).type is pafs.FileType.File:
                self.filesystem.delete_file(self.path(table, day, name))

    def check_writable(self) -> None:
        key = self._staging_key()
        with told("trying whether the lake is writable", self.name, writing=True):
            with self.filesystem.open_output_stream(key) as sink:
                sink.write(b"probe")
            self.filesystem.copy_file(key, f"{key}.moved")
            self.filesystem.delete_file(key)
            self.filesystem.delete_file(f"{key}.moved")

    def _check_bucket(self) -> None:
        """An empty listing may mean a bucket that is not there: that is a mistake, not an empty lake."""
        bucket = self.root.partition("/")[0]
        if self.filesystem.get_file_info(bucket).type is pafs.FileType.NotFound:
            raise LakeUnreachable(
                f"The bucket or container {bucket} of the lake {self.name} does not exist; create it or correct the "
                "address."
            )

    def _sweep(self) -> None:
        """Once a process: remove staging keys that killed processes left behind a day ago or longer."""
        if self._swept:
            return
        self._swept = True
        before = datetime.now(UTC) - _LEFT_BEHIND
        selector = pafs.FileSelector(f"{self.root}/{_STAGING}", allow_not_found=True)
        for entry in self.filesystem.get_file_info(selector):
            if entry.type is pafs.FileType.File and entry.mtime is not None and entry.mtime < before:
                self.filesystem.delete_file(entry.path)

    def _staging_key(self) -> str:
        return f"{self.root}/{_STAGING}/{uuid4().hex}"

    def _upload(self, staged: Path, key: str) -> None:
        # A stream that is closed completes the upload, also after an error; hence the size is looked at.
        try:
            with staged.open("rb") as source, self.filesystem.open_output_stream(key) as sink:
                shutil.copyfileobj(source, sink, _CHUNK)
        except OSError:
            with suppress(OSError):
                self.filesystem.delete_file(key)
            raise
        wanted, found = staged.stat().st_size, self.filesystem.get_file_info(key).size
        if found != wanted:
            self.filesystem.delete_file(key)
            raise LakeError(
                f"The upload to {self.name} ended with {found} of {wanted} bytes; nothing landed was harmed: run again."
            )
