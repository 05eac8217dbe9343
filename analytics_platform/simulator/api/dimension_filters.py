"""Filters of aggregates and observations: predicates on the dimensions by which an answer is grouped.

A filter is `{"type": "and"|"or", "clauses": [...], "predicates": [...]}`; a predicate matches a value of a dimension or
asks whether the dimension exists. One without predicates and clauses holds for everything.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from analytics_platform.simulator.api.errors import bad_request, unsupported


def check_filter(told: Mapping[str, Any]) -> None:
    """ApiError 400 for a filter that is not simple: predicates on properties, metrics or ranges, or incomplete ones."""
    for predicate in told.get("predicates") or ():
        if (predicate.get("type") or "dimension") != "dimension" or predicate.get("range"):
            raise unsupported(f"predicates of type {predicate.get('type')} or with a range here")
        name = predicate.get("dimension")
        if name is None:
            raise bad_request("A dimension predicate must name its dimension")
        if (predicate.get("operator") or "matches") == "matches" and predicate.get("value") is None:
            raise bad_request(f"The predicate on {name} must have a value")
    for clause in told.get("clauses") or ():
        check_filter(clause)


def filter_holds(told: Mapping[str, Any], values: Callable[[str], Collection[str]]) -> bool:
    """Whether a checked filter holds where `values` gives the values of a dimension, none where there is none."""
    parts = [_predicate_holds(predicate, values(predicate["dimension"])) for predicate in told.get("predicates") or ()]
    parts += [filter_holds(clause, values) for clause in told.get("clauses") or ()]
    return not parts or (all(parts) if told["type"] == "and" else any(parts))


def _predicate_holds(predicate: Mapping[str, Any], found: Collection[str]) -> bool:
    operator = predicate.get("operator") or "matches"
    if operator == "matches":
        return predicate["value"] in found
    return bool(found) == (operator == "exists")
