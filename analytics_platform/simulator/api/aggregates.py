"""The aggregate queries of all families, served: a body read, its question answered from the facts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from analytics_platform.catalogue.aggregates import AGGREGATES, AggregateFamily
from analytics_platform.catalogue.operations import Operation
from analytics_platform.simulator.api.answers import Answer
from analytics_platform.simulator.api.calls import Call
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.statistics.query import aggregate
from analytics_platform.simulator.api.validation import read_body


@dataclass(frozen=True)
class AggregatesApi:
    """One operation for each family of aggregates."""

    org: Org

    def handlers(self) -> Mapping[Operation, Callable[[Call], Answer]]:
        """What serves each operation; it raises ApiError for every answer that is an error."""
        return {family.operation: partial(self.query, family) for family in AGGREGATES}

    def query(self, family: AggregateFamily, call: Call) -> Answer:
        body = read_body(call.body, str(family.operation.takes))
        return Answer.of(200, aggregate(self.org, family, body))
