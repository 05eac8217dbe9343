"""What records hold that the catalogue does not know: fields, enum values, and values of another kind.

The reader that makes the typed tables passes over unknown fields, and reads "1" in a whole-number field or an instant
sent as a number without a word. Raw keeps all of it; here it is noticed. A sample of records is decoded strictly, which
costs little while they are as the catalogue says; one that is not is walked field by field.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import cache
from threading import Lock
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from analytics_platform.catalogue.models import Field, model
from analytics_platform.tables.undecodable import UNDECODABLE


class Kind(StrEnum):
    """How a place in a record differs from the catalogue."""

    UNKNOWN_FIELD = "unknown field"
    UNKNOWN_VALUE = "unknown value"
    """A string that is none of the known values; enums are open, the value lands all the same."""
    NOT_WHOLE = "not whole"
    """A number with a fraction where the catalogue has whole ones: the typed table holds null."""
    WRONG_TYPE = "wrong type"


class Drift(NamedTuple):
    """One kind of difference at one place; `path` is dotted from the record down, lists and keys passed over.

    `value` is the kind of value that stands there, such as text or whole number; never the value.
    """

    path: str
    kind: Kind
    value: str

    def __str__(self) -> str:
        return f"{self.path}: {self.kind} ({self.value})"

    @classmethod
    def of(cls, text: str) -> "Drift":
        """What was written by `str`, or by a former release, which did not tell the value's kind, nor of an answer's
        record that it could not read where in it that was."""
        told = _TOLD.fullmatch(text)
        if told is None:
            return cls("", Kind.WRONG_TYPE, "")
        return cls(told["path"], Kind(told["kind"]), told["value"] or "")


def counts(found: Mapping[Drift, int]) -> dict[str, int]:
    """What was found, as a manifest keeps it."""
    return {str(each): count for each, count in sorted(found.items())}


_TOLD = re.compile(rf"(?P<path>.*): (?P<kind>{'|'.join(Kind)})(?: \((?P<value>[a-zA-Z ]+)\))?", re.DOTALL)
_VALUES = {str: "text", bool: "boolean", int: "whole number", float: "number", list: "list", dict: "object"}


def value_kind(value: object) -> str:
    """The kind of a decoded JSON value, in words."""
    return _VALUES.get(type(value), "null")


def drift(model_name: str, records: Iterable[bytes | str | msgspec.Raw]) -> Counter[Drift]:
    """The differences in `records`, JSON texts of objects of the model, counted; null counts as absent.

    Nothing is raised: a text that is no object is of the wrong type at the path "". Looking at a record costs 21 % of
    reading it into tables, several times that where it differs.
    """
    strict = _decoder(model_name)
    found: Counter[Drift] = Counter()
    for record in records:
        try:
            strict.decode(record)
        except UNDECODABLE:
            found.update(_differences(model_name, record))
    return found


class Sample:
    """What a day's records hold that the catalogue does not know, as far as they were looked at.

    That are the first `first` records, of the others every `every`-th, and where one of those differs as none of the
    day did before, all of its page: what is rare is found within days, and what comes with it is found at once.
    """

    def __init__(self, model_name: str, first: int = 500, every: int = 50) -> None:
        self.found: Counter[Drift] = Counter()
        self.looked_at = 0
        self._model = model_name
        self._first, self._every = first, every
        self._passed = 0

    def look(self, page: Sequence[msgspec.Raw]) -> None:
        """Look at the next page of records."""
        wanted = [place for place in range(len(page)) if self._is_wanted(self._passed + place)]
        found = drift(self._model, (page[place] for place in wanted))
        if not found.keys() <= self.found.keys():
            wanted, found = list(range(len(page))), drift(self._model, page)
        self.found.update(found)
        self.looked_at += len(wanted)
        self._passed += len(page)

    def _is_wanted(self, number: int) -> bool:
        return number < self._first or number % self._every == 0


WHOLE = Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
"""A whole number that a column holds."""
_PLAIN: dict[str, Any] = {"string": str, "integer": WHOLE, "number": float, "boolean": bool, "datetime": datetime}


# msgspec 0.22 looks into a Struct when the first decoder of it is made, and other threads see what it has not finished:
# days that land side by side ended the process with a segmentation fault. Hence one thread at a time.
MAKING_DECODERS = Lock()


def _decoder(model_name: str) -> msgspec.json.Decoder[Any]:
    with MAKING_DECODERS:
        return _made_decoder(model_name)


@cache
def _made_decoder(model_name: str) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(_struct(model_name))


@cache
def _struct(model_name: str) -> type[msgspec.Struct]:
    fields = [
        (f"field_{number}", _container(field, _item(field)) | None, msgspec.field(name=field.name, default=None))
        for number, field in enumerate(model(model_name).fields.values())
    ]
    return msgspec.defstruct(model_name, fields, forbid_unknown_fields=True, gc=False)


def _item(field: Field) -> Any:
    if field.is_model:
        return _struct(field.type)
    # What is neither plain nor a model is passed over: no table has a column for it.
    return Literal[field.known_values] if field.known_values else _PLAIN.get(field.type, Any)


def _container(field: Field, item: Any) -> Any:
    if field.container == "list":
        return list[item | None]
    return dict[str, item | None] if field.container == "dict" else item


def _differences(model_name: str, record: bytes | str | msgspec.Raw) -> Iterator[Drift]:
    try:
        decoded = msgspec.json.decode(record)
    except UNDECODABLE:
        yield Drift("", Kind.WRONG_TYPE, "no JSON")
    else:
        yield from _in_object(model_name, decoded, "")


def _in_object(model_name: str, node: object, path: str) -> Iterator[Drift]:
    if not isinstance(node, dict):
        yield Drift(path, Kind.WRONG_TYPE, value_kind(node))
        return
    known = model(model_name).fields
    for name, value in node.items():
        below = f"{path}.{name}" if path else name
        if name not in known:
            yield Drift(below, Kind.UNKNOWN_FIELD, value_kind(value))
        elif value is not None:
            yield from _in_field(known[name], value, below)


def _in_field(field: Field, value: object, path: str) -> Iterator[Drift]:
    if field.container == "list":
        items = value if isinstance(value, list) else None
    elif field.container == "dict":
        items = list(value.values()) if isinstance(value, dict) else None
    else:
        items = [value]
    if items is None:
        yield Drift(path, Kind.WRONG_TYPE, value_kind(value))
        return
    for item in items:
        if item is None:
            continue
        if field.is_model:
            yield from _in_object(field.type, item, path)
        elif (kind := _misfit(field, item)) is not None:
            yield Drift(path, kind, value_kind(item))


def _misfit(field: Field, value: object) -> Kind | None:
    if field.type == "integer" and isinstance(value, float):
        return None if value.is_integer() else Kind.NOT_WHOLE
    try:
        msgspec.convert(value, _item(field))
    except msgspec.ValidationError:
        return Kind.UNKNOWN_VALUE if field.known_values and isinstance(value, str) else Kind.WRONG_TYPE
    return None
