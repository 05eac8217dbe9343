"""The aggregate query: facts into buckets of time and groups, as the vendor answers it."""

from typing import Any

from analytics_platform.catalogue.aggregates import AggregateFamily
from analytics_platform.simulator.api.org import Org


def aggregate(org: Org, family: AggregateFamily, body: dict[str, Any]) -> dict[str, Any]:
    """The vendor's answer to a query body that is valid against the family's model; ApiError 400 otherwise.

    `{"results": [{"group", "data": [{"interval", "metrics": [{"metric", "qualifier"?, "stats"}], "views"?}]}]}`; users
    have `systemToOrganizationMappings` beside it.
    """
    raise NotImplementedError
