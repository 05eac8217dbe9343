"""What records hold that the catalogue does not know: fields, enum values, and values of another kind.

The reader that makes the typed tables passes over unknown fields, cuts 1.5 to 1 in a whole-number field, and reads "1"
there or an instant sent as a number without a word. Raw keeps all of it; here it is noticed. A sample of records is
decoded strictly, which costs little while they are as the catalogue says; one that is not is walked field by field.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from functools import cache
from itertools import islice
from threading import Lock
from typing import Any, Literal, NamedTuple

import msgspec

from analytics_platform.catalogue.models import Field, model


class Kind(StrEnum):
    """How a place in a record differs from the catalogue."""

    UNKNOWN_FIELD = "unknown field"
    UNKNOWN_VALUE = "unknown value"
    """A string that is none of the known values; enums are open, the value lands all the same."""
    NOT_WHOLE = "not whole"
    """A number with a fraction where the catalogue has whole ones: the typed table holds it cut."""
    WRONG_TYPE = "wrong type"


class Drift(NamedTuple):
    """One kind of difference at one place; `path` is dotted from the record down, lists and keys passed over."""

    path: str
    kind: Kind


def drift(model_name: str, records: Iterable[bytes | str | msgspec.Raw], every: int = 50) -> Counter[Drift]:
    """The differences in the first of `records` and in every `every`-th after it, counted.

    `records` are JSON texts of objects of the model; null counts as absent. Nothing is raised: a text that is no
    object is of the wrong type at the path "". Every fiftieth record costs 0.3 % of reading all of them into tables,
    7 % where each of them differs; every record costs 21 %.
    """
    strict = _decoder(model_name)
    found: Counter[Drift] = Counter()
    for record in islice(records, 0, None, every):
        try:
            strict.decode(record)
        except (msgspec.DecodeError, UnicodeError):
            found.update(_differences(model_name, record))
    return found


_PLAIN: dict[str, Any] = {"string": str, "integer": int, "number": float, "boolean": bool, "datetime": datetime}


# msgspec 0.22 looks into a Struct when the first decoder of it is made, and other threads see what it has not finished:
# days that land side by side ended the process with a segmentation fault. Hence one thread at a time.
_MAKING = Lock()


def _decoder(model_name: str) -> msgspec.json.Decoder[Any]:
    with _MAKING:
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
    except (msgspec.DecodeError, UnicodeError):
        yield Drift("", Kind.WRONG_TYPE)
    else:
        yield from _in_object(model_name, decoded, "")


def _in_object(model_name: str, node: object, path: str) -> Iterator[Drift]:
    if not isinstance(node, dict):
        yield Drift(path, Kind.WRONG_TYPE)
        return
    known = model(model_name).fields
    for name, value in node.items():
        below = f"{path}.{name}" if path else name
        if name not in known:
            yield Drift(below, Kind.UNKNOWN_FIELD)
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
        yield Drift(path, Kind.WRONG_TYPE)
        return
    for item in items:
        if item is None:
            continue
        if field.is_model:
            yield from _in_object(field.type, item, path)
        elif (kind := _misfit(field, item)) is not None:
            yield Drift(path, kind)


def _misfit(field: Field, value: object) -> Kind | None:
    if field.type == "integer" and isinstance(value, float):
        return None if value.is_integer() else Kind.NOT_WHOLE
    try:
        msgspec.convert(value, _item(field))
    except msgspec.ValidationError:
        return Kind.UNKNOWN_VALUE if field.known_values and isinstance(value, str) else Kind.WRONG_TYPE
    return None
