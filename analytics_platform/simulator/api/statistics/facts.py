"""A fact: one value of one metric, emitted at an instant, with the dimensions it can be grouped and filtered by."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from analytics_platform.simulator.api.errors import unsupported
from analytics_platform.simulator.api.org import Org


@dataclass(frozen=True, slots=True)
class Fact:
    """One value of a metric.

    `at` is when it was emitted, in milliseconds. `value` is milliseconds for a timer (t…), 1 or a number of things for
    a counter (n…), the value itself for an observation (o…). `dimensions` are named as the vendor's groupBy names them;
    a dimension that a fact does not have is left out, most have one value. Values are the vendor's text (`true`, `3`).
    """

    at: int
    metric: str
    value: float | int
    dimensions: Mapping[str, tuple[str, ...]]
    qualifier: str | None = None


Facts = Callable[[Org, int, int], Iterator[Fact]]
"""A family's facts with `start <= at < end`, in any order, as known at the org's clock."""


def facts_of(family: str) -> Facts:
    """The facts of a family: `facts` of the module of this package that is called like it."""
    try:
        return cast(Facts, import_module(f"{__package__}.{family}").facts)
    except ModuleNotFoundError:
        raise unsupported(f"aggregates of {family}") from None
