"""Where a lake lives: the one seam between a folder and an object store."""

import re
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.fs as pafs

FILE = "data.parquet"
"""The name of a partition's one file: constant, so that replacing it is one rename or one object put."""

_DAY = re.compile(r"day=(\d{4}-\d{2}-\d{2})")
_TABLE = re.compile(r"[a-z][a-z0-9_]{0,199}")


class Place(Protocol):
    """A folder or an object store that holds `<table>/day=YYYY-MM-DD/data.parquet`.

    A day's folder may hold a file of another `name`, kept as it came; it is no partition and no table's day.

    `name` is safe to print: it holds no credentials. `filesystem` and `path` are for readers of Arrow datasets.
    `readers` is how many footers are worth reading at once. `steady` says whether an open file stays as it is when the
    partition is replaced; where not, a read that needs several requests may meet two versions.
    """

    name: str
    filesystem: pafs.FileSystem
    staging_parent: Path
    readers: int
    steady: bool

    def path(self, table: str, day: date, name: str = FILE) -> str: ...

    def table_path(self, table: str) -> str: ...

    def tables(self) -> list[str]: ...

    def days(self, table: str) -> list[date]: ...

    def open(self, table: str, day: date, name: str = FILE) -> pa.NativeFile:
        """The partition's file for random access; FileNotFoundError when it has not landed."""
        ...

    def publish(self, staged: Path, table: str, day: date, name: str = FILE) -> None:
        """Replace the partition by the local file `staged`, which is gone afterwards."""
        ...

    def link(self, folder: Path, partitions: Mapping[str, Collection[date]]) -> bool:
        """Make `<folder>/<table>/YYYY-MM-DD.parquet` for these partitions as they are; False where none can be made.

        A link goes on showing the same file when its partition is replaced or removed.
        """
        ...

    def remove(self, table: str, day: date, name: str = FILE) -> None:
        """Remove the partition; nothing happens when it has not landed."""
        ...

    def check_writable(self) -> None: ...


def day_folder(day: date) -> str:
    return f"day={day.isoformat()}"


def day_of(folder: str) -> date | None:
    """The day a folder name says, or None when it is no partition's folder."""
    match = _DAY.fullmatch(folder)
    try:
        return date.fromisoformat(match.group(1)) if match else None
    except ValueError:
        return None


def is_table(name: str) -> bool:
    """Whether `name` may be a table's: small letters, digits and underscores, a letter first, 200 at most."""
    return _TABLE.fullmatch(name) is not None
