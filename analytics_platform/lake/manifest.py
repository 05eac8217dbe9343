"""The manifest of a partition: what is known of it, kept in the footer of its Parquet file."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from analytics_platform.lake.errors import PartitionDamaged

KEY = b"analytics_platform"
"""The footer's key-value metadata key that holds the manifest as JSON."""

UNKNOWN = "unknown"
"""The state of a day of which nobody said it, as in a table of a person's own."""
OPEN = "open"
"""The fact of a home day that tells how many of its conversations had not ended; some may have been removed since."""
MASKED = "masked"
"""The fact that tells by which policy people's data was masked; absent where nothing was."""
ENCRYPTED = "encrypted"
"""The fact that tells which columns are encrypted; absent where none is."""

_CHUNK = 1 << 20
CHECKSUM = xxhash.xxh3_128
_SHA256_DIGITS = 64
"""Of checksums in manifests written until 2026-11-23."""
TAIL = 1 << 15
"""Bytes at the end of a file in which its manifest stands, unless it is a long one."""
_MAGIC = b"PAR1"
_BEFORE_VALUE = b"\x18" + bytes([len(KEY)]) + KEY + b"\x18"
"""How the footer, Thrift in its compact form, writes the key; the length of the value and the value come next."""


@dataclass(frozen=True)
class Manifest:
    """What is known of one partition of one table.

    `bytes` is the size of the file. `min_instant` and `max_instant` are of the layout's instant column, UTC, None
    where the table has no such column or no rows. `checksum` is the 128-bit XXH3, as hexadecimal digits, of the file's
    first `checksum_bytes` bytes: all row groups; the index, the filters and the footer come after. In older manifests
    it is their SHA-256.
    """

    table: str
    day: date
    rows: int
    bytes: int
    min_instant: datetime | None
    max_instant: datetime | None
    checksum: str
    checksum_bytes: int
    code_version: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the one who landed it adds: watermark, job ids, interval, state. JSON values only."""

    @property
    def state(self) -> str:
        """How much of the day it holds, as whoever landed it said."""
        return str(self.facts.get("state", UNKNOWN))

    def encode(self) -> str:
        """The manifest as JSON, keys in order, without `bytes`: a footer cannot know the length of its own file."""
        return json.dumps(
            {
                "table": self.table,
                "day": self.day.isoformat(),
                "rows": self.rows,
                "min_instant": _text(self.min_instant),
                "max_instant": _text(self.max_instant),
                "checksum": self.checksum,
                "checksum_bytes": self.checksum_bytes,
                "code_version": self.code_version,
                "facts": self.facts,
            },
            sort_keys=True,
            ensure_ascii=False,
        )


def plain_facts(facts: Mapping[str, object]) -> dict[str, Any]:
    """`facts` as they will be read back: instants and days as ISO text, tuples as lists.

    Raises TypeError for what JSON cannot say.
    """
    plain: dict[str, Any] = json.loads(json.dumps(dict(facts), default=_plain, sort_keys=True))
    return plain


def manifest_of(metadata: pq.FileMetaData, size: int, place: str) -> Manifest:
    """The manifest in a Parquet footer of a file of `size` bytes; PartitionDamaged when the footer holds none."""
    text = (metadata.metadata or {}).get(KEY)
    if text is None:
        raise PartitionDamaged(
            f"The file at {place} was not written by this platform: its footer holds no manifest; move it away."
        )
    return _decoded(text, size)


def manifest_at_end(tail: bytes, size: int) -> Manifest | None:
    """The manifest in the last bytes of a Parquet file of `size` bytes; None where they do not show it.

    A footer tells of each column of each row group before it comes to this: reading all of it takes ten times as long
    for a small table, and the longer the larger the day is.
    """
    at = tail.rfind(_BEFORE_VALUE)
    if at < 0 or not tail.endswith(_MAGIC):
        return None
    length, at = _varint(tail, at + len(_BEFORE_VALUE))
    try:
        return _decoded(tail[at : at + length], size)
    except (ValueError, KeyError, TypeError):
        return None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number written seven bits a byte, the least first, and where it ends."""
    number = shift = 0
    while data[at] & 0x80:
        number |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return number | data[at] << shift, at + 1


def _decoded(text: bytes, size: int) -> Manifest:
    said = json.loads(text)
    return Manifest(
        table=said["table"],
        day=date.fromisoformat(said["day"]),
        rows=said["rows"],
        bytes=size,
        min_instant=_instant(said["min_instant"]),
        max_instant=_instant(said["max_instant"]),
        checksum=said["checksum"],
        checksum_bytes=said["checksum_bytes"],
        code_version=said["code_version"],
        facts=said["facts"],
    )


def verify(source: pa.NativeFile, metadata: pq.FileMetaData, manifest: Manifest, place: str) -> None:
    """Read the row groups' bytes again and compare with `manifest`; PartitionDamaged when they differ."""
    digest = hashlib.sha256() if len(manifest.checksum) == _SHA256_DIGITS else CHECKSUM()
    left = manifest.checksum_bytes
    source.seek(0)
    while left and (piece := source.read(min(_CHUNK, left))):
        digest.update(piece)
        left -= len(piece)
    if left or digest.hexdigest() != manifest.checksum or metadata.num_rows != manifest.rows:
        raise PartitionDamaged(
            f"The file at {place} is damaged: its bytes are not those that were written; land the day again."
        )


@cache
def code_version() -> str:
    """The version of the installed platform."""
    try:
        return version("analytics-platform")
    except PackageNotFoundError:
        return "unknown"


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat()


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError(f"The instant {value} has no time zone.")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"A manifest holds JSON values, not {type(value).__name__}.")
