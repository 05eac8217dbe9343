"""The floor: the same pages to the same typed tables by a bare script, with the same libraries and no platform.

Pages come from files, inflated by isal and parsed by arro3 as one row of one nested schema. The schema, the columns and
the list kernels that take the rows apart are the platform's own (`tables.schemas`, `tables.flatten`), and so are the
choice of encodings (`landing.layouts`) and of the allocator (`landing.memory`); all else is straight. Nothing here is
safe, checked, hashed or indexed: no ledger, no request, no checksum, no bloom filter, no page index, no newest version,
no record set aside.

`python -m bench.floor <recording> <work folder> [--keep-raw]` does it once and prints the figures; with `--keep-raw`
each record is kept too, whole, beside its keys in a zstd Parquet file.
"""

import io
import sys
from datetime import datetime
from pathlib import Path

import arro3.io
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from isal import igzip

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.catalogue.tables import Table
from analytics_platform.landing.layouts import layout
from analytics_platform.landing.memory import use_system_allocator
from analytics_platform.tables.conversations import conversation_rows
from analytics_platform.tables.schemas import INSTANT, record_schema, table_schema
from bench.figures import Figures, Stopwatch, bytes_below, peak_mb
from bench.recording import DAY, Recording

_FLUSH_BYTES = 32 << 20
_PAGE = pa.schema([("conversations", pa.list_(pa.struct(list(record_schema("AnalyticsConversation")))))])
_RAW = pa.schema([("conversation_id", pa.string()), ("start", INSTANT), ("end", INSTANT), ("record", pa.string())])


class _Keys(msgspec.Struct, rename="camel"):
    conversation_id: str
    conversation_start: datetime
    conversation_end: datetime | None = None


class _Page(msgspec.Struct):
    conversations: list[msgspec.Raw]


_PAGE_DECODER = msgspec.json.Decoder(_Page)
_KEYS_DECODER = msgspec.json.Decoder(_Keys)


def main(recorded: Path, work: Path, keep_raw: bool) -> None:
    """Turn the recording's pages into Parquet files."""
    recording = Recording.read(recorded)
    work.mkdir(parents=True, exist_ok=True)
    use_system_allocator()
    watch = Stopwatch.started()
    writers = {table.name: _writer(work, table) for table in CONVERSATION_DETAILS.tables}
    raw = pq.ParquetWriter(work / "raw.parquet", _RAW, compression="zstd", compression_level=1, use_dictionary=False)
    waiting: list[dict[str, pa.Table]] = []
    waiting_bytes = 0
    for page in recording.pages:
        body: bytes = igzip.decompress((recorded / page.file).read_bytes())  # type: ignore[no-untyped-call]
        waiting.append(_tables(body))
        if keep_raw:
            raw.write_table(_records(body))
        waiting_bytes += len(body)
        if waiting_bytes >= _FLUSH_BYTES:
            _flush(writers, waiting)
            waiting_bytes = 0
    _flush(writers, waiting)
    for writer in (*writers.values(), raw):
        writer.close()
    if not keep_raw:
        (work / "raw.parquet").unlink()
    Figures(
        way="floor that keeps raw" if keep_raw else "floor",
        conversations=recording.conversations,
        json_mb=recording.json_bytes / 1e6,
        cpu_seconds=watch.cpu_seconds,
        wall_seconds=watch.wall_seconds,
        peak_mb=peak_mb(),
        loaded_mb=watch.loaded_mb,
        bytes_written=bytes_below(work),
    ).print()


def _tables(body: bytes) -> dict[str, pa.Table]:
    reader = arro3.io.read_json(io.BytesIO(body), _PAGE, batch_size=1)
    page = pa.RecordBatchReader.from_stream(reader).read_all()
    records = pa.Table.from_struct_array(page["conversations"].chunk(0).flatten())
    activity_day = pa.repeat(pa.scalar(DAY, pa.date32()), len(records))
    as_of = pa.repeat(pa.scalar(0, INSTANT), len(records))
    return conversation_rows(records, activity_day, as_of)


def _records(body: bytes) -> pa.Table:
    records = _PAGE_DECODER.decode(body).conversations
    keys = [_KEYS_DECODER.decode(record) for record in records]
    columns = [
        [key.conversation_id for key in keys],
        [key.conversation_start for key in keys],
        [key.conversation_end for key in keys],
        [str(record, "utf-8") for record in records],
    ]
    return pa.table([pa.array(values, field.type) for values, field in zip(columns, _RAW, strict=True)], schema=_RAW)


def _writer(work: Path, table: Table) -> pq.ParquetWriter:
    written = layout(table)
    columns = {column.name: column.type for column in table.columns}
    return pq.ParquetWriter(
        work / f"{table.name}.parquet",
        table_schema(table),
        compression="zstd",
        compression_level=1,
        use_dictionary=[f"{n}.list.element" if columns[n].startswith("list") else n for n in written.dictionary],
        column_encoding={name: "DELTA_BINARY_PACKED" for name in written.delta} or None,
    )


def _flush(writers: dict[str, pq.ParquetWriter], waiting: list[dict[str, pa.Table]]) -> None:
    for name, writer in writers.items():
        rows = pa.concat_tables([tables[name] for tables in waiting])
        if len(rows):
            writer.write_table(rows, row_group_size=len(rows))
    waiting.clear()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), "--keep-raw" in sys.argv[3:])
