"""Making a home day's typed tables from raw: of each conversation or status the newest version, in flat memory.

Raw is read in batches; what a batch becomes is written before the next is read.
"""

import contextlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, PATH, USER_DETAILS, Stream, TypedStream
from analytics_platform.catalogue.tables import Table
from analytics_platform.lake import Lake, PartitionDamaged, PartitionWriter, StagedPartition
from analytics_platform.lake.manifest import OPEN
from analytics_platform.landing.home_days import Contribution, HomeDay, StagedTables
from analytics_platform.landing.layouts import layout
from analytics_platform.landing.memory import Spread, use_system_allocator
from analytics_platform.landing.merging import Merge, Rule, merge_of
from analytics_platform.landing.raw_rows import raw_rows
from analytics_platform.landing.versions import Mask, newest_versions
from analytics_platform.tables.conversations import conversation_rows
from analytics_platform.tables.flatten import one_array
from analytics_platform.tables.records import SetAside, Unreadable, read_records
from analytics_platform.tables.schemas import INSTANT, record_schema, table_schema
from analytics_platform.tables.services import service_rows
from analytics_platform.tables.statuses import newest_statuses, status_rows

log = logging.getLogger(__name__)

_FLUSH_BYTES = 24 << 20
"""JSON taken in between two flushes of all tables: they are flushed together, or one would pin the others' pages."""
_COLUMN_BYTES = 128 << 10
"""What a column of a table must hold on average to be worth a row group then: each is known by itself in the file."""
_USERS_AT_ONCE = 20_000
_MERGING = Rule()


def stage_home_day(stream: TypedStream, lake: Lake, home_day: HomeDay, merging: Rule | None = _MERGING) -> StagedTables:
    """Stage all typed tables of a home day: by `merging` with the stored ones, from raw alone where it is None.

    Raises LakeError and RawReplaced; nothing is published.
    """
    use_system_allocator()
    if stream is USER_DETAILS:
        return _staged(stream, lake, home_day, _statuses(stream, lake, home_day))
    masks, merge = _to_make(stream, lake, home_day, merging)
    try:
        if merge is not None:
            return _staged(stream, lake, home_day, _whole_records(stream, lake, home_day, merge.made), merge)
    except PartitionDamaged as fault:
        log.warning("The tables of %s are made from raw: %s", home_day.day, fault)
    return _staged(stream, lake, home_day, _whole_records(stream, lake, home_day, masks))


def _to_make(
    stream: TypedStream, lake: Lake, home_day: HomeDay, merging: Rule | None
) -> tuple[Mapping[Contribution, Mask], Merge | None]:
    """The newest rows of each contribution, and how they are merged with what is stored, if they are."""
    newest = newest_versions(stream, lake, home_day)
    merge = None
    with contextlib.suppress(PartitionDamaged):  # what is damaged is made from raw
        merge = merge_of(stream, lake, home_day, newest, merging) if merging else None
    return {part: each.mask for part, each in newest.items()}, merge


def _staged(
    stream: TypedStream, lake: Lake, home_day: HomeDay, made: "Iterator[_Batch]", merge: Merge | None = None
) -> StagedTables:
    with contextlib.ExitStack() as open_writers:
        tables = (*stream.tables, stream.typed_quarantine)
        writers = {
            table.name: open_writers.enter_context(
                lake.stage(table.name, home_day.day, table_schema(table), layout(table))
            )
            for table in tables
        }
        still_open = 0
        if merge is not None:
            for table in tables:
                for rows in merge.kept(table):
                    writers[table.name].write(rows)  # masked as they are to be: a mask leaves them as they are
                    still_open += _open(table.name, rows)
                    _flush(writers, table)
        taken_in = whole = 0
        spread = Spread()
        for batch in made:
            for name, rows in batch.rows.items():
                writers[name].write(rows)
                still_open += _open(name, rows)
            whole += batch.set_aside
            taken_in += batch.size
            if taken_in >= _FLUSH_BYTES:
                for table in tables:
                    _flush(writers, table)
                spread.look()
                taken_in = 0
        for writer in writers.values():
            writer.flush()
        quarantine = writers.pop(stream.typed_quarantine.name)
        facts = {"set_aside": whole, "values_set_aside": quarantine.rows - whole}
        if stream is CONVERSATION_DETAILS:
            facts[OPEN] = still_open
        return _sealed(home_day, writers, quarantine, {**home_day.facts(stream), **facts})


def _open(table: str, rows: pa.Table) -> int:
    return rows["conversation_end"].null_count if table == CONVERSATION_DETAILS.head.name else 0


def _flush(writers: Mapping[str, PartitionWriter], table: Table) -> None:
    writers[table.name].flush(at_least=_COLUMN_BYTES * len(table.columns))


def _sealed(
    home_day: HomeDay, writers: dict[str, PartitionWriter], quarantine: PartitionWriter, facts: Mapping[str, object]
) -> StagedTables:
    tables: dict[str, StagedPartition] = {}
    with contextlib.ExitStack() as sealed:  # a fault at the last table leaves no file of the first
        for name, writer in writers.items():
            tables[name] = writer.seal(facts)
            sealed.callback(tables[name].discard)
        set_aside = quarantine.seal(facts) if quarantine.rows else None
        sealed.pop_all()
    return StagedTables(home_day, quarantine.table, tables, set_aside)


@dataclass(frozen=True)
class _Batch:
    """Rows for each table, the size of the JSON they were made from, and how many records were set aside whole."""

    rows: dict[str, pa.Table]
    size: int
    set_aside: int = 0


def _whole_records(
    stream: TypedStream, lake: Lake, home_day: HomeDay, wanted: Mapping[Contribution, Mask]
) -> Iterator[_Batch]:
    """What is made of the wanted rows of each contribution, of all where nothing is said of it."""
    # Written by activity day, whatever the order of asking was.
    for contribution in sorted(home_day.contributions, key=lambda part: (part.activity_day, part.raw)):
        mask, row = wanted.get(contribution), 0
        if mask is not None and not mask.any():
            continue
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
    records = one_array(raw["record"])
    activity_day = pa.repeat(pa.scalar(contribution.activity_day, pa.date32()), len(raw))
    if isinstance(stream, Stream):
        read = read_records(records, record_schema(stream.model), stream.keys)
        make, length = conversation_rows if stream is CONVERSATION_DETAILS else status_rows, len(read.table)
        # Of a day that was asked for in parts each row has an instant of its own.
        as_of = one_array(raw["as_of"] if read.rows is None else raw["as_of"].take(read.rows))
        rows, unreadable, values = make(read.table, activity_day[:length], as_of), read.unreadable, read.values
    else:
        as_of = pa.repeat(pa.scalar(contribution.as_of, INSTANT), len(raw))
        rows, unreadable = service_rows(raw, activity_day, as_of)
        values = ()
    if unreadable or values:
        rows[stream.typed_quarantine.name] = _set_aside(stream, raw, unreadable, values)
    return _Batch(rows, records.nbytes, len(unreadable))


def _set_aside(
    stream: TypedStream, raw: pa.Table, unreadable: tuple[Unreadable, ...], values: tuple[SetAside, ...]
) -> pa.Table:
    """A row for each record that was set aside whole, and one, without the record, for each value that was."""
    schema = table_schema(stream.typed_quarantine)
    told = sorted(
        [(each.row, "", each.reason) for each in unreadable]
        + [(each.row, each.misfit.path, each.misfit.reason) for each in values]
    )
    rows = raw.take(pa.array([row for row, _, _ in told], pa.int64()))
    whole = pa.array([not path for _, path, _ in told])
    columns = {name: rows[name] for name in rows.column_names} | {
        "record": pc.if_else(whole, rows["record"], None),
        PATH.name: pa.array([path or None for _, path, _ in told], pa.string()),
        "reason": pa.array([reason for _, _, reason in told], pa.string()),
    }
    return pa.table([columns[name] for name in schema.names], schema.names).cast(schema)
