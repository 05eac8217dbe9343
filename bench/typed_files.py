"""The typed tables of a way that has no lake: one plain Parquet file each, with the platform's choice of encodings."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.catalogue.tables import Table
from analytics_platform.lake.layout import leaves
from analytics_platform.landing.layouts import layout
from analytics_platform.tables.conversations import conversation_rows
from analytics_platform.tables.schemas import INSTANT, table_schema
from bench.recording import DAY, Recording

_FLUSH_BYTES = 32 << 20
"""Of JSON, after which all tables are written together."""


class TypedFiles:
    """Takes nested records, as the schema of the record says, and writes them flat below `folder`."""

    def __init__(self, folder: Path, recording: Recording) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._submitted = pa.scalar(recording.status["submissionDate"]).cast(INSTANT)
        self._writers = {table.name: _writer(folder, table) for table in CONVERSATION_DETAILS.tables}
        self._waiting: list[dict[str, pa.Table]] = []
        self._waiting_bytes = 0

    def take(self, records: pa.Table, json_bytes: int) -> None:
        """Make rows of the records of so many bytes of JSON."""
        activity_day = pa.repeat(pa.scalar(DAY, pa.date32()), len(records))
        as_of = pa.repeat(self._submitted, len(records))
        self._waiting.append(conversation_rows(records, activity_day, as_of))
        self._waiting_bytes += json_bytes
        if self._waiting_bytes >= _FLUSH_BYTES:
            self._flush()

    def close(self) -> None:
        """Write what waits, and end the files."""
        self._flush()
        for writer in self._writers.values():
            writer.close()

    def _flush(self) -> None:
        for name, writer in self._writers.items():
            if rows := [tables[name] for tables in self._waiting]:
                writer.write_table(pa.concat_tables(rows))
        self._waiting.clear()
        self._waiting_bytes = 0


def _writer(folder: Path, table: Table) -> pq.ParquetWriter:
    written, schema = layout(table), table_schema(table)
    return pq.ParquetWriter(
        folder / f"{table.name}.parquet",
        schema,
        compression="zstd",
        compression_level=1,
        use_dictionary=[leaf for name in written.dictionary for leaf in leaves(name, schema.field(name).type)],
        column_encoding={name: "DELTA_BINARY_PACKED" for name in written.delta} or None,
    )
