"""How long users were in their statuses: milliseconds of each status within the interval asked for.

The qualifier is the system presence, the organization presence's id or the routing status (vendor's user aggregate
page; api.md). Assumed: a status that goes on counts up to the clock.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping

from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.statistics.facts import Fact
from analytics_platform.simulator.world.agents import Status


def facts(org: Org, start: int, end: int) -> Iterator[Fact]:
    """The milliseconds of each status in `[start, end)`, as known at the org's clock, at the first of them."""
    until = min(end, org.aggregated())
    organization = org.world.organisation.presences
    for timeline in org.edition().timelines:
        user = {"userId": (timeline.user_id,)}
        for at, length, name in _within(timeline.presences, start, until):
            yield Fact(at, "tSystemPresence", length, user, name)
            yield Fact(at, "tOrganizationPresence", length, user, organization[name])
        for at, length, name in _within(timeline.routing, start, until):
            yield Fact(at, "tAgentRoutingStatus", length, user, name)


def mappings(presences: Mapping[str, str]) -> dict[str, list[str]]:
    """Organization presence ids by system presence, as the vendor's answers have them."""
    return {system: [organization] for system, organization in presences.items()}


def _within(row: tuple[Status, ...], start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Start, milliseconds and name of each part of a row in `[start, end)` that has a length."""
    first = max(0, bisect_right(row, start, key=lambda status: status.start) - 1)
    for position in range(first, len(row)):
        status = row[position]
        if status.start >= end:
            return
        since = max(status.start, start)
        length = (end if status.end is None else min(status.end, end)) - since
        if length > 0:
            yield since, length, status.name
