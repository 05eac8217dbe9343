"""Facts told from conversations: each conversation is told once a family, and what can no longer change is kept."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from threading import Lock
from typing import TYPE_CHECKING

from analytics_platform.simulator.api.conversation_details import conversation_detail
from analytics_platform.simulator.api.records.conversations import ConversationRecord
from analytics_platform.simulator.api.statistics.facts import Fact
from analytics_platform.simulator.world.instants import FOREVER

if TYPE_CHECKING:
    from analytics_platform.simulator.api.org import Org

FactsOfOne = Callable[["Org", ConversationRecord], Iterable[Fact]]
"""All facts of one conversation, whenever they were emitted, from what the vendor tells of it."""


class KeptFacts:
    """Facts by family and conversation, with the tellings they hold for; some 400 000 at most."""

    _MOST = 400_000

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], tuple[int, int, tuple[Fact, ...]]] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def find(self, family: str, conversation: str, at: int) -> tuple[Fact, ...] | None:
        """The facts as known before `at`, where they are kept."""
        with self._lock:
            kept = self._kept.get((family, conversation))
        return kept[2] if kept is not None and kept[0] <= at <= kept[1] else None

    def keep(self, family: str, conversation: str, since: int, until: int, facts: tuple[Fact, ...]) -> None:
        """Facts that are the same as known before any instant from `since` to `until`."""
        with self._lock:
            key = family, conversation
            if key in self._kept:
                self._size -= len(self._kept.pop(key)[2]) + 1
            self._kept[key] = since, until, facts
            self._size += len(facts) + 1
            while self._size > self._MOST and len(self._kept) > 1:
                _, (_, _, dropped) = self._kept.popitem(last=False)
                self._size -= len(dropped) + 1


def told_facts(org: "Org", family: str, start: int, end: int, of_one: FactsOfOne, trailing: int) -> Iterator[Fact]:
    """The facts with `start <= at < end` of all conversations, as known at the org's clock.

    `trailing` is how many milliseconds after a conversation's last segment a fact of it is emitted at most. `family`
    names what `of_one` tells, so that what no longer changes is told once.
    """
    at = org.aggregated()
    for outline in org.world.outlines_alive(start - trailing, end):
        if outline.start >= at:
            continue
        facts = org.kept_facts.find(family, outline.id, at)
        if facts is None:
            conversation = org.world.conversation(outline)
            record = conversation_detail(conversation, at)
            facts = () if record is None else tuple(of_one(org, record))
            settled = conversation.settled <= at
            since, until = (conversation.settled, FOREVER) if settled else (at, at)
            org.kept_facts.keep(family, outline.id, since, until, facts)
        yield from (fact for fact in facts if start <= fact.at < end)
