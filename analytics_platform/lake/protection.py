"""What a lake does with people's data before anything is written: rows are masked, what is kept whole is encrypted."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import msgspec
import pyarrow as pa

from analytics_platform.lake.errors import KeyAway
from analytics_platform.lake.manifest import MASKED, Manifest

if TYPE_CHECKING:
    from analytics_platform.lake.sealing import Sealing


class Masks(Protocol):
    """A policy of what becomes of the rows of each table."""

    def mask(self, table: str, rows: pa.Table) -> pa.Table:
        """The rows as they may be written: columns, their types and the number of rows stay."""
        ...

    def mark(self, table: str) -> str:
        """Tells policies apart by what they make of a table; empty where its rows are written as they are."""
        ...

    def text(self, table: str, text: bytes) -> bytes:
        """One of the texts that a raw table keeps whole, as it may be kept."""
        ...


class _Open:
    """No policy: rows are written as they are."""

    def mask(self, table: str, rows: pa.Table) -> pa.Table:
        return rows

    def mark(self, table: str) -> str:
        return ""

    def text(self, table: str, text: bytes) -> bytes:
        return text


@dataclass(frozen=True)
class Protection:
    """How one lake is protected; as it stands, not at all."""

    masks: Masks = field(default_factory=_Open)
    sealing: "Sealing | None" = None
    sealed_columns: frozenset[str] = frozenset()
    """Columns that are encrypted wherever a table has them."""
    seals_files: bool = False
    """Whether files that are kept as they come are encrypted, and what waits on disk to be landed."""
    redacts_raw: bool = False
    """Whether the masks also take people's data out of what raw tables keep whole."""

    def sealed(self, schema: pa.Schema) -> tuple[str, ...]:
        """Those of a schema's columns that are encrypted when they are written."""
        return tuple(name for name in schema.names if name in self.sealed_columns) if self.sealing else ()

    def records(self, table: str, records: list[msgspec.Raw]) -> list[msgspec.Raw]:
        """Records as the raw table may keep them; whatever is known of records by their digests is of these."""
        return [msgspec.Raw(self.text(table, bytes(each))) for each in records] if self.redacts_raw else records

    def text(self, table: str, text: bytes) -> bytes:
        """The same of one record."""
        return self.masks.text(table, text) if self.redacts_raw else text

    def agrees(self, manifest: Manifest) -> bool:
        """Whether a partition was written by the policy as it is now; where not, its table is to be made again."""
        return bool(manifest.facts.get(MASKED, "") == self.masks.mark(manifest.table))

    def closed(self, plain: bytes) -> bytes:
        """Bytes as they may lie on disk."""
        return self.sealing.seal(plain) if self.sealing and self.seals_files else plain

    def opened(self, kept: bytes, what: str) -> bytes:
        """The bytes that `closed` was given; KeyAway where they are encrypted and no key is at hand."""
        from analytics_platform.lake.sealing import is_sealed

        if self.sealing:
            return self.sealing.open(kept)
        if is_sealed(kept):
            raise KeyAway(f"{what} is encrypted: set ANALYTICS_PLATFORM_RAW_KEY to read it.")
        return kept
