"""Conversation details as the vendor tells them: what happened, as far as it was known before an instant.

Seen at an instant, whatever happened at it or after it is not there: a later conversation, participant, session,
segment, metric or statistic is absent, and what goes on past the instant is open (no conversationEnd, no segmentEnd,
nothing that is known only at an end).
"""

from typing import Any, TypeVar

from msgspec import UNSET, UnsetType

from analytics_platform.simulator.api.records.conversations import (
    ConversationRecord,
    EvaluationRecord,
    ParticipantRecord,
    ResolutionRecord,
    SurveyRecord,
)
from analytics_platform.simulator.api.records.sessions import (
    AgentGroupRecord,
    FlowOutcomeRecord,
    FlowRecord,
    MediaStatisticsRecord,
    MetricRecord,
    PropertyRecord,
    ProposedAgentRecord,
    ScoredAgentRecord,
    SegmentRecord,
    SessionRecord,
)
from analytics_platform.simulator.world.conversation import (
    Conversation,
    Facts,
    Flow,
    Late,
    Participant,
    Segment,
    Session,
)
from analytics_platform.simulator.world.instants import iso

Record = TypeVar("Record", EvaluationRecord, SurveyRecord, ResolutionRecord)


def conversation_detail(conversation: Conversation, at: int) -> ConversationRecord | None:
    """The conversation as known before `at`; None when it had not started then."""
    if conversation.start >= at:
        return None
    facts = _known(conversation.facts, conversation.later, at)
    participants = [_participant(told, at) for told in conversation.participants if told.start < at]
    end = conversation.end_seen(at)
    quality = [
        statistic
        for participant in participants
        if participant.sessions
        for session in participant.sessions
        if session.mediaEndpointStats
        for statistic in session.mediaEndpointStats
    ]
    if quality:
        facts = facts | {
            "mediaStatsMinConversationMos": min(statistic.minMos for statistic in quality if statistic.minMos),
            "mediaStatsMinConversationRFactor": min(
                statistic.minRFactor for statistic in quality if statistic.minRFactor
            ),
        }
    return ConversationRecord(
        conversationId=conversation.id,
        conversationStart=iso(conversation.start),
        conversationEnd=UNSET if end is None else iso(end),
        evaluations=_judged(EvaluationRecord, conversation.evaluations, at),
        surveys=_judged(SurveyRecord, conversation.surveys, at),
        resolutions=_judged(ResolutionRecord, conversation.resolutions, at),
        participants=participants or UNSET,
        **facts,
    )


def _participant(participant: Participant, at: int) -> ParticipantRecord:
    sessions = [_session(session, at) for session in participant.sessions if session.segments[0].start < at]
    attributes: dict[str, str] = {}
    for known, told in participant.attributes:
        if known < at:
            attributes |= told
    return ParticipantRecord(
        sessions=sessions or UNSET,
        attributes=attributes or UNSET,
        **_known(participant.facts, participant.later, at),
    )


def _session(session: Session, at: int) -> SessionRecord:
    facts = _known(session.facts, session.later, at)
    if "agentGroups" in facts or "proposedAgents" in facts:
        facts = _routing_lists(facts)
    metrics = [
        MetricRecord(emitDate=iso(emitted), name=name, value=value)
        for emitted, name, value in session.metrics
        if emitted < at
    ]
    media = [MediaStatisticsRecord(eventTime=iso(known), **told) for known, told in session.media if known < at]
    return SessionRecord(
        mediaEndpointStats=media or UNSET,
        flow=_flow(session.flow, at) if session.flow else UNSET,
        metrics=metrics or UNSET,
        segments=[_segment(segment, at) for segment in session.segments if segment.start < at],
        **facts,
    )


def _segment(segment: Segment, at: int) -> SegmentRecord:
    facts = segment.facts
    if segment.end >= at:
        ended: str | UnsetType = UNSET
    else:
        ended = iso(segment.end)
        if segment.closing:
            facts = facts | segment.closing
    if "scoredAgents" in facts or "properties" in facts:
        facts = _scored_lists(facts)
    return SegmentRecord(segmentEnd=ended, segmentStart=iso(segment.start), segmentType=segment.kind, **facts)


def _flow(flow: Flow, at: int) -> FlowRecord:
    facts = flow.facts | flow.closing if flow.end < at else flow.facts
    outcomes = [
        FlowOutcomeRecord(
            flowOutcomeStartTimestamp=iso(start),
            flowOutcomeEndTimestamp=iso(end) if end < at else UNSET,
            **told,
        )
        for start, end, told in flow.outcomes
        if start < at
    ]
    return FlowRecord(outcomes=outcomes or UNSET, **facts)


def _judged(record: type[Record], judgements: list[Late], at: int) -> list[Record] | UnsetType:
    if not judgements:
        return UNSET
    return [record(eventTime=iso(known), **facts) for known, facts in judgements if known < at] or UNSET


def _known(facts: Facts, later: list[Late], at: int) -> Facts:
    for known, told in later:
        if known < at:
            facts = facts | told
    return facts


def _routing_lists(facts: Facts) -> dict[str, Any]:
    told = dict(facts)
    if "agentGroups" in told:
        told["agentGroups"] = [AgentGroupRecord(**group) for group in told["agentGroups"]]
    if "proposedAgents" in told:
        told["proposedAgents"] = [ProposedAgentRecord(**agent) for agent in told["proposedAgents"]]
    return told


def _scored_lists(facts: Facts) -> dict[str, Any]:
    told = dict(facts)
    if "scoredAgents" in told:
        told["scoredAgents"] = [ScoredAgentRecord(**agent) for agent in told["scoredAgents"]]
    if "properties" in told:
        told["properties"] = [PropertyRecord(**entry) for entry in told["properties"]]
    return told
