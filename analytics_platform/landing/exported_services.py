"""Services exported by hand, written to files: Parquet of the typed tables, or lines of JSON as sent.

Into a folder go the four typed tables and their quarantine, a file each, with the columns they have in the lake. A
single Parquet file holds the table services and, beside its columns, each service as sent in the column `record`; of
one that the table cannot hold there is nothing but service_id, as_of and record. Memory holds one row group.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from analytics_platform.catalogue.services import SERVICES
from analytics_platform.gms.answers import ServiceRecord
from analytics_platform.lake.whole_file import whole_file
from analytics_platform.landing.query_files import RECORD, write_lines
from analytics_platform.source.errors import QueryRefused
from analytics_platform.tables.schemas import table_schema
from analytics_platform.tables.services import service_rows

_GROUP = 5_000
"""Services in one row group."""
_SCHEMAS = {table.name: table_schema(table) for table in SERVICES.tables}
_QUARANTINE = SERVICES.typed_quarantine.name
_IN_A_FOLDER = _SCHEMAS | {_QUARANTINE: table_schema(SERVICES.typed_quarantine)}
_WITH_RECORD = _SCHEMAS[SERVICES.typed].append(pa.field(RECORD, pa.string()))


@dataclass(frozen=True)
class ServiceTables:
    """Some services as rows of the typed tables, by name; rows of nothing but what was sent for the unreadable."""

    tables: dict[str, pa.Table]
    unreadable: list[dict[str, Any]]
    """Rows of the quarantine: reason, service_id, record, position, as_of."""


@dataclass(frozen=True)
class WrittenServices:
    """Where services were written to, and how many; `unreadable` of them only as sent."""

    path: Path
    services: int
    unreadable: int


def require_place(path: Path) -> None:
    """Raise QueryRefused for what services cannot be written to, before anything is asked for."""
    if path.suffix not in ("", ".parquet", ".jsonl") and not path.is_dir():
        raise QueryRefused(
            f"{path.name!r} is nothing services can be written to: name a folder, or a file that ends in .parquet or "
            ".jsonl."
        )


def write_services(services: Iterable[ServiceRecord], path: Path) -> WrittenServices:
    """Write services to `path`, by its ending; each file is whole, and none is there before all of them are.

    Raises the errors of reading services, QueryRefused as `require_place` does, LakeError where the place takes no
    file.
    """
    require_place(path)
    if path.is_dir() or not path.suffix:
        return _write_folder(services, path)
    with whole_file(path) as staged:
        if path.suffix == ".jsonl":
            return _write_lines(services, path, staged)
        return _write_file(services, path, staged)


def service_tables(services: Sequence[ServiceRecord], first: int = 0) -> ServiceTables:
    """Services, numbered from `first`, as rows of the typed tables; there is no activity day, as nothing lands."""
    raw = pa.table(
        {
            RECORD: pa.array([_text(service) for service in services], pa.string()),
            "gone_at": pa.nulls(len(services), pa.timestamp("ms", "UTC")),
        }
    )
    as_of = pa.array([service.read_at for service in services], pa.timestamp("ms", "UTC"))
    tables, unreadable = service_rows(raw, pa.nulls(len(services), pa.date32()), as_of)
    set_aside = [
        {
            "reason": each.reason,
            "service_id": services[each.row].service_id,
            RECORD: raw[RECORD][each.row].as_py(),
            "position": first + each.row,
            "as_of": services[each.row].read_at,
        }
        for each in unreadable
    ]
    return ServiceTables(tables, set_aside)


def _write_lines(services: Iterable[ServiceRecord], path: Path, staged: Path) -> WrittenServices:
    count = 0

    def counted() -> Iterator[bytes]:
        nonlocal count
        for service in services:
            count += 1
            yield service.record

    with staged.open("wb") as out:
        write_lines(counted(), out)
    return WrittenServices(path, count, 0)


def _write_file(services: Iterable[ServiceRecord], path: Path, staged: Path) -> WrittenServices:
    count = unreadable = 0
    with _parquet(staged, _WITH_RECORD) as writer:
        for group in _groups(services):
            made = service_tables(group)
            head = made.tables[SERVICES.typed]
            left = {row["position"] for row in made.unreadable}
            records = [_text(service) for position, service in enumerate(group) if position not in left]
            writer.write_table(head.append_column(_WITH_RECORD.field(RECORD), pa.array(records, pa.string())))
            if made.unreadable:
                writer.write_table(pa.Table.from_pylist(made.unreadable, schema=_WITH_RECORD))
            count += len(group)
            unreadable += len(made.unreadable)
    return WrittenServices(path, count, unreadable)


def _write_folder(services: Iterable[ServiceRecord], folder: Path) -> WrittenServices:
    count = unreadable = 0
    with ExitStack() as files:
        staged = {name: files.enter_context(whole_file(folder / f"{name}.parquet")) for name in _IN_A_FOLDER}
        writers = {name: files.enter_context(_parquet(staged[name], schema)) for name, schema in _IN_A_FOLDER.items()}
        for group in _groups(services):
            made = service_tables(group, count)
            for name, table in made.tables.items():
                writers[name].write_table(table)
            if made.unreadable:
                rows = pa.Table.from_pylist(made.unreadable, schema=_IN_A_FOLDER[_QUARANTINE])
                writers[_QUARANTINE].write_table(rows)
            count += len(group)
            unreadable += len(made.unreadable)
    return WrittenServices(folder, count, unreadable)


def _parquet(file: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(file, schema, compression="zstd", compression_level=1)


def _groups(services: Iterable[ServiceRecord]) -> Iterator[list[ServiceRecord]]:
    left = iter(services)
    while group := list(islice(left, _GROUP)):
        yield group


def _text(service: ServiceRecord) -> str:
    return str(service.record, "utf-8", "backslashreplace")
