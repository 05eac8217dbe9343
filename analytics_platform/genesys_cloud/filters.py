"""Filters as a person writes them, made into the vendor's, and every name in a query held against its models.

An expression is one of

    queueId=some-id            the dimension has the value
    mediaType=voice|chat       it has one of the values
    userId exists              it is there; `userId !exists`: it is not
    tHandle>=60000             a metric or dimension is in a range; also >, < and <=
    property.orderId=123       an indexed property has the value; `=123:integer` names its type too

and all expressions of a query must hold. A name that several lists of filters know, such as queueId, is taken for the
first of them; `evaluation.queueId` says which is meant. What goes to segments must hold for one and the same segment.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from analytics_platform.catalogue.models import Field, Model, model
from analytics_platform.catalogue.names import require_known
from analytics_platform.source.errors import QueryRefused

_EXPRESSION = re.compile(
    r"\s*(?P<name>[^\s=<>!|]+)\s*"
    r"(?:(?P<operator>>=|<=|=(?!=)|>|<)\s*(?P<value>.*\S)|(?<=\s)(?P<word>!?exists|notExists))\s*",
    re.DOTALL,
)
_BOUNDS = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
_PRESENCE = {"exists": "exists", "!exists": "notExists", "notExists": "notExists"}
_SUFFIX = "Filters"
_PROPERTY = "property."


@dataclass(frozen=True)
class _List:
    """One list of filters of a query: the body's field, and what a predicate in it may name."""

    field: str
    predicate: Model

    @property
    def prefix(self) -> str:
        return self.field.removesuffix(_SUFFIX) + "."

    def names(self, kind: str) -> tuple[str, ...]:
        """The dimensions or metrics a predicate knows."""
        return self.predicate.fields[kind].known_values if kind in self.predicate.fields else ()


def filters(takes: str, expressions: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """The lists of filters that expressions make, for a body of the model `takes`.

    QueryRefused for a text that is no expression, UnknownName with the nearest ones for a name no list knows.
    """
    made: dict[str, dict[str, Any]] = {}
    for text in expressions:
        field, predicates = _predicates(takes, text)
        group = made.setdefault(field, {"type": "and"})
        if len(predicates) == 1:
            group.setdefault("predicates", []).extend(predicates)
        else:
            group.setdefault("clauses", []).append({"type": "or", "predicates": predicates})
    return {field: [group] for field, group in made.items()}


def has_filter(body: Mapping[str, Any]) -> bool:
    """Whether a query's body has any filter, which lets its interval be longer."""
    return any(value for name, value in body.items() if name.endswith(_SUFFIX))


def require_model(told: Any, model_name: str, where: str = "the query") -> None:
    """Hold a JSON object against a model, in depth: every field must be one of it, every enum value a known one.

    UnknownName with the nearest names, QueryRefused where a list or an object stands in another's place.
    """
    if not isinstance(told, dict):
        raise QueryRefused(f"{where[0].upper()}{where[1:]} must be a JSON object, an {model_name}.")
    fields = model(model_name).fields
    require_known(told, list(fields), f"field of {model_name}")
    for name, value in told.items():
        if value is None:
            continue
        items = value if fields[name].container == "list" else [value]
        if not isinstance(items, list):
            raise QueryRefused(f"{name} of {where} must be a list.")
        for item in items:
            _require_item(item, fields[name], where)


def _require_item(item: Any, field: Field, where: str) -> None:
    if field.is_model:
        require_model(item, field.type, f"{field.name} of {where}")
    elif field.known_values:
        require_known([str(item)], field.known_values, field.name)


def _predicates(takes: str, text: str) -> tuple[str, list[dict[str, Any]]]:
    match = _EXPRESSION.fullmatch(text)
    if match is None or (match["operator"] == "=" and not _values(match["value"])):
        raise QueryRefused(
            f"{text!r} is no filter: write name=value, name=one|other, name>=number, `name exists` or `name !exists`."
        )
    where, named = _named(takes, match["name"])
    if match["word"]:
        return where.field, [{**named, "operator": _PRESENCE[match["word"]]}]
    if match["operator"] != "=":
        return where.field, [{**named, "range": {_BOUNDS[match["operator"]]: _number(match["value"], text)}}]
    if named["type"] == "metric":
        raise QueryRefused(f"{text!r} asks for one value of a metric, and metrics are asked by range: write >= and <=.")
    return where.field, [{**named, "operator": "matches", **_valued(named, value)} for value in _values(match["value"])]


def _values(text: str) -> list[str]:
    return [value.strip() for value in text.split("|") if value.strip()]


def _valued(named: Mapping[str, str], value: str) -> dict[str, str]:
    if named["type"] != "property":
        return {"value": value}
    text, kind = typed_value(value)
    return {"value": text, "propertyType": kind} if kind else {"value": text}


def typed_value(text: str) -> tuple[str, str | None]:
    """A property's `value[:type]` as value and type; what follows the last colon is a type where it is a known one."""
    value, colon, kind = text.rpartition(":")
    known = model("AnalyticsProperty").fields["propertyType"].known_values
    return (value, kind) if colon and kind in known else (text, None)


def _number(text: str, expression: str) -> int | float:
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        raise QueryRefused(f"{text!r} in the filter {expression!r} is no number.") from None


def _named(takes: str, written: str) -> tuple[_List, dict[str, str]]:
    """The list of filters a name belongs to, the first that knows it, and the part of the predicate that names it."""
    lists = _lists(takes)
    meant = [each for each in lists if written.startswith(each.prefix)]
    name = written.removeprefix(meant[0].prefix) if meant else written
    among = meant or lists
    holders = [each for each in among if "property" in each.predicate.fields]
    if holders and name.startswith(_PROPERTY) and name != _PROPERTY:
        return holders[0], {"type": "property", "property": name.removeprefix(_PROPERTY)}
    known: dict[str, tuple[_List, str]] = {}
    for kind in ("metric", "dimension"):
        for each in reversed(among):
            known |= dict.fromkeys(each.names(kind), (each, kind))
    require_known([name], list(known), "dimension or metric" + (f" in {meant[0].field}" if meant else ""))
    where, kind = known[name]
    return where, {"type": kind, kind: name}


@cache
def _lists(takes: str) -> tuple[_List, ...]:
    """The lists of filters a body of the model has, in the vendor's order."""
    listed = [field for field in model(takes).fields.values() if field.name.endswith(_SUFFIX)]
    return tuple(_List(field.name, model(model(field.type).fields["predicates"].type)) for field in listed)
