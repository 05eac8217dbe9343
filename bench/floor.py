"""The floor: the same pages to the same typed tables by a bare script, with the same libraries and no platform.

Pages are fetched with httpx, inflated by isal and parsed by arro3 as one row of one nested schema. The schema, the
columns and the list kernels that take the rows apart are the platform's own (`tables.schemas`, `tables.flatten`), and
so is the choice of encodings (`landing.layouts`); all else is straight. Nothing here is safe, checked, hashed or
indexed: no ledger, no retry, no checksum, no bloom filter, no page index, no newest version, no record set aside.

`--keep-raw` keeps each record too, whole, beside its keys in a zstd Parquet file. `--lean` fetches nothing, pages come
from files, and takes memory and inflates as the platform does: less than any script that has to ask for its pages.
"""

import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import arro3.io
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from analytics_platform.landing.memory import use_system_allocator
from analytics_platform.tables.schemas import INSTANT, record_schema
from bench.fetching import PAGE_DECODER, Page, pages
from bench.figures import Stopwatch
from bench.recording import Recording
from bench.task import Task
from bench.typed_files import TypedFiles

_PAGE = pa.schema([("conversations", pa.list_(pa.struct(list(record_schema("AnalyticsConversation")))))])
_RAW = pa.schema([("conversation_id", pa.string()), ("start", INSTANT), ("end", INSTANT), ("record", pa.string())])


class _Keys(msgspec.Struct, rename="camel"):
    conversation_id: str
    conversation_start: datetime
    conversation_end: datetime | None = None


_KEYS_DECODER = msgspec.json.Decoder(_Keys)


def main(task: Task) -> None:
    """Turn the day's pages into Parquet files."""
    before, lean = task.sent(), "--lean" in task.options
    if lean:
        use_system_allocator()
    watch = Stopwatch.started()
    typed = TypedFiles(task.work, Recording.read(task.recorded))
    raw = _raw_writer(task.work) if "--keep-raw" in task.options else None
    conversations = 0
    for body, page in _recorded(task) if lean else pages(task):
        records = _records(body)
        typed.take(records, len(body))
        if raw is not None:
            raw.write_table(_kept(page.conversations))
        conversations += len(records)
    typed.close()
    if raw is not None:
        raw.close()
    task.done(watch, conversations, task.sent() - before)


def _recorded(task: Task) -> Iterator[tuple[bytes, Page]]:
    for page in task.recorded_pages():
        body = page.body(task.recorded)
        yield body, PAGE_DECODER.decode(body)


def _records(body: bytes) -> pa.Table:
    reader = arro3.io.read_json(io.BytesIO(body), _PAGE, batch_size=1)
    page = pa.RecordBatchReader.from_stream(reader).read_all()
    return pa.Table.from_struct_array(page["conversations"].chunk(0).flatten())


def _raw_writer(work: Path) -> pq.ParquetWriter:
    return pq.ParquetWriter(work / "raw.parquet", _RAW, compression="zstd", compression_level=1, use_dictionary=False)


def _kept(records: Sequence[msgspec.Raw]) -> pa.Table:
    keys = [_KEYS_DECODER.decode(record) for record in records]
    columns = [
        [key.conversation_id for key in keys],
        [key.conversation_start for key in keys],
        [key.conversation_end for key in keys],
        [str(record, "utf-8") for record in records],
    ]
    return pa.table([pa.array(values, field.type) for values, field in zip(columns, _RAW, strict=True)], schema=_RAW)


if __name__ == "__main__":
    main(Task.of_command_line())
