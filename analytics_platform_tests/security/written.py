"""Everything that was written below a folder, as it is read: Parquet with its footers, gzip inflated, SQLite's rows."""

import contextlib
import gzip
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow.parquet as pq


def found_in(folder: Path, needles: Iterable[str]) -> list[str]:
    """Where any of these stands, as `file: needle`."""
    wanted = {needle: needle.encode() for needle in needles}
    return [
        f"{file.relative_to(folder)}: {needle}"
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        for text in _texts(file)
        for needle, bytes_of in wanted.items()
        if bytes_of in text
    ]


def _texts(file: Path) -> Iterator[bytes]:
    content = file.read_bytes()
    yield str(file).encode()
    yield content
    if content.startswith(b"PAR1"):
        with pq.ParquetFile(file) as parquet:
            yield repr(parquet.metadata.metadata).encode()
            for batch in parquet.iter_batches():
                yield repr(batch.to_pylist()).encode()
    elif content.startswith(b"\x1f\x8b"):
        yield gzip.decompress(content)
    elif content.startswith(b"SQLite format 3"):
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            # A text of several pages stands in pieces in the file.
            for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                yield repr(database.execute(f'SELECT * FROM "{table}"').fetchall()).encode()
