"""Where the facts of each family of aggregates come from."""

from collections.abc import Callable, Iterator, Mapping

from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.statistics import (
    bots,
    conversations,
    evaluations,
    flows,
    journeys,
    surveys,
    transcripts,
    users,
)
from analytics_platform.simulator.api.statistics.facts import Fact

Facts = Callable[[Org, int, int], Iterator[Fact]]
"""A family's facts with `start <= at < end`, in any order, as known at the org's clock."""
FACTS: Mapping[str, Facts] = {
    "bots": bots.facts,
    "conversations": conversations.facts,
    "evaluations": evaluations.facts,
    "flows": flows.facts,
    "journeys": journeys.facts,
    "surveys": surveys.facts,
    "transcripts": transcripts.facts,
    "users": users.facts,
}
"""By the name of the family."""
