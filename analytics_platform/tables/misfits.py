"""The places in one JSON record whose values the reader cannot hold, and the record without them.

All else is left as it was sent, byte by byte. Of a value that does not fit only its kind is told, never the value: it
is people's data.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

import msgspec
import pyarrow as pa

from analytics_platform.tables.drift import MAKING_DECODERS, WHOLE, value_kind
from analytics_platform.tables.reader import read_all
from analytics_platform.tables.surrogates import readable
from analytics_platform.tables.undecodable import UNDECODABLE

_PLAIN: tuple[tuple[Callable[[pa.DataType], bool], Any, str], ...] = (
    (pa.types.is_string, str, "text"),
    (pa.types.is_int64, WHOLE, "a whole number of 64 bits"),
    (pa.types.is_float64, float, "a number"),
    (pa.types.is_boolean, bool, "a boolean"),
    (pa.types.is_timestamp, datetime, "an instant"),
)
"""How a type is known, what is decoded as it, and what it is called."""
_LIST = (pa.types.is_list, list, "a list")
_ORDINALS = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Misfit:
    """A value that does not fit: where it stands, with ordinals, such as `participants[0].purpose`, and why."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason

    def holds(self, keys: Collection[str]) -> bool:
        """Whether one of `keys`, paths without ordinals, is this place or lies below it."""
        place = _ORDINALS.sub("", self.path)
        return not place or any(key == place or key.startswith(f"{place}.") for key in keys)


@dataclass(frozen=True)
class Mended:
    """A record without its misfits: null stands where they stood."""

    record: bytes
    misfits: list[Misfit]


class Mender:
    """Takes out of records what a nested schema cannot hold of them.

    What a strict decoder takes the reader takes too, and the decoder is quick; of what it refuses the reader is asked.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._shape = _shape_of(schema)

    def mended(self, record: bytes) -> Mended:
        """A record without its misfits. Raises what is UNDECODABLE.

        An entry of a dictionary has an ordinal in a path, as its key may be people's data.
        """
        walk = _Walk()
        return Mended(bytes(walk.value(_RECORD.decode(readable(record)), self._shape, "")), walk.misfits)


@dataclass(frozen=True, eq=False)
class _Shape:
    """What may stand at a place; what `strict` decodes fits, and nearly all that fits."""

    type: pa.DataType
    annotation: Any
    strict: msgspec.json.Decoder[Any]
    fields: Mapping[str, "_Shape"] = field(default_factory=dict)
    """Of an object."""
    item: "_Shape | None" = None
    """Of a list or a dictionary."""


@cache
def _shape_of(schema: pa.Schema) -> _Shape:
    with MAKING_DECODERS:
        return _shape(pa.struct(list(schema)))


def _shape(kind: pa.DataType) -> _Shape:
    fields: dict[str, _Shape] = {}
    item = None
    if pa.types.is_struct(kind):
        fields = {each.name: _shape(each.type) for each in kind}
        annotation: Any = msgspec.defstruct(
            "Object",
            [
                (f"field_{number}", each.annotation | None, msgspec.field(name=name, default=None))
                for number, (name, each) in enumerate(fields.items())
            ],
            gc=False,
        )
    elif pa.types.is_list(kind):
        item = _shape(kind.value_type)
        annotation = list[item.annotation | None]  # type: ignore[name-defined]
    elif pa.types.is_map(kind):
        item = _shape(kind.item_type)
        annotation = dict[str, item.annotation | None]  # type: ignore[name-defined]
    else:
        annotation = next(each for is_so, each, _ in _PLAIN if is_so(kind))
    return _Shape(kind, annotation, msgspec.json.Decoder(annotation), fields, item)


@dataclass
class _Walk:
    """A way through one record, down to what does not fit."""

    misfits: list[Misfit] = field(default_factory=list)

    def value(self, sent: msgspec.Raw, shape: _Shape, path: str) -> bytes | msgspec.Raw:
        """What was sent at a place, as it is where all of it fits."""
        first = bytes(memoryview(sent)[:1])
        if (first == b"n" and path) or _surely_fits(sent, shape):
            return sent
        if shape.fields and first == b"{":
            return self._object(sent, shape, path)
        if pa.types.is_map(shape.type) and first == b"{":
            return self._dictionary(sent, shape, path)
        if pa.types.is_list(shape.type) and first == b"[":
            return self._list(sent, shape, path)
        if pa.types.is_nested(shape.type) or not _taken(bytes(sent), shape.type):
            return self._misfit(sent, shape, path)
        return sent

    def _object(self, sent: msgspec.Raw, shape: _Shape, path: str) -> bytes | msgspec.Raw:
        told = {name: each for name, each in _FIELDS.decode(sent).items() if name in shape.fields}
        above = f"{path}." if path else ""
        left = {name: self.value(each, shape.fields[name], above + name) for name, each in told.items()}
        return _put(sent, told, left)

    def _dictionary(self, sent: msgspec.Raw, shape: _Shape, path: str) -> bytes | msgspec.Raw:
        told = _FIELDS.decode(sent)
        left = {name: self._item(each, shape, path, place) for place, (name, each) in enumerate(told.items())}
        return _put(sent, told, left)

    def _list(self, sent: msgspec.Raw, shape: _Shape, path: str) -> bytes | msgspec.Raw:
        told = _ITEMS.decode(sent)
        left = [self._item(each, shape, path, place) for place, each in enumerate(told)]
        if all(after is before for before, after in zip(told, left, strict=True)):
            return sent
        return b"[" + b",".join(bytes(each) for each in left) + b"]"

    def _item(self, sent: msgspec.Raw, shape: _Shape, path: str, place: int) -> bytes | msgspec.Raw:
        assert shape.item is not None
        return self.value(sent, shape.item, f"{path}[{place}]")

    def _misfit(self, sent: msgspec.Raw, shape: _Shape, path: str) -> bytes:
        expected = next((told for is_so, _, told in (*_PLAIN, _LIST) if is_so(shape.type)), "an object")
        self.misfits.append(Misfit(path, f"{_kind(sent)} where {expected} is expected"))
        return b"null"


_RECORD = msgspec.json.Decoder(msgspec.Raw)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])


def _surely_fits(sent: msgspec.Raw, shape: _Shape) -> bool:
    try:
        shape.strict.decode(sent)
    except UNDECODABLE:
        return False
    return True


def _put(sent: msgspec.Raw, told: dict[str, msgspec.Raw], left: dict[str, bytes | msgspec.Raw]) -> bytes | msgspec.Raw:
    if all(left[name] is each for name, each in told.items()):
        return sent
    return b"{" + b",".join(json.dumps(name).encode() + b":" + bytes(each) for name, each in left.items()) + b"}"


def _kind(sent: msgspec.Raw) -> str:
    try:
        return value_kind(msgspec.json.decode(sent))
    except RecursionError:
        return value_kind([] if bytes(sent[:1]) == b"[" else {})
    except msgspec.DecodeError:
        return value_kind(0.0)  # a number beyond what Python has


@lru_cache(1024)
def _taken(sent: bytes, kind: pa.DataType) -> bool:
    try:
        read_all(pa.array([b'{"v":' + sent + b"}"], pa.binary()), pa.schema([("v", kind)]))
    except pa.ArrowInvalid:
        return False
    return True
