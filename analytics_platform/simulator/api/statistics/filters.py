"""The filter of an aggregate or observation query: `{"type": "and"|"or", "clauses", "predicates"}` over dimensions."""

from collections.abc import Callable, Iterator
from typing import Any

from analytics_platform.simulator.api.errors import bad_request, unsupported
from analytics_platform.simulator.api.statistics.dimensions import Dimensions

Filter = Callable[[Dimensions], bool]


def read_filter(told: dict[str, Any] | None) -> Filter:
    """Whether dimensions satisfy a filter, everything where there is none; ApiError 400 when it is not simple.

    A dimension with several values matches when one of them does.
    """
    if told is None:
        return lambda dimensions: True
    parts = [_predicate(predicate) for predicate in told.get("predicates") or ()]
    parts += [read_filter(clause) for clause in told.get("clauses") or ()]
    if told["type"] == "and":
        return lambda dimensions: all(part(dimensions) for part in parts)
    return lambda dimensions: any(part(dimensions) for part in parts)


def values_asked(told: dict[str, Any] | None) -> Iterator[str]:
    """Every value that a predicate of the filter names."""
    for predicate in (told or {}).get("predicates") or ():
        if predicate.get("value") is not None:
            yield predicate["value"]
    for clause in (told or {}).get("clauses") or ():
        yield from values_asked(clause)


def _predicate(told: dict[str, Any]) -> Filter:
    if (told.get("type") or "dimension") != "dimension" or told.get("range"):
        raise unsupported(f"predicates of type {told.get('type')} or with a range")
    name, operator, value = told.get("dimension"), told.get("operator") or "matches", told.get("value")
    if name is None:
        raise bad_request("A dimension predicate must name its dimension")
    if operator == "exists":
        return lambda dimensions: name in dimensions
    if operator == "notExists":
        return lambda dimensions: name not in dimensions
    if value is None:
        raise bad_request(f"The predicate on {name} must have a value")
    return lambda dimensions: value in dimensions.get(name, ())
