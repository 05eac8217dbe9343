"""Bodies as they came over the wire: compressed or not, kept so, and inflated once by whoever needs the text."""

import gzip
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from isal import igzip, igzip_lib

from analytics_platform.catalogue.operations import Operation
from analytics_platform.source.errors import CutShort, NotJson

_GZIP_MAGIC = b"\x1f\x8b"
_MOST_INFLATED = 1032
"""By how much deflate shortens at most: what claims more is not believed before it is seen."""
# isal's stubs declare its error as an instance.
_BROKEN: tuple[type[Exception], ...] = (EOFError, gzip.BadGzipFile, cast(type[Exception], igzip_lib.IsalError))


@dataclass(frozen=True)
class Origin:
    """Which answer a body came with; all unknown for a body read back from a file."""

    operation: Operation | None = None
    status: int | None = None
    content_type: str = ""
    correlation_id: str | None = None

    def __str__(self) -> str:
        where = f"{self.operation.method} {self.operation.path}" if self.operation else "a kept page"
        facts = [f"status {self.status}"] if self.status is not None else []
        if self.content_type:
            facts.append(f"content type {self.content_type}")
        if self.correlation_id:
            facts.append(f"correlation id {self.correlation_id}")
        return f"{where} ({', '.join(facts)})" if facts else where


@dataclass(frozen=True)
class Payload:
    """One body: `wire` as received, `encoding` as the server declared it (`gzip` or `identity`)."""

    wire: bytes = field(repr=False)
    encoding: str = "identity"
    origin: Origin = Origin()
    _text: bytes | None = field(default=None, init=False, repr=False, compare=False)

    def inflate(self) -> bytes:
        """The text as bytes, inflated once and kept with the payload. A plain body passes through.

        Raises CutShort when a gzip stream ends early or fails its checksum, NotJson when it is no gzip stream at all
        or the encoding is one we never ask for.
        """
        if self.encoding == "identity":
            return self.wire
        if self._text is None:
            object.__setattr__(self, "_text", self._inflated())
        assert self._text is not None
        return self._text

    def _inflated(self) -> bytes:
        if self.encoding != "gzip":
            raise not_json(f"is encoded as {self.encoding!r}, which was not asked for", self.origin)
        if not self.wire.startswith(_GZIP_MAGIC):
            raise not_json("is declared as gzip and is not", self.origin)
        try:
            return gunzip(self.wire)
        except _BROKEN as fault:
            reason = str(fault)
        origin = self.origin
        raise CutShort(
            f"The compressed body of {origin} is broken after {len(self.wire)} bytes: {reason}. Ask for it again.",
            operation=origin.operation,
            status=origin.status,
            correlation_id=origin.correlation_id,
        )


def gunzip(wire: bytes) -> bytes:
    """The text of a gzip stream, into one block of the size that its end tells.

    A stream of several members, or one that is not what it says, is read piece by piece, at twice the cost. Raises
    EOFError, gzip.BadGzipFile and isal's error where it is broken.
    """
    told = int.from_bytes(wire[-4:], "little")
    if 0 < told <= len(wire) * _MOST_INFLATED:
        reader = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP, hist_bits=15)
        text: bytes = reader.decompress(wire, max_length=told)
        if reader.eof and not reader.unused_data:
            return text
    whole: bytes = igzip.decompress(wire)  # type: ignore[no-untyped-call]
    return whole


def not_json(what: str, origin: Origin) -> NotJson:
    """The error for a body that is not the JSON it should be; the body itself is not shown, it is customers' data."""
    return NotJson(
        f"The body of {origin} {what}: look for a proxy or gateway that answers in its place.",
        operation=origin.operation,
        status=origin.status,
        correlation_id=origin.correlation_id,
    )


def rewrite(into: BinaryIO, content: bytes) -> None:
    """Put `content` in the place of all that `into` holds."""
    into.seek(0)
    into.truncate()
    into.write(content)
