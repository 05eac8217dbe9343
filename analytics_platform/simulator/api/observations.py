"""Observations: what queues, users and flows are doing at the clock's instant."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from analytics_platform.catalogue.observations import OBSERVATIONS, ObservationFamily
from analytics_platform.catalogue.operations import Operation
from analytics_platform.simulator.api.answers import Answer
from analytics_platform.simulator.api.calls import Call
from analytics_platform.simulator.api.errors import ApiError
from analytics_platform.simulator.api.observing import Group, Observed, Observer
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.statistics.filters import Filter, read_filter
from analytics_platform.simulator.api.validation import read_body
from analytics_platform.simulator.world.activities import Activities


class ObservationsApi:
    """The queries of all families; each is answered as of the instant it is asked."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self._activities = Activities()

    def handlers(self) -> Mapping[Operation, Callable[[Call], Answer]]:
        return {family.operation: self._serves(family) for family in OBSERVATIONS}

    def _serves(self, family: ObservationFamily) -> Callable[[Call], Answer]:
        def serve(call: Call) -> Answer:
            body = read_body(call.body, str(family.operation.takes))
            chosen = read_filter(body["filter"])
            if not body["metrics"]:
                raise ApiError(400, "constraint.validation", "metrics may not be empty")
            observer = Observer(self.org, self._activities, self.org.clock.now())
            return Answer.of(200, self._told(body, chosen, getattr(observer, family.name)()))

        return serve

    def _told(self, body: dict[str, Any], chosen: Filter, groups: Iterable[Group]) -> dict[str, Any]:
        results: list[dict[str, Any]] = []
        presences: set[str] = set()
        for group in groups:
            if not chosen({name: (value,) for name, value in group.dimensions.items()}):
                continue
            data = [self._datum(body, each) for each in group.observed if each.metric in body["metrics"]]
            if data:
                results.append({"group": group.dimensions, "data": data})
                presences |= group.presences
        mapped = {name: [id_] for name, id_ in self.org.world.organisation.presences.items() if name in presences}
        return ({"systemToOrganizationMappings": mapped} if mapped else {}) | {"results": results}

    def _datum(self, body: dict[str, Any], observed: Observed) -> dict[str, Any]:
        told: dict[str, Any] = {"metric": observed.metric}
        if observed.qualifier is not None:
            told["qualifier"] = observed.qualifier
        told["stats"] = {"count": observed.count} if observed.since is None else self._longest(observed.since)
        if observed.metric in (body.get("detailMetrics") or ()):
            told |= self._details(observed.values())
        return told

    def _longest(self, since: int) -> dict[str, int]:
        assumed = self.org.assumptions.longest_is_instant
        return {"calculatedMetricValue": since if assumed else self.org.clock.now() - since}

    def _details(self, values: list[dict[str, Any]]) -> dict[str, Any]:
        """Oldest first; too long a list keeps half of oldest and half of newest ones (SDK, ObservationMetricData)."""
        most = self.org.assumptions.max_observations
        if len(values) <= most:
            return {"truncated": False, "observations": values}
        oldest = most - most // 2
        return {"truncated": True, "observations": values[:oldest] + values[len(values) - most // 2 :]}
