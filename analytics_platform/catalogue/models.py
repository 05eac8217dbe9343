"""The vendor's models: which fields an object carries, of which type, with which known values."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_WRAPPED = re.compile(r"^(list|dict)\[(.+)\]$")


@dataclass(frozen=True)
class Field:
    """One field of a model.

    `type` is the vendor's word: string, integer, number, boolean, datetime, object (anything), `list[string]` within a
    dict, or the name of a model. `container` is `"list"`, `"dict"` (string keys) or None. `known_values` are the enum
    values known today; enums are open.
    """

    name: str
    type: str
    container: str | None
    known_values: tuple[str, ...]
    required: bool

    @property
    def is_model(self) -> bool:
        return self.type in _documents()


@dataclass(frozen=True)
class Model:
    """One of the vendor's objects, its fields in the vendor's order."""

    name: str
    fields: Mapping[str, Field]


def model(name: str) -> Model:
    """The model called `name`; KeyError when the catalogue does not hold it."""
    return _models()[name]


def model_names() -> tuple[str, ...]:
    return tuple(_documents())


@cache
def _documents() -> dict[str, dict[str, dict[str, object]]]:
    text = files("analytics_platform.catalogue").joinpath("models.json").read_text(encoding="utf-8")
    models: dict[str, dict[str, dict[str, object]]] = json.loads(text)["models"]
    return models


@cache
def _models() -> dict[str, Model]:
    return {
        name: Model(name, {field: _field(field, facts) for field, facts in fields.items()})
        for name, fields in _documents().items()
    }


def _field(name: str, facts: Mapping[str, object]) -> Field:
    declared = str(facts["type"])
    wrapped = _WRAPPED.match(declared)
    container, inner = (wrapped.group(1), wrapped.group(2)) if wrapped else (None, declared)
    values = facts.get("enum") or facts.get("item_enum") or ()
    assert isinstance(values, list | tuple)
    return Field(name, inner, container, tuple(values), bool(facts.get("required", False)))
