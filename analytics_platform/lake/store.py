"""The lake: tables in day partitions, each one Parquet file that carries its own manifest."""

import contextlib
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from analytics_platform.lake.errors import KeyAway, LakeError, PartitionDamaged, PartitionMissing, told
from analytics_platform.lake.files import FileWriter
from analytics_platform.lake.frames import scan_days
from analytics_platform.lake.layout import Layout
from analytics_platform.lake.manifest import ENCRYPTED, TAIL, Manifest, manifest_at_end, manifest_of, verify
from analytics_platform.lake.partition import PartitionWriter, StagedPartition
from analytics_platform.lake.place import FILE, Place, is_table
from analytics_platform.lake.places import place_at
from analytics_platform.lake.protection import Protection
from analytics_platform.lake.staging import Staging

if TYPE_CHECKING:
    import polars as pl

_READ_AGAIN = 3
_T = TypeVar("_T")


class Lake:
    """A lake at a folder or an object store: `<root>/<table>/day=YYYY-MM-DD/data.parquet`.

    Safe for threads and for several processes at once. Days are UTC calendar days. Faults are LakeError.
    """

    def __init__(self, place: Place, protection: Protection = Protection()) -> None:  # noqa: B008 - frozen
        self.place = place
        self.protection = protection
        self._staging = Staging(place.staging_parent)

    @classmethod
    def open(
        cls,
        url: str | Path,
        *,
        scratch: Path | None = None,
        protection: Protection = Protection(),  # noqa: B008 - frozen
    ) -> "Lake":
        """The lake at a local folder or an `s3://`, `gs://` or `abfs://` URL; nothing is created or asked yet.

        The URL's query string is pyarrow's (`?region=eu-central-1`); the vendors' environment variables hold too
        (`AWS_ENDPOINT_URL`, `AWS_REGION`, credentials). `scratch` is the local folder in which files for an object
        store are written before upload; the system's temporary folder where None. `protection` says what becomes of
        people's data in all that is written.
        """
        return cls(place_at(url, scratch), protection)

    def __repr__(self) -> str:
        return f"Lake({self.place.name!r})"

    def check_writable(self) -> None:
        """Prove that a file can be written, moved and deleted here; LakeError otherwise."""
        self.place.check_writable()

    def stage(
        self,
        table: str,
        day: date,
        schema: pa.Schema,
        layout: Layout = Layout(),  # noqa: B008 - frozen
    ) -> PartitionWriter:
        """Begin a partition; no reader sees it before `seal(...).publish()`.

        ValueError when the table's name is not small letters, digits and underscores, when the schema has a column
        `day`, which the folder's name says, or when the layout does not fit the schema.
        """
        if not is_table(table):
            raise ValueError(f"A table's name is small letters, digits and underscores, a letter first: {table!r}.")
        if "day" in schema.names:
            raise ValueError(f"The schema of {table} has a column `day`; the partition's folder says the day.")
        with told(f"staging {table} of {day}", str(self._staging.parent), writing=True):
            file = self._staging.new_file()
        return PartitionWriter(table, day, schema, layout, file, self._publish, self.protection)

    def stage_file(self, folder: str, day: date, name: str) -> FileWriter:
        """Begin a file kept as it comes, `<root>/<folder>/day=YYYY-MM-DD/<name>`; no reader sees it before
        `seal().publish()`. The folder is one of its own: readers of tables may stumble over what is no Parquet.
        """
        if not is_table(folder) or name == FILE:
            raise ValueError(f"A file cannot be kept as {folder}/{name}: that is no name of a folder, or a table's.")
        with told(f"staging {name} of {day}", str(self._staging.parent), writing=True):
            file = self._staging.new_file()
        return FileWriter(folder, day, name, file, self._publish, self.protection)

    def read_file(self, folder: str, day: date, name: str) -> bytes:
        """A kept file whole, in memory; PartitionMissing if absent."""
        try:
            with self.place.open(folder, day, name) as source, told(f"reading {name} of {day}", self.place.name):
                return self.protection.opened(bytes(source.read()), f"The kept {name} of {day}")
        except FileNotFoundError:
            raise PartitionMissing(f"There is no {folder}/{name} of {day} at {self.place.name}; land it.") from None

    def remove_file(self, folder: str, day: date, name: str) -> None:
        """Remove a kept file; nothing happens when there is none."""
        self.place.remove(folder, day, name)

    def manifest(self, table: str, day: date) -> Manifest | None:
        """The partition's manifest, or None when it has not landed."""

        def read() -> Manifest:
            with self.place.open(table, day) as source:
                return self._manifest(source, table, day)

        try:
            return self._steadily(read)
        except FileNotFoundError:
            return None

    def manifests(self, table: str, days: Iterable[date] | None = None) -> dict[date, Manifest]:
        """The manifests of the wanted days, all where None, in order; days that have not landed are absent."""
        wanted = self.days(table) if days is None else sorted(set(days))
        with contextlib.ExitStack() as done:
            several = done.enter_context(ThreadPoolExecutor(self.place.readers)).map if self.place.readers > 1 else map
            found = several(lambda day: self.manifest(table, day), wanted)
            return {day: manifest for day, manifest in zip(wanted, found, strict=True) if manifest is not None}

    def days(self, table: str) -> list[date]:
        """The days that have landed, in order; empty for an unknown table."""
        return self.place.days(table)

    def tables(self) -> list[str]:
        """The names of the tables with at least one day, in order."""
        return self.place.tables()

    def open_partition(self, table: str, day: date) -> pq.ParquetFile:
        """The partition for streamed reads (`iter_batches`), page checksums checked; PartitionMissing if absent.

        Close it, or use it as a context manager. What is opened stays whole when the partition is replaced (on an
        object store only what was read by then). Encrypted columns are decrypted as they are read; KeyAway where no key
        is at hand.
        """
        try:
            source = self.place.open(table, day)
        except FileNotFoundError:
            raise self._missing(table, day) from None
        with told(f"reading {table} of {day}", self.place.path(table, day)):
            # pre_buffer would keep every column chunk read so far: memory must not grow with the day.
            file = pq.ParquetFile(source, pre_buffer=False, **self._reading())
        if self.protection.sealing is None and (manifest_of(file.metadata, 0, table).facts.get(ENCRYPTED)):
            file.close()
            raise KeyAway(f"What {table} of {day} keeps is encrypted: set ANALYTICS_PLATFORM_RAW_KEY to read it.")
        return file

    def open_staged(self, staged: StagedPartition) -> pq.ParquetFile:
        """What is staged and neither published nor discarded, for streamed reads as by `open_partition`."""
        return staged.open(pre_buffer=False, **self._reading())

    def read(self, table: str, day: date, columns: list[str] | None = None) -> pa.Table:
        """The whole partition, or some of its columns, in memory; PartitionMissing if absent."""

        def read() -> pa.Table:
            with (
                told(f"reading {table} of {day}", self.place.path(table, day)),
                self.place.open(table, day) as source,
            ):
                # One request is answered from one version.
                whole = source if self.place.steady else pa.BufferReader(source.read_buffer())
                return pq.ParquetFile(whole, **self._reading()).read(columns=columns)

        try:
            return self._steadily(read)
        except FileNotFoundError:
            raise self._missing(table, day) from None

    def scan(self, table: str, days: Iterable[date] | None = None) -> "pl.LazyFrame":
        """One lazy frame over the wanted days, all where None, with a column `day` (pl.Date).

        Its columns are the union of the days' columns, null where a day lacks one. Days that have not landed are
        absent; where none of the wanted has, the frame is empty and has the columns of the newest day. A table
        without any day is PartitionMissing.
        """
        landed = self.days(table)
        if not landed:
            raise PartitionMissing(f"Table {table} has not landed any day at {self.place.name}; land one first.")
        wanted = landed if days is None else sorted(set(days).intersection(landed))
        return scan_days(self.place, table, wanted or landed[-1:], empty=not wanted, protection=self.protection)

    def snapshot(self, partitions: Mapping[str, Collection[date]]) -> Path | None:
        """A folder `<table>/YYYY-MM-DD.parquet` that holds these partitions as they are now, for readers of many files.

        Hard links, so it costs next to nothing and stays as it is while partitions are replaced. None where they
        cannot be made (an object store, or this process may not write) and where none are named. It goes away
        with this lake; removing it earlier gives replaced partitions' space back.
        """
        if not any(partitions.values()):
            return None
        try:
            folder = self._staging.new_folder()
            return folder if self.place.link(folder, partitions) else None
        except OSError:
            return None

    def verify(self, table: str, day: date) -> Manifest:
        """Read the partition's bytes again and compare their checksum with the manifest's.

        Returns the manifest; PartitionMissing if absent, LakeError when the bytes are not those that were written.
        """
        place = self.place.path(table, day)
        try:
            with self.place.open(table, day) as source, told(f"verifying {table} of {day}", place):
                manifest = self._manifest(source, table, day)
                verify(source, pq.read_metadata(source), manifest, place)
                return manifest
        except FileNotFoundError:
            raise self._missing(table, day) from None

    def remove(self, table: str, day: date) -> None:
        """Remove the partition; nothing happens when it has not landed."""
        self.place.remove(table, day)

    def _publish(self, file: Path, table: str, day: date, name: str = FILE) -> None:
        # A method of the lake, so that whoever may still publish keeps its staging folder alive.
        self.place.publish(file, table, day, name)

    def _steadily(self, read: Callable[[], _T]) -> _T:
        """Read again where the partition may have been replaced between two requests of one read."""
        for _ in range(0 if self.place.steady else _READ_AGAIN):
            try:
                return read()
            except PartitionDamaged:
                continue
        return read()

    def _reading(self) -> Mapping[str, Any]:
        """How a Parquet file is opened."""
        sealing = self.protection.sealing
        keys = {"decryption_properties": sealing.reading()} if sealing else {}
        return {"page_checksum_verification": True, **keys}

    def _manifest(self, source: pa.NativeFile, table: str, day: date) -> Manifest:
        place, size = self.place.path(table, day), source.size()
        with told(f"reading the manifest of {table} of {day}", place):
            source.seek(max(size - TAIL, 0))
            found = manifest_at_end(source.read(TAIL), size)
            return manifest_of(pq.read_metadata(source), size, place) if found is None else found

    def _missing(self, table: str, day: date) -> LakeError:
        return PartitionMissing(f"Table {table} has not landed {day} at {self.place.name}; land that day first.")
