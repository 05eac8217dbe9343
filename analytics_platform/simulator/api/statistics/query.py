"""The aggregate query: facts into buckets of time and groups, as the vendor answers it.

What has no data is left out: groups, buckets, metrics. The groups' names stand by alphabet (a real answer), the metrics
as they were asked for. Assumed: groups by their values, those of topN and bottomN by the sort metric over the whole
interval, groups without that metric left out; a fact without a grouped dimension is in a group that lacks it.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from analytics_platform.catalogue.aggregates import AggregateFamily
from analytics_platform.simulator.api.errors import ApiError, bad_request, unsupported
from analytics_platform.simulator.api.interval import Interval, parse_interval
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.statistics.buckets import buckets, text, zone_of
from analytics_platform.simulator.api.statistics.dimensions import Dimensions
from analytics_platform.simulator.api.statistics.families import FACTS
from analytics_platform.simulator.api.statistics.filters import Filter, read_filter, values_asked
from analytics_platform.simulator.api.statistics.summaries import View, sorting_value, statistics

Group = tuple[str | None, ...]
"""A value for each grouped dimension; None where the facts have none."""
Cells = dict[tuple[str, str | None], list[float | int]]
"""Values by metric and qualifier."""
Counted = dict[Group, dict[int, Cells]]
"""Cells by group and number of the bucket."""


@dataclass(frozen=True)
class Question:
    """A query body, read."""

    buckets: list[Interval]
    group_by: tuple[str, ...]
    flatten: bool
    filter: Filter
    metrics: tuple[str, ...]
    views: tuple[View, ...]
    order: str
    sorted_by: tuple[str, str]
    """Metric and function; only topN and bottomN look at it."""
    limit: int | None

    @property
    def wanted(self) -> frozenset[str]:
        """All metrics that the answer is made of."""
        return frozenset((*self.metrics, *(view.target for view in self.views), self.sorted_by[0]))

    def groups(self, dimensions: Dimensions) -> Iterator[Group]:
        """The groups that a fact is in: one for each value of a dimension, or one of all its values with commas."""
        if not self.flatten:
            return product(*(dimensions.get(name, (None,)) for name in self.group_by))
        return iter((tuple(",".join(dimensions[name]) if name in dimensions else None for name in self.group_by),))


def aggregate(org: Org, family: AggregateFamily, body: dict[str, Any]) -> dict[str, Any]:
    """The vendor's answer to a query body that is valid against the family's model; ApiError 400 where it is not right.

    `{"results": [{"group", "data": [{"interval", "metrics": [{"metric", "qualifier"?, "stats"}], "views"?}]}]}`; users
    have `systemToOrganizationMappings` before it.
    """
    question = _read(org, family, body)
    counted = _counted(org, family, question)
    results = []
    for group in _ordered(counted, question):
        data = [told for number, cells in sorted(counted[group].items()) if (told := _data(question, number, cells))]
        if data:
            named = {name: value for name, value in zip(question.group_by, group, strict=True) if value is not None}
            results.append({"group": named, "data": data})
    if not family.has_presences:
        return {"results": results}
    presences = org.world.organisation.presences
    mappings = {system: [organization] for system, organization in presences.items()}
    return {"systemToOrganizationMappings": mappings, "results": results}


def _read(org: Org, family: AggregateFamily, body: dict[str, Any]) -> Question:
    assumed, limits = org.assumptions, family.operation.limits
    interval = parse_interval(body["interval"], assumed.max_aggregate_interval_days)
    metrics = tuple(dict.fromkeys(body["metrics"]))
    views = body.get("views") or ()
    if not metrics:
        raise ApiError(400, "constraint.validation", "metrics may not be empty")
    if limits.views is not None and len(views) > limits.views:
        raise bad_request(f"A query may not have more than {limits.views} views")
    if limits.ids is not None and len(set(values_asked(body.get("filter")))) > limits.ids:
        raise bad_request(f"A query may not name more than {limits.ids} ids")
    if body.get("alternateTimeDimension") not in (None, "eventTime"):
        raise unsupported(f"the time dimension {body['alternateTimeDimension']}")
    order, sort = body.get("queryType") or "groupBy", body.get("sortMetric")
    if order != "groupBy" and sort is None and len(metrics) > 1:
        raise bad_request("A sortMetric is required when requesting multiple metrics")
    if body.get("limit") is not None and body["limit"] < 1:
        raise bad_request("The limit must be at least 1")
    zone = zone_of(body.get("timeZone"))
    return Question(
        buckets(interval, body.get("granularity"), zone, assumed.max_aggregate_buckets),
        tuple(sorted(set(body.get("groupBy") or ()))),
        bool(body.get("flattenMultivaluedDimensions")),
        read_filter(body.get("filter")),
        metrics,
        tuple(View.read(view) for view in views),
        order,
        (sort["name"], sort["function"]) if sort else (metrics[0], "count" if metrics[0].startswith("n") else "sum"),
        body.get("limit"),
    )


def _counted(org: Org, family: AggregateFamily, question: Question) -> Counted:
    """The facts' values where they belong. Time in a status belongs to each bucket as far as it lies in it, so that is
    asked for bucket by bucket."""
    facts, cut, wanted = FACTS[family.name], question.buckets, question.wanted
    starts = [bucket.start for bucket in cut]
    counted: Counted = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for piece in cut if family.has_presences else [Interval(cut[0].start, cut[-1].end)]:
        for fact in facts(org, piece.start, piece.end):
            if fact.metric in wanted and question.filter(fact.dimensions):
                number = bisect_right(starts, fact.at) - 1
                for group in question.groups(fact.dimensions):
                    counted[group][number][fact.metric, fact.qualifier].append(fact.value)
    return counted


def _ordered(counted: Counted, question: Question) -> Sequence[Group]:
    groups = sorted(counted, key=lambda group: tuple(value or "" for value in group))
    if question.order == "groupBy":
        return groups
    metric, function = question.sorted_by
    ranked = []
    for group in groups:
        cells = counted[group].values()
        values = [value for each in cells for (name, _), held in each.items() if name == metric for value in held]
        if values:
            ranked.append((sorting_value(metric, function, values), group))
    ranked.sort(key=lambda pair: pair[0], reverse=question.order == "topN")
    return [group for _, group in ranked[: question.limit]]


def _data(question: Question, number: int, cells: Cells) -> dict[str, Any] | None:
    """What is told of one bucket of a group; None when nothing is."""
    asked = [(metric, qualifier or "") for metric, qualifier in cells if metric in question.metrics]
    metrics = [
        {"metric": metric}
        | ({"qualifier": qualifier} if qualifier else {})
        | {"stats": statistics(metric, cells[metric, qualifier or None])}
        for metric, qualifier in sorted(asked, key=lambda name: (question.metrics.index(name[0]), name[1]))
    ]
    views = [
        {"name": view.name, "stats": statistics(view.target, bound)}
        for view in question.views
        if (
            bound := [
                value for (name, _), held in cells.items() if name == view.target for value in held if value in view
            ]
        )
    ]
    if not metrics and not views:
        return None
    told = {"interval": text(question.buckets[number]), "metrics": metrics}
    return told | {"views": views} if views else told
