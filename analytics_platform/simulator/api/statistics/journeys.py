"""What journeys count: everything that happened on a visit, when it did; assumed, as no definition is published."""

from collections.abc import Iterator

from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.statistics.facts import Fact
from analytics_platform.simulator.world.journeys import visits


def facts(org: Org, start: int, end: int) -> Iterator[Fact]:
    """The facts with `start <= at < end`, as known at the org's clock."""
    until = min(end, org.aggregated())
    for visit in visits(org.world, start, until):
        for at, metric, value, told in visit.happenings:
            if start <= at < until:
                yield Fact(at, metric, value, {name: (word,) for name, word in (visit.facts | told).items()})
