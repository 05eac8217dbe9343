"""Making a home day's typed tables from raw: of each conversation or status the newest version, in flat memory.

Raw is read in batches; what a batch becomes is written before the next is read.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, USER_DETAILS, Stream, TypedStream
from analytics_platform.catalogue.tables import Table
from analytics_platform.lake import Lake, PartitionWriter, StagedPartition
from analytics_platform.landing.home_days import Contribution, HomeDay, StagedTables
from analytics_platform.landing.layouts import layout
from analytics_platform.landing.memory import use_system_allocator
from analytics_platform.landing.raw_rows import raw_rows
from analytics_platform.landing.versions import newest_versions
from analytics_platform.tables.conversations import conversation_rows
from analytics_platform.tables.records import Unreadable, read_records
from analytics_platform.tables.schemas import INSTANT, record_schema, table_schema
from analytics_platform.tables.services import service_rows
from analytics_platform.tables.statuses import newest_statuses, status_rows

_FLUSH_BYTES = 24 << 20
"""JSON taken in between two flushes of all tables: they are flushed together, or one would pin the others' pages."""
_USERS_AT_ONCE = 20_000


def stage_home_day(stream: TypedStream, lake: Lake, home_day: HomeDay) -> StagedTables:
    """Stage all typed tables of a home day. Raises LakeError and RawReplaced; nothing is published."""
    use_system_allocator()
    with contextlib.ExitStack() as open_writers:
        writers = {
            table.name: open_writers.enter_context(
                lake.stage(table.name, home_day.day, table_schema(table), layout(table))
            )
            for table in (*stream.tables, stream.typed_quarantine)
        }
        make = _statuses if stream is USER_DETAILS else _whole_records
        taken_in = 0
        for batch in make(stream, lake, home_day):
            for name, rows in batch.rows.items():
                writers[name].write(rows)
            taken_in += batch.size
            if taken_in >= _FLUSH_BYTES:
                for writer in writers.values():
                    writer.flush()
                taken_in = 0
        for writer in writers.values():
            writer.flush()
        quarantine = writers.pop(stream.typed_quarantine.name)
        return _sealed(stream, home_day, writers, quarantine)


def _sealed(
    stream: TypedStream, home_day: HomeDay, writers: dict[str, PartitionWriter], quarantine: PartitionWriter
) -> StagedTables:
    facts = {**home_day.facts(stream), "set_aside": quarantine.rows}
    tables: dict[str, StagedPartition] = {}
    with contextlib.ExitStack() as sealed:  # a fault at the last table leaves no file of the first
        for name, writer in writers.items():
            tables[name] = writer.seal(facts)
            sealed.callback(tables[name].discard)
        set_aside = quarantine.seal(facts) if quarantine.rows else None
        sealed.pop_all()
    return StagedTables(home_day, stream.typed_quarantine.name, tables, set_aside)


@dataclass(frozen=True)
class _Batch:
    """Rows for each table, and the size of the JSON they were made from."""

    rows: dict[str, pa.Table]
    size: int


def _whole_records(stream: TypedStream, lake: Lake, home_day: HomeDay) -> Iterator[_Batch]:
    newest = newest_versions(stream, lake, home_day)
    # Written by activity day, whatever the order of asking was.
    for contribution in sorted(home_day.contributions, key=lambda part: (part.activity_day, part.raw)):
        mask, row = newest.get(contribution), 0
        for mine in raw_rows(lake, contribution, home_day.day):
            rows = mine
            if mask is not None:
                rows = mine.filter(pa.array(mask[row : row + len(mine)]))
            row += len(mine)
            if len(rows):
                yield _typed(stream, rows, contribution)


def _statuses(stream: TypedStream, lake: Lake, home_day: HomeDay) -> Iterator[_Batch]:
    """User records are small and a status is not a record: all versions of some users at a time are put together."""
    shares = 1 + sum(part.records for part in home_day.contributions) // _USERS_AT_ONCE
    for share in range(shares):
        versions: dict[str, list[pa.Table]] = {table.name: [] for table in stream.tables}
        for contribution in home_day.contributions:
            for raw in raw_rows(lake, contribution, home_day.day):
                batch = _typed(stream, _share_of_users(raw, share, shares), contribution)
                for table in stream.tables:
                    rows = batch.rows.pop(table.name)
                    starts = pc.cast(pc.floor_temporal(rows["start_time"], unit="day"), pa.date32())
                    versions[table.name].append(rows.filter(pc.equal(starts, home_day.day)))
                yield batch
        yield _Batch({table.name: _put_together(versions[table.name], table) for table in stream.tables}, _FLUSH_BYTES)


def _put_together(versions: list[pa.Table], table: Table) -> pa.Table:
    return newest_statuses(pa.concat_tables([table_schema(table).empty_table(), *versions]), table)


def _share_of_users(raw: pa.Table, share: int, shares: int) -> pa.Table:
    return raw.filter((pl.Series(raw["user_id"]).hash() % shares == share).to_arrow())


def _typed(stream: TypedStream, raw: pa.Table, contribution: Contribution) -> _Batch:
    records = raw["record"].combine_chunks()
    if isinstance(records, pa.ChunkedArray):
        records = pa.concat_arrays(records.chunks) if records.num_chunks else pa.array([], pa.string())
    activity_day = pa.repeat(pa.scalar(contribution.activity_day, pa.date32()), len(raw))
    as_of = pa.repeat(pa.scalar(contribution.as_of, INSTANT), len(raw))
    if isinstance(stream, Stream):
        read = read_records(records, record_schema(stream.model))
        make, length = conversation_rows if stream is CONVERSATION_DETAILS else status_rows, len(read.table)
        rows, unreadable = make(read.table, activity_day[:length], as_of[:length]), read.unreadable
    else:
        rows, unreadable = service_rows(raw, activity_day, as_of)
    if unreadable:
        rows[stream.typed_quarantine.name] = _set_aside(stream, raw, unreadable)
    return _Batch(rows, records.nbytes)


def _set_aside(stream: TypedStream, raw: pa.Table, unreadable: tuple[Unreadable, ...]) -> pa.Table:
    schema = table_schema(stream.typed_quarantine)
    rows = raw.take(pa.array([fault.row for fault in unreadable], pa.int64()))
    reasons = pa.array([fault.reason for fault in unreadable], pa.string())
    return rows.append_column("reason", reasons).select(schema.names).cast(schema)
