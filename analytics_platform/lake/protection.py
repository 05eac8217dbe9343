"""What a lake does with people's data before anything is written: rows are masked, what is kept whole is encrypted."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

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


class _Open:
    """No policy: rows are written as they are."""

    def mask(self, table: str, rows: pa.Table) -> pa.Table:
        return rows

    def mark(self, table: str) -> str:
        return ""


@dataclass(frozen=True)
class Protection:
    """How one lake is protected; as it stands, not at all."""

    masks: Masks = field(default_factory=_Open)
    sealing: "Sealing | None" = None
    sealed_columns: frozenset[str] = frozenset()
    """Columns that are encrypted wherever a table has them."""
    seals_files: bool = False
    """Whether files that are kept as they come are encrypted, and what waits on disk to be landed."""

    def sealed(self, schema: pa.Schema) -> tuple[str, ...]:
        """Those of a schema's columns that are encrypted when they are written."""
        return tuple(name for name in schema.names if name in self.sealed_columns) if self.sealing else ()

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
