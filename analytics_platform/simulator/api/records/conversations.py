"""A conversation with its participants and judgements, as the vendor writes them.

Fields stand in the vendor's order, which is the order they are written in: scalars and lists of strings by
alphabet, then lists of objects. A field that is UNSET is absent from the JSON; null is never written.
"""

from msgspec import UNSET, Struct, UnsetType

from analytics_platform.simulator.api.records.sessions import Instant, SessionRecord


class EvaluationRecord(Struct, kw_only=True, gc=False):
    """The vendor's AnalyticsEvaluation."""

    assigneeApplicable: bool | UnsetType = UNSET
    assigneeId: str | UnsetType = UNSET
    calibrationId: str | UnsetType = UNSET
    contextId: str | UnsetType = UNSET
    deleted: bool | UnsetType = UNSET
    evaluationId: str | UnsetType = UNSET
    evaluationStatus: str | UnsetType = UNSET
    evaluatorId: str | UnsetType = UNSET
    eventTime: Instant | UnsetType = UNSET
    formId: str | UnsetType = UNSET
    formName: str | UnsetType = UNSET
    queueId: str | UnsetType = UNSET
    released: bool | UnsetType = UNSET
    rescored: bool | UnsetType = UNSET
    systemSubmitted: bool | UnsetType = UNSET
    userId: str | UnsetType = UNSET
    oTotalCriticalScore: int | UnsetType = UNSET
    oTotalScore: int | UnsetType = UNSET


class SurveyRecord(Struct, kw_only=True, gc=False):
    """The vendor's AnalyticsSurvey."""

    eventTime: Instant | UnsetType = UNSET
    queueId: str | UnsetType = UNSET
    surveyCompletedDate: Instant | UnsetType = UNSET
    surveyFormContextId: str | UnsetType = UNSET
    surveyFormId: str | UnsetType = UNSET
    surveyFormName: str | UnsetType = UNSET
    surveyId: str | UnsetType = UNSET
    surveyPartialResponse: bool | UnsetType = UNSET
    surveyPromoterScore: int | UnsetType = UNSET
    surveyStatus: str | UnsetType = UNSET
    surveyType: str | UnsetType = UNSET
    userId: str | UnsetType = UNSET
    oSurveyTotalScore: int | UnsetType = UNSET


class ResolutionRecord(Struct, kw_only=True, gc=False):
    """The vendor's AnalyticsResolution."""

    eventTime: Instant | UnsetType = UNSET
    queueId: str | UnsetType = UNSET
    userId: str | UnsetType = UNSET
    nNextContactAvoided: int | UnsetType = UNSET


class ParticipantRecord(Struct, kw_only=True, gc=False):
    """The vendor's AnalyticsParticipant."""

    externalContactId: str | UnsetType = UNSET
    externalOrganizationId: str | UnsetType = UNSET
    flaggedReason: str | UnsetType = UNSET
    participantId: str | UnsetType = UNSET
    participantName: str | UnsetType = UNSET
    purpose: str | UnsetType = UNSET
    screenRecording: bool | UnsetType = UNSET
    teamId: str | UnsetType = UNSET
    userId: str | UnsetType = UNSET
    sessions: list[SessionRecord] | UnsetType = UNSET
    attributes: dict[str, str] | UnsetType = UNSET


class ConversationRecord(Struct, kw_only=True, gc=False):
    """The vendor's AnalyticsConversation."""

    accessAttributes: list[str] | UnsetType = UNSET
    associatedConversationId: str | UnsetType = UNSET
    conferenceStart: Instant | UnsetType = UNSET
    consultationConversationIds: list[str] | UnsetType = UNSET
    conversationEnd: Instant | UnsetType = UNSET
    conversationId: str | UnsetType = UNSET
    conversationInitiator: str | UnsetType = UNSET
    conversationStart: Instant | UnsetType = UNSET
    customerParticipation: bool | UnsetType = UNSET
    divisionIds: list[str] | UnsetType = UNSET
    externalTag: str | UnsetType = UNSET
    inactivityTimeout: Instant | UnsetType = UNSET
    knowledgeBaseIds: list[str] | UnsetType = UNSET
    mediaStatsMinConversationMos: float | UnsetType = UNSET
    mediaStatsMinConversationRFactor: float | UnsetType = UNSET
    originatingDirection: str | UnsetType = UNSET
    originatingSocialMediaPublic: bool | UnsetType = UNSET
    selfServed: bool | UnsetType = UNSET
    evaluations: list[EvaluationRecord] | UnsetType = UNSET
    surveys: list[SurveyRecord] | UnsetType = UNSET
    resolutions: list[ResolutionRecord] | UnsetType = UNSET
    participants: list[ParticipantRecord] | UnsetType = UNSET
