"""What conversations emit: the metrics of every session, and those derived from them.

A session's metric has the dimensions of its conversation, participant, session and segments. The vendor publishes no
definition of these, so they are assumed, as far as one real answer shows them:

- tWait comes with every tAcd and equals it (all groups of the real answer).
- oServiceLevel is of the answered: denominator every tAnswered, numerator those whose waiting was not nOverSla (7 of 9
  with 2 over, 0 of 4 with 4 over in the real answer).
- oServiceTarget is there wherever a session with a queue and a medium emits anything (all groups of the real answer).
- nConversations counts a conversation once, at its start, with the dimensions of its first session.
"""

from collections.abc import Iterator

from analytics_platform.catalogue.aggregates import aggregate_family
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.records.conversations import ConversationRecord
from analytics_platform.simulator.api.records.sessions import MetricRecord
from analytics_platform.simulator.api.statistics.dimensions import Dimensions, dimensions_of, session_layers
from analytics_platform.simulator.api.statistics.facts import Fact
from analytics_platform.simulator.api.statistics.told import told_facts
from analytics_platform.simulator.world.instants import SECOND, parse
from analytics_platform.simulator.world.legs import SERVICE_TARGET

_FAMILY = aggregate_family("conversations")
_METRICS = frozenset(_FAMILY.metrics)


def facts(org: Org, start: int, end: int) -> Iterator[Fact]:
    """The facts with `start <= at < end`, as known at the org's clock; they trail a segment by less than a second."""
    return told_facts(org, start, end, _facts_of, SECOND)


def _facts_of(conversation: ConversationRecord) -> Iterator[Fact]:
    late = _waits_over_the_level(conversation)
    first = True
    for participant in conversation.participants or ():
        for session in participant.sessions or ():
            dimensions = dimensions_of(_FAMILY, (conversation, *session_layers(participant, session)))
            if first:
                yield Fact(parse(str(conversation.conversationStart)), "nConversations", 1, dimensions)
                first = False
            yield from _emitted(session.metrics or [], dimensions, late)


def _emitted(metrics: list[MetricRecord], dimensions: Dimensions, late: set[int]) -> Iterator[Fact]:
    queued = "queueId" in dimensions and "mediaType" in dimensions
    instants: set[int] = set()
    for metric in metrics:
        at, name, value = parse(str(metric.emitDate)), str(metric.name), metric.value
        assert isinstance(value, int)
        if name not in _METRICS:
            continue
        yield Fact(at, name, value, dimensions)
        if name == "tAcd":
            yield Fact(at, "tWait", value, dimensions)
        elif name == "tAnswered" and queued:
            yield Fact(at, "oServiceLevel", int(value not in late), dimensions)
        if queued and at not in instants:
            instants.add(at)
            yield Fact(at, "oServiceTarget", SERVICE_TARGET, dimensions)


def _waits_over_the_level(conversation: ConversationRecord) -> set[int]:
    """The tAcd of the queue sessions that were over their service level; an agent's tAnswered tells the same number."""
    return {
        metric.value
        for participant in conversation.participants or ()
        for session in participant.sessions or ()
        if any(metric.name == "nOverSla" for metric in session.metrics or ())
        for metric in session.metrics or ()
        if metric.name == "tAcd" and isinstance(metric.value, int)
    }
