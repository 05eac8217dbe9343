"""What flows emit: the flow metrics of the sessions that ran through one, with the flow's dimensions.

Assumed: flowType is the word of the details (INBOUNDCALL); an outcome whose value is FAILURE is an nFlowOutcomeFailed
beside its nFlowOutcome, and only the metrics of outcomes have an outcome's dimensions. There are no milestones.
"""

from collections.abc import Iterator

from analytics_platform.catalogue.aggregates import aggregate_family
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.records.conversations import ConversationRecord, ParticipantRecord
from analytics_platform.simulator.api.records.sessions import FlowRecord, SessionRecord
from analytics_platform.simulator.api.statistics.dimensions import dimensions_of, session_layers
from analytics_platform.simulator.api.statistics.facts import Fact
from analytics_platform.simulator.api.statistics.told import told_facts
from analytics_platform.simulator.world.instants import SECOND, parse

_FAMILY = aggregate_family("flows")
_METRICS = frozenset(_FAMILY.metrics)


def facts(org: Org, start: int, end: int) -> Iterator[Fact]:
    """The facts with `start <= at < end`, as known at the org's clock; they trail a segment by less than a second."""
    return told_facts(org, start, end, _facts_of, SECOND)


def _facts_of(conversation: ConversationRecord) -> Iterator[Fact]:
    for participant in conversation.participants or ():
        for session in participant.sessions or ():
            if session.flow:
                yield from _of_session(conversation, participant, session, session.flow)


def _of_session(
    conversation: ConversationRecord, participant: ParticipantRecord, session: SessionRecord, flow: FlowRecord
) -> Iterator[Fact]:
    layers = (conversation, *session_layers(participant, session), flow)
    outcomes = flow.outcomes or []
    dimensions = dimensions_of(_FAMILY, layers)
    with_outcomes = dimensions_of(_FAMILY, (*layers, *outcomes))
    failed = sum(outcome.flowOutcomeValue == "FAILURE" for outcome in outcomes)
    for metric in session.metrics or ():
        at, name, value = parse(str(metric.emitDate)), str(metric.name), metric.value
        if name not in _METRICS:
            continue
        assert isinstance(value, int)
        yield Fact(at, name, value, with_outcomes if "Outcome" in name else dimensions)
        if name == "nFlowOutcome" and failed:
            yield Fact(at, "nFlowOutcomeFailed", failed, with_outcomes)
