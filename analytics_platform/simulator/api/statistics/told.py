"""Facts told from conversations, from nothing but what the vendor tells of them at the instant."""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.records.conversations import ConversationRecord
from analytics_platform.simulator.api.statistics.facts import Fact
from analytics_platform.simulator.world.instants import DAY, HOUR

FactsOfOne = Callable[[ConversationRecord], Iterable[Fact]]
"""All facts of one conversation, whenever they were emitted."""
JUDGED_WITHIN = 7 * DAY + 2 * HOUR
"""How long after a conversation's last segment anything is said about it; a resolution comes last."""
_DECODER = msgspec.json.Decoder(ConversationRecord)


def told_facts(org: Org, start: int, end: int, of_one: FactsOfOne, trailing: int) -> Iterator[Fact]:
    """The facts with `start <= at < end` of all conversations, as known at the org's clock.

    `trailing` is how many milliseconds after a conversation's last segment a fact of it is emitted at most.
    """
    known, edition = org.aggregated(), org.edition()
    for outline in edition.outlines_alive(start - trailing, end):
        if outline.start < known:
            record = _DECODER.decode(org.teller.conversation_json(edition, outline, known))
            yield from (fact for fact in of_one(record) if start <= fact.at < end)
