"""A session and what hangs on it, as the vendor writes them.

Fields stand in the vendor's order, which is the order they are written in: scalars and lists of strings by
alphabet, then lists of objects. A field that is UNSET is absent from the JSON; null is never written.
"""

from msgspec import UNSET, Struct, UnsetType

Instant = str
"""ISO-8601, UTC, milliseconds."""


class AgentGroupRecord(Struct, kw_only=True, gc=False):
    """The vendor's AnalyticsAgentGroup."""

    agentGroupId: str | UnsetType = UNSET
    agentGroupType: str | UnsetType = UNSET


class ProposedAgentRecord(Struct, kw_only=True, gc=False):
    """The vendor's AnalyticsProposedAgent."""

    agentRank: int | UnsetType = UNSET
    proposedAgentId: str | UnsetType = UNSET


class MediaStatisticsRecord(Struct, kw_only=True, gc=False):
    """The vendor's AnalyticsMediaEndpointStat."""

    codecs: list[str] | UnsetType = UNSET
    discardedPackets: int | UnsetType = UNSET
    duplicatePackets: int | UnsetType = UNSET
    eventTime: Instant | UnsetType = UNSET
    invalidPackets: int | UnsetType = UNSET
    maxLatencyMs: int | UnsetType = UNSET
    minMos: float | UnsetType = UNSET
    minRFactor: float | UnsetType = UNSET
    overrunPackets: int | UnsetType = UNSET
    receivedPackets: int | UnsetType = UNSET
    underrunPackets: int | UnsetType = UNSET


class FlowOutcomeRecord(Struct, kw_only=True, gc=False):
    """The vendor's AnalyticsFlowOutcome."""

    flowOutcome: str | UnsetType = UNSET
    flowOutcomeEndTimestamp: Instant | UnsetType = UNSET
    flowOutcomeId: str | UnsetType = UNSET
    flowOutcomeStartTimestamp: Instant | UnsetType = UNSET
    flowOutcomeValue: str | UnsetType = UNSET


class FlowRecord(Struct, kw_only=True, gc=False):
    """The vendor's AnalyticsFlow."""

    endingLanguage: str | UnsetType = UNSET
    entryReason: str | UnsetType = UNSET
    entryType: str | UnsetType = UNSET
    exitReason: str | UnsetType = UNSET
    flowId: str | UnsetType = UNSET
    flowName: str | UnsetType = UNSET
    flowType: str | UnsetType = UNSET
    flowVersion: str | UnsetType = UNSET
    issuedCallback: bool | UnsetType = UNSET
    recognitionFailureReason: str | UnsetType = UNSET
    startingLanguage: str | UnsetType = UNSET
    transferTargetAddress: str | UnsetType = UNSET
    transferTargetName: str | UnsetType = UNSET
    transferType: str | UnsetType = UNSET
    outcomes: list[FlowOutcomeRecord] | UnsetType = UNSET


class MetricRecord(Struct, kw_only=True, gc=False):
    """The vendor's AnalyticsSessionMetric."""

    emitDate: Instant | UnsetType = UNSET
    name: str | UnsetType = UNSET
    value: int | UnsetType = UNSET


class ScoredAgentRecord(Struct, kw_only=True, gc=False):
    """The vendor's AnalyticsScoredAgent."""

    agentScore: int | UnsetType = UNSET
    scoredAgentId: str | UnsetType = UNSET


class PropertyRecord(Struct, kw_only=True, gc=False):
    """The vendor's AnalyticsProperty."""

    property: str | UnsetType = UNSET
    propertyType: str | UnsetType = UNSET
    value: str | UnsetType = UNSET


class SegmentRecord(Struct, kw_only=True, gc=False):
    """The vendor's AnalyticsConversationSegment."""

    audioMuted: bool | UnsetType = UNSET
    conference: bool | UnsetType = UNSET
    destinationConversationId: str | UnsetType = UNSET
    destinationSessionId: str | UnsetType = UNSET
    disconnectType: str | UnsetType = UNSET
    errorCode: str | UnsetType = UNSET
    groupId: str | UnsetType = UNSET
    q850ResponseCodes: list[int] | UnsetType = UNSET
    queueId: str | UnsetType = UNSET
    requestedLanguageId: str | UnsetType = UNSET
    requestedRoutingSkillIds: list[str] | UnsetType = UNSET
    requestedRoutingUserIds: list[str] | UnsetType = UNSET
    segmentEnd: Instant | UnsetType = UNSET
    segmentStart: Instant | UnsetType = UNSET
    segmentType: str | UnsetType = UNSET
    sipResponseCodes: list[int] | UnsetType = UNSET
    sourceConversationId: str | UnsetType = UNSET
    sourceSessionId: str | UnsetType = UNSET
    subject: str | UnsetType = UNSET
    videoMuted: bool | UnsetType = UNSET
    wrapUpCode: str | UnsetType = UNSET
    wrapUpNote: str | UnsetType = UNSET
    wrapUpTags: list[str] | UnsetType = UNSET
    scoredAgents: list[ScoredAgentRecord] | UnsetType = UNSET
    properties: list[PropertyRecord] | UnsetType = UNSET


class SessionRecord(Struct, kw_only=True, gc=False):
    """The vendor's AnalyticsSession."""

    activeSkillIds: list[str] | UnsetType = UNSET
    acwSkipped: bool | UnsetType = UNSET
    addressFrom: str | UnsetType = UNSET
    addressOther: str | UnsetType = UNSET
    addressSelf: str | UnsetType = UNSET
    addressTo: str | UnsetType = UNSET
    agentAssistantId: str | UnsetType = UNSET
    agentBullseyeRing: int | UnsetType = UNSET
    agentOwned: bool | UnsetType = UNSET
    ani: str | UnsetType = UNSET
    assignerId: str | UnsetType = UNSET
    authenticated: bool | UnsetType = UNSET
    bargedParticipantId: str | UnsetType = UNSET
    bcc: list[str] | UnsetType = UNSET
    callbackNumbers: list[str] | UnsetType = UNSET
    callbackScheduledTime: Instant | UnsetType = UNSET
    callbackUserName: str | UnsetType = UNSET
    cc: list[str] | UnsetType = UNSET
    cleared: bool | UnsetType = UNSET
    coachedParticipantId: str | UnsetType = UNSET
    cobrowseRole: str | UnsetType = UNSET
    cobrowseRoomId: str | UnsetType = UNSET
    deliveryPushed: bool | UnsetType = UNSET
    deliveryStatus: str | UnsetType = UNSET
    deliveryStatusChangeDate: Instant | UnsetType = UNSET
    destinationAddresses: list[str] | UnsetType = UNSET
    detectedSpeechEnd: Instant | UnsetType = UNSET
    detectedSpeechStart: Instant | UnsetType = UNSET
    direction: str | UnsetType = UNSET
    dispositionAnalyzer: str | UnsetType = UNSET
    dispositionName: str | UnsetType = UNSET
    dnis: str | UnsetType = UNSET
    edgeId: str | UnsetType = UNSET
    eligibleAgentCounts: list[int] | UnsetType = UNSET
    engagementSource: str | UnsetType = UNSET
    errorCodeDescription: str | UnsetType = UNSET
    extendedDeliveryStatus: str | UnsetType = UNSET
    flowInType: str | UnsetType = UNSET
    flowOutType: str | UnsetType = UNSET
    journeyActionId: str | UnsetType = UNSET
    journeyActionMapId: str | UnsetType = UNSET
    journeyActionMapVersion: int | UnsetType = UNSET
    journeyCustomerId: str | UnsetType = UNSET
    journeyCustomerIdType: str | UnsetType = UNSET
    journeyCustomerSessionId: str | UnsetType = UNSET
    journeyCustomerSessionIdType: str | UnsetType = UNSET
    mediaBridgeId: str | UnsetType = UNSET
    mediaCount: int | UnsetType = UNSET
    mediaType: str | UnsetType = UNSET
    messageType: str | UnsetType = UNSET
    monitoredParticipantId: str | UnsetType = UNSET
    outboundCampaignId: str | UnsetType = UNSET
    outboundContactId: str | UnsetType = UNSET
    outboundContactListId: str | UnsetType = UNSET
    peerId: str | UnsetType = UNSET
    protocolCallId: str | UnsetType = UNSET
    provider: str | UnsetType = UNSET
    recording: bool | UnsetType = UNSET
    remote: str | UnsetType = UNSET
    remoteNameDisplayable: str | UnsetType = UNSET
    removedSkillIds: list[str] | UnsetType = UNSET
    requestedRoutings: list[str] | UnsetType = UNSET
    roomId: str | UnsetType = UNSET
    routingRing: int | UnsetType = UNSET
    routingRule: str | UnsetType = UNSET
    routingRuleType: str | UnsetType = UNSET
    screenMonitoredUserId: str | UnsetType = UNSET
    screenShareAddressSelf: str | UnsetType = UNSET
    screenShareRoomId: str | UnsetType = UNSET
    scriptId: str | UnsetType = UNSET
    selectedAgentId: str | UnsetType = UNSET
    selectedAgentRank: int | UnsetType = UNSET
    sessionDnis: str | UnsetType = UNSET
    sessionId: str | UnsetType = UNSET
    sharingScreen: bool | UnsetType = UNSET
    skillExpressionId: str | UnsetType = UNSET
    skipEnabled: bool | UnsetType = UNSET
    snippetRecording: bool | UnsetType = UNSET
    timeoutSeconds: int | UnsetType = UNSET
    usedRouting: str | UnsetType = UNSET
    videoAddressSelf: str | UnsetType = UNSET
    videoRoomId: str | UnsetType = UNSET
    waitingInteractionCounts: list[int] | UnsetType = UNSET
    agentGroups: list[AgentGroupRecord] | UnsetType = UNSET
    proposedAgents: list[ProposedAgentRecord] | UnsetType = UNSET
    mediaEndpointStats: list[MediaStatisticsRecord] | UnsetType = UNSET
    flow: FlowRecord | UnsetType = UNSET
    metrics: list[MetricRecord] | UnsetType = UNSET
    segments: list[SegmentRecord] | UnsetType = UNSET
