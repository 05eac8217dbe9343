"""A fact: one value of one metric, emitted at an instant, with the dimensions it can be grouped and filtered by."""

from collections.abc import Mapping
from dataclasses import dataclass


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
