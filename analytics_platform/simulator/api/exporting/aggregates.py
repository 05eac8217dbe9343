"""Views that are an aggregate: what they hold is the answer to the aggregate query of the same interval and period."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from analytics_platform.catalogue.aggregates import AggregateFamily
from analytics_platform.simulator.api.exporting.columns import FILTERS, Column, Kind
from analytics_platform.simulator.api.exporting.measures import Statistics
from analytics_platform.simulator.api.exporting.request import ExportRequest
from analytics_platform.simulator.api.interval import Interval, parse_interval
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.statistics.buckets import buckets, zone_of
from analytics_platform.simulator.api.statistics.query import aggregate
from analytics_platform.simulator.world.organisation import Organisation

DIMENSIONS = {
    "mediaTypes": "mediaType",
    "queueIds": "queueId",
    "userIds": "userId",
    "directions": "direction",
    "originatingDirections": "originatingDirection",
    "conversationIds": "conversationId",
    "wrapUpCodes": "wrapUpCode",
    "dnisList": "dnis",
    "messageTypes": "messageType",
    "divisionIds": "divisionId",
    "skillIds": "requestedRoutingSkillId",
    "languageIds": "requestedLanguageId",
    "outboundCampaignIds": "outboundCampaignId",
    "flowIds": "flowId",
    "flowOutcomeIds": "flowOutcomeId",
    "surveyFormIds": "surveyFormId",
    "evaluationFormIds": "formId",
}
"""The dimension that each filter of a view is on."""
_SUMMARY = "Summary"
_ENTITIES: dict[str, tuple[str, Callable[[Organisation], dict[str, str]] | None]] = {
    "queueId": ("Queue", lambda org: {each.id: each.name for each in org.queues}),
    "userId": ("Agent", lambda org: {each.id: each.name for each in (*org.agents, *org.supervisors)}),
    "flowOutcomeId": ("Flow Outcome", lambda org: {each.id: each.name for each in org.outcomes}),
    "formId": ("Form", lambda org: {each.id: each.name for each in org.forms}),
    "surveyFormId": ("Survey Form", lambda org: {each.id: each.name for each in org.forms}),
    "wrapUpCode": ("Wrap-up Code", None),
    "dnis": ("DNIS", None),
    "requestedRoutingSkillId": ("Skill Id", None),
}
"""What a row of a view is about, by dimension: its heading, and the names of all there are where they have names."""


@dataclass(frozen=True)
class Row:
    """One bucket of one group; a summary row has no group."""

    bucket: Interval
    complete: bool
    group: dict[str, str]
    names: dict[str, str]
    statistics: Statistics


@dataclass(frozen=True)
class AggregateView:
    """A view by one or more dimensions, with its measures as columns."""

    family: AggregateFamily
    group_by: tuple[str, ...]
    metrics: tuple[str, ...]
    measures: tuple[Column, ...]
    required_filters: tuple[str, ...] = ()

    @property
    def supported_filters(self) -> tuple[str, ...]:
        return tuple(name for name, dimension in DIMENSIONS.items() if dimension in self.family.dimensions)

    @property
    def required(self) -> tuple[Column, ...]:
        """The columns that are there whatever is selected."""
        return (*_INTERVAL, *self._entities)

    @property
    def columns(self) -> tuple[Column, ...]:
        media = (_MEDIA,) if "mediaType" in self.family.dimensions else ()
        return (*_INTERVAL, FILTERS, *media, *self._entities, *self.measures)

    @property
    def _entities(self) -> tuple[Column, ...]:
        return tuple(column for name in self.group_by for column in _entity_columns(name))

    def rows(self, org: Org, request: ExportRequest) -> list[Row]:
        """By bucket, then by name and medium. Unless excluded, an entity without data in a bucket has an empty row."""
        names = {name: _names(org, name) for name in self.group_by}
        media = ["mediaType"] if request.split_by_media and _MEDIA in self.columns else []
        asked = {"groupBy": [*self.group_by, *media], "granularity": request.body["period"]}
        found = list(self._found(org, request, asked, names))
        if not request.excludes_empty_rows and len(self.group_by) == 1:
            found += self._empty(org, request, found, names[self.group_by[0]])
        found.sort(key=lambda row: (row.bucket.start, *row.names.values(), *row.group.values()))
        if request.has_summary:
            found.append(self._summary(org, request))
        return found

    def _found(
        self, org: Org, request: ExportRequest, asked: dict[str, Any], names: dict[str, dict[str, str]]
    ) -> Iterator[Row]:
        for filter_ in self._filters(org, request):
            query = {"interval": request.body["interval"], "timeZone": request.body["timeZone"]}
            answer = aggregate(org, self.family, query | {"metrics": list(self.metrics)} | filter_ | asked)
            for result in answer.get("results", []):
                group = result.get("group", {})
                named = {name: known.get(group.get(name, ""), "") for name, known in names.items()}
                for data in result["data"]:
                    bucket = parse_interval(data["interval"], _ANY)
                    complete = bucket.end <= org.clock.now()
                    told = {(each["metric"], each.get("qualifier")): each["stats"] for each in data["metrics"]}
                    yield Row(bucket, complete, group, named, told)

    def _filters(self, org: Org, request: ExportRequest) -> Iterator[dict[str, Any]]:
        """The filter of a query, or of each of several where one query takes only so many ids."""
        most = self.family.operation.limits.ids
        if most is None:
            # What is of no queue, or of nobody, is in no row of a view by queue or by agent.
            exist = [{"dimension": name, "operator": "exists"} for name in self.group_by]
            told = [_any_of(DIMENSIONS[name], values) for name, values in request.filters.items()]
            yield {"filter": {"type": "and", "predicates": exist, "clauses": told}}
            return
        ids = request.filters.get("userIds") or list(_names(org, "userId"))
        for first in range(0, len(ids), most):
            yield {"filter": _any_of("userId", ids[first : first + most])}

    def _empty(self, org: Org, request: ExportRequest, found: list[Row], names: dict[str, str]) -> list[Row]:
        dimension = self.group_by[0]
        wanted = next((name for name in request.filters if DIMENSIONS[name] == dimension), None)
        entities = request.filters[wanted] if wanted else names
        held = {(row.bucket, row.group[dimension]) for row in found}
        zone = zone_of(request.body["timeZone"])
        cut = buckets(request.interval, request.body["period"], zone, org.assumptions.max_aggregate_buckets)
        return [
            Row(bucket, bucket.end <= org.clock.now(), {dimension: each}, {dimension: names.get(each, "")}, {})
            for bucket in cut
            for each in entities
            if (bucket, each) not in held
        ]

    def _summary(self, org: Org, request: ExportRequest) -> Row:
        """All in one row: the aggregate of the whole interval without groups."""
        told: Statistics = {}
        for row in self._found(org, request, {}, {}):
            for key, statistics in row.statistics.items():
                before = told.get(key, {})
                told[key] = statistics | {"sum": before["sum"] + statistics["sum"]} if before else statistics
        named = dict.fromkeys(self.group_by, _SUMMARY)
        return Row(request.interval, request.interval.end <= org.clock.now(), {}, named, told)


_ANY = 1 << 30
"""Days; a bucket of an answer is as long as it is."""


def _any_of(dimension: str, values: list[str]) -> dict[str, Any]:
    predicates = [{"dimension": dimension, "value": value} for value in values]
    return {"type": "or", "predicates": predicates}


_INTERVAL = (
    Column("Interval Start", Kind.INSTANT, lambda row: row.bucket.start),
    Column("Interval End", Kind.INSTANT, lambda row: row.bucket.end),
    Column("Interval Complete", Kind.FLAG, lambda row: row.complete),
)
_MEDIA = Column("Media Type", Kind.TEXT, lambda row: row.group.get("mediaType"))


def _names(org: Org, dimension: str) -> dict[str, str]:
    named = _ENTITIES[dimension][1]
    return named(org.world.organisation) if named else {}


def _entity_columns(dimension: str) -> tuple[Column, ...]:
    heading, named = _ENTITIES[dimension]
    if named is None:
        return (Column(heading, Kind.TEXT, lambda row: row.group.get(dimension)),)
    return (
        Column(f"{heading} Id", Kind.TEXT, lambda row: row.group.get(dimension)),
        Column(f"{heading} Name", Kind.TEXT, lambda row: row.names.get(dimension) or None),
    )
