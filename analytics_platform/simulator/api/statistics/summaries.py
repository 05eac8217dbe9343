"""Statistics of values, as the vendor gives them for each kind of metric.

Timers (t…) and observations (o…) have max, min, count and sum, counters (n…) count alone, times in a status sum alone,
a service target the current one, a service level its ratio, numerator, denominator and target (a real answer of 2025;
statuses: api.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analytics_platform.simulator.api.errors import bad_request
from analytics_platform.simulator.world.legs import SERVICE_TARGET

Values = Sequence[float | int]
Statistics = dict[str, float | int]
_STATUSES = frozenset(("tAgentRoutingStatus", "tOrganizationPresence", "tSystemPresence"))


def statistics(metric: str, values: Values) -> Statistics:
    """The statistics of the values of a metric, at least one, in the vendor's order."""
    if metric in _STATUSES:
        return {"sum": sum(values)}
    if metric == "oServiceTarget":
        return {"current": values[-1]}
    if metric == "oServiceLevel":
        met, all_ = sum(values), len(values)
        ratio = met / all_
        whole: float | int = int(ratio) if ratio in (0, 1) else ratio
        return {"ratio": whole, "numerator": met, "denominator": all_, "target": SERVICE_TARGET}
    if metric.startswith("n"):
        return {"count": int(sum(values))}
    return {"max": max(values), "min": min(values), "count": len(values), "sum": sum(values)}


def sorting_value(metric: str, function: str, values: Values) -> float:
    """The number that topN and bottomN sort a group by."""
    if function == "average":
        return sum(values) / len(values)
    if function == "count" and not metric.startswith("n"):
        return len(values)
    if function == "max":
        return max(values)
    return min(values) if function == "min" else sum(values)


@dataclass(frozen=True)
class View:
    """A view of the function rangeBound: the statistics of those values of a timer that lie in a range."""

    name: str
    target: str
    least: float | None
    below: float | None

    @classmethod
    def read(cls, told: dict[str, Any]) -> "View":
        """From a query's; ApiError 400 when it is not of a timer, or bounds nothing."""
        bounds = told.get("range") or {}
        view = cls(told["name"], told["target"], bounds.get("gte"), bounds.get("lt"))
        if not view.target.startswith("t"):
            raise bad_request(
                f"The view {view.name} is of {view.target}; the function rangeBound takes timer metrics only"
            )
        if view.least is None and view.below is None:
            raise bad_request(f"The view {view.name} must have a range")
        return view

    def __contains__(self, value: float | int) -> bool:
        return (self.least is None or value >= self.least) and (self.below is None or value < self.below)
