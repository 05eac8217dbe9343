"""Writing one partition: rows stream into a staged file, which is sealed with its manifest and then published."""

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analytics_platform.lake.errors import LakeError, told
from analytics_platform.lake.layout import Layout
from analytics_platform.lake.manifest import CHECKSUM, ENCRYPTED, KEY, MASKED, Manifest, code_version, plain_facts
from analytics_platform.lake.protection import Protection

_CHUNK = 1 << 20


@dataclass(frozen=True)
class StagedPartition:
    """A whole partition, on disk and known by its manifest, that no reader sees yet."""

    manifest: Manifest
    _file: Path
    _publish: Callable[[Path, str, date], None]

    @property
    def table(self) -> str:
        return self.manifest.table

    @property
    def day(self) -> date:
        return self.manifest.day

    def open(self, **reading: object) -> pq.ParquetFile:
        """The staged file, with these options of `ParquetFile`; see `Lake.open_staged`."""
        with told(f"reading the staged {self.table} of {self.day}", str(self._file)):
            return pq.ParquetFile(self._file, **reading)

    def publish(self) -> Manifest:
        """Replace the partition in one step: readers see the old one or this one. Only once; LakeError on failure."""
        if not self._file.exists():
            raise LakeError(f"The staged {self.table} of {self.day} was published or discarded before; stage it again.")
        self._publish(self._file, self.table, self.day)
        return self.manifest

    def discard(self) -> None:
        """Remove the staged file; nothing happens when it is published or discarded already."""
        self._file.unlink(missing_ok=True)


class PartitionWriter:
    """Streams the rows of one partition into a staged file.

    A context manager: leaving it before `seal` discards the file. Memory holds at most about one row group.
    Not for several threads at once, nor for a forked child; several writers may work at once. Equal calls make equal
    bytes.
    """

    def __init__(
        self,
        table: str,
        day: date,
        schema: pa.Schema,
        layout: Layout,
        file: Path,
        publish: Callable[[Path, str, date], None],
        protection: Protection = Protection(),  # noqa: B008 - frozen
    ) -> None:
        layout.check(schema)
        self.table = table
        self.day = day
        self.rows = 0
        self._schema = schema
        self._layout = layout
        self._file = file
        self._publish = publish
        self._protection = protection
        self._sealed = protection.sealed(schema)
        self._waiting: list[pa.Table] = []
        self._copied = 0  # so many of the first of them, at flushes they were too few for
        self._waiting_bytes = 0
        self._waiting_rows = 0
        self._least: datetime | None = None
        self._greatest: datetime | None = None
        self._digest = CHECKSUM()
        self._hashed = 0
        self._parquet: pq.ParquetWriter | None = None
        self._closed = False
        with self._told():
            self._sink = pa.OSFile(str(file), "wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._closed:
            self.discard()

    def write(self, rows: pa.Table | pa.RecordBatch) -> None:
        """Add rows of exactly the staged schema (names, order and types); ValueError otherwise.

        The rows are kept by reference, with all the memory they refer to, until their row group is written.
        """
        if self._closed:
            raise ValueError(f"The staged {self.table} of {self.day} is sealed or discarded; stage it again.")
        if isinstance(rows, pa.RecordBatch):
            rows = pa.Table.from_batches([rows])
        if not rows.schema.equals(self._schema):
            raise ValueError(f"Rows for {self.table} do not fit its schema: {_difference(rows.schema, self._schema)}.")
        if rows.num_rows == 0:
            return
        rows = self._protection.masks.mask(self.table, rows)
        self._waiting.append(rows)
        self._waiting_rows += rows.num_rows
        self._waiting_bytes += _bytes_of(rows)
        self.rows += rows.num_rows
        if self._waiting_bytes >= self._layout.row_group_bytes or self._waiting_rows >= self._layout.row_group_rows:
            self.flush()

    def flush(self, at_least: int = 0) -> None:
        """Write the waiting rows as a row group now, which lets go of the memory they refer to.

        Rows of less than `at_least` bytes are copied together instead, which lets go of it too, and wait for more: what
        is known of a row group takes memory until the file is closed, and a large day has many.
        """
        if not self._waiting:
            return
        if self._waiting_bytes < at_least:
            if came := self._waiting[self._copied :]:
                self._waiting[self._copied :] = [pa.concat_tables(came).combine_chunks()]
                self._copied += 1
            return
        size, groups = self._group_rows(), self._take_waiting()
        with self._told():
            for group in groups:
                self._writer(min(size, group.num_rows), group).write_table(group, row_group_size=size)
            self._hash_written()

    def _take_waiting(self) -> list[pa.Table]:
        """The rows that wait as the row groups they become; where they are sorted, those that came are let go of."""
        table = pa.concat_tables(self._waiting)  # no copy: the chunks stay where they are
        self._waiting, self._copied, self._waiting_bytes, self._waiting_rows = [], 0, 0, 0
        self._note_instants(table)
        return self._layout.arranged(table, self.rows)

    def seal(self, facts: Mapping[str, object]) -> StagedPartition:
        """Close the file with `facts` in its manifest and put it safely on disk. Write nothing afterwards."""
        self.flush()
        plain = plain_facts({**facts, **self._protected()})
        with self._told():
            writer = self._writer(0, self._schema.empty_table())
            self._hash_written()
            manifest = Manifest(
                table=self.table,
                day=self.day,
                rows=self.rows,
                bytes=0,
                min_instant=self._least,
                max_instant=self._greatest,
                checksum=self._digest.hexdigest(),
                checksum_bytes=self._hashed,
                code_version=code_version(),
                facts=plain,
            )
            writer.add_key_value_metadata({KEY: manifest.encode().encode()})
            writer.close()
            self._sink.close()
            size = _sync(self._file)
        self._closed = True
        return StagedPartition(replace(manifest, bytes=size), self._file, self._publish)

    def discard(self) -> None:
        """Give up before `seal`: the staged file goes away. Leaving the context does the same."""
        self._closed = True
        self._waiting = []
        # Closing writes a footer, which a full disk refuses; the file is thrown away in any case.
        with suppress(OSError, pa.ArrowException):
            if self._parquet is not None:
                self._parquet.close()
        with suppress(OSError, pa.ArrowException):
            self._sink.close()
        self._file.unlink(missing_ok=True)

    def _writer(self, rows: int, first: pa.Table) -> pq.ParquetWriter:
        # Made at the first row group: only then is known how many ids a bloom filter must hold.
        if self._parquet is None:
            plain = [name for name in self._layout.bloom if not pa.types.is_nested(first.schema.field(name).type)]
            ids = {name: pc.count_distinct(first[name]).as_py() for name in plain}
            options = dict(self._layout.options(self._schema, rows, ids))
            if self._sealed and self._protection.sealing:
                # Arrow writes no bloom filter into a file of which anything is encrypted.
                options |= {"bloom_filter_options": None}
                options |= {"encryption_properties": self._protection.sealing.writing(self._sealed)}
            self._parquet = pq.ParquetWriter(self._sink, self._schema, **options)
        return self._parquet

    def _protected(self) -> Mapping[str, object]:
        """What the manifest tells of how rows were protected; nothing where they were written as they are."""
        mark = self._protection.masks.mark(self.table)
        return {**({MASKED: mark} if mark else {}), **({ENCRYPTED: self._sealed} if self._sealed else {})}

    def _group_rows(self) -> int:
        """Rows of a row group: all that wait, or fewer where one write brought much more than a row group."""
        limit = min(self._layout.row_group_rows, self._waiting_rows)
        if self._waiting_bytes > 2 * self._layout.row_group_bytes:
            limit = min(limit, self._waiting_rows * self._layout.row_group_bytes // self._waiting_bytes)
        return max(limit, 1)

    def _hash_written(self) -> None:
        """Hash what was written since the last time; it is read back from the page cache, outside the GIL."""
        end = self._sink.tell()
        with self._file.open("rb", buffering=0) as written:
            written.seek(self._hashed)
            while self._hashed < end:
                piece = written.read(min(_CHUNK, end - self._hashed))
                if not piece:
                    raise LakeError(f"The staged file {self._file} became shorter while it was written; run again.")
                self._digest.update(piece)
                self._hashed += len(piece)

    def _note_instants(self, table: pa.Table) -> None:
        if self._layout.instant is None:
            return
        found = pc.min_max(table.column(self._layout.instant)).as_py()
        if found["min"] is None:
            return
        least, greatest = found["min"].astimezone(UTC), found["max"].astimezone(UTC)
        self._least = least if self._least is None else min(self._least, least)
        self._greatest = greatest if self._greatest is None else max(self._greatest, greatest)

    def _told(self) -> AbstractContextManager[None]:
        return told(f"writing {self.table} of {self.day}", str(self._file.parent.parent), writing=True)


def _bytes_of(rows: pa.Table) -> int:
    """About the bytes that rows take by themselves: of a slice as large a share of what it refers to as its first
    column takes of its own. To add up the shares of all columns (`nbytes`) takes four times as long."""
    referred, first = rows.get_total_buffer_size(), rows.column(0)
    whole = first.get_total_buffer_size()
    return int(referred * first.nbytes // whole) if whole else int(referred)


def _sync(file: Path) -> int:
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
        return os.fstat(handle).st_size
    finally:
        os.close(handle)


def _difference(given: pa.Schema, wanted: pa.Schema) -> str:
    lacking = [name for name in wanted.names if name not in given.names]
    foreign = [name for name in given.names if name not in wanted.names]
    if lacking or foreign:
        return f"lacking {lacking}, unknown {foreign}"
    retyped = [
        f"{field.name} is {given.field(field.name).type}, not {field.type}"
        for field in wanted
        if given.field(field.name) != field
    ]
    return "; ".join(retyped) or "the columns stand in another order"
