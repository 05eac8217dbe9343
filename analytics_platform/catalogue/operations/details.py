"""Detail records: the asynchronous jobs, and the queries a person asks.

Limits of queries: developer.genesys.cloud, analytics/detail (interval, page size, 100 000 results); the greatest number
of ids in one call is the vendor's for agents and conversations alike.
"""

from dataclasses import dataclass

from analytics_platform.catalogue.operations.operation import Lands, Limits, Operation, Parameter

_ANALYTICS = "/api/v2/analytics"
_CONVERSATION = ("analytics:conversationDetail:view", "analytics:agentConversationDetail:view")
_USER = ("analytics:userDetail:view",)


@dataclass(frozen=True)
class JobFamily:
    """The five operations of one asynchronous details job, and the key under which a page lists its records."""

    name: str
    records_key: str
    availability: Operation
    submit: Operation
    status: Operation
    results: Operation
    cancel: Operation

    @property
    def operations(self) -> tuple[Operation, ...]:
        return (self.submit, self.availability, self.cancel, self.status, self.results)


def _job_family(
    name: str, records_key: str, permissions: tuple[str, ...], takes: str, gives: str, table: str, listed: int
) -> JobFamily:
    base = f"{_ANALYTICS}/{name}/details/jobs"

    def step(which: str, method: str, path: str, row: int, **facts: object) -> Operation:
        told = {"permissions": permissions, "tables": (table,), "listed": listed + row} | facts
        return Operation(f"{name}.{which}", method, path, **told)  # type: ignore[arg-type]

    return JobFamily(
        name=name,
        records_key=records_key,
        submit=step(
            "submit", "POST", base, 0, takes=takes, gives="AsyncQueryResponse", summary="Submit a details job."
        ),
        availability=step(
            "availability",
            "GET",
            f"{base}/availability",
            1,
            permissions=permissions[:1],
            gives="DataAvailabilityResponse",
            summary="The watermark: data before it is complete.",
        ),
        cancel=step("cancel", "DELETE", f"{base}/{{jobId}}", 2, summary="Cancel a details job."),
        status=step("status", "GET", f"{base}/{{jobId}}", 3, gives="AsyncQueryStatus", summary="The state of a job."),
        results=step(
            "results",
            "GET",
            f"{base}/{{jobId}}/results",
            4,
            gives=gives,
            parameters=(Parameter("cursor"), Parameter("pageSize")),
            lands=Lands.DAY,
            summary="One page of a job's results.",
        ),
    )


CONVERSATION_JOBS = _job_family(
    "conversations",
    "conversations",
    _CONVERSATION,
    "AsyncConversationQuery",
    "AnalyticsConversationAsyncQueryResponse",
    "conversation_details",
    5,
)
USER_JOBS = _job_family(
    "users", "userDetails", _USER, "AsyncUserDetailsQuery", "AnalyticsUserDetailsAsyncQueryResponse", "user_details", 39
)
JOB_FAMILIES = (CONVERSATION_JOBS, USER_JOBS)

_QUERY_LIMITS = Limits(interval_days=7, interval_days_filtered=31, page_size=100, default_page_size=25, results=100_000)
CONVERSATION_QUERY = Operation(
    "conversations.query",
    "POST",
    f"{_ANALYTICS}/conversations/details/query",
    _CONVERSATION,
    takes="ConversationQuery",
    gives="AnalyticsConversationQueryResponse",
    limits=_QUERY_LIMITS,
    lands=Lands.ANSWER,
    summary="Conversations that started on the UTC days of an interval, by filter.",
    listed=10,
)
CONVERSATIONS_BY_IDS = Operation(
    "conversations.by_ids",
    "GET",
    f"{_ANALYTICS}/conversations/details",
    _CONVERSATION,
    gives="AnalyticsConversationWithoutAttributesMultiGetResponse",
    parameters=(Parameter("id"),),
    limits=Limits(ids=100),
    lands=Lands.ANSWER,
    summary="Conversations by their ids.",
    listed=4,
)
CONVERSATION_BY_ID = Operation(
    "conversations.by_id",
    "GET",
    f"{_ANALYTICS}/conversations/{{conversationId}}/details",
    _CONVERSATION,
    gives="AnalyticsConversationWithoutAttributes",
    lands=Lands.ANSWER,
    summary="One conversation by its id.",
    listed=12,
)
CONVERSATION_PROPERTIES = Operation(
    "conversations.properties",
    "POST",
    f"{_ANALYTICS}/conversations/{{conversationId}}/details/properties",
    ("analytics:conversationProperties:index",),
    takes="PropertyIndexRequest",
    gives="PropertyIndexRequest",
    lands=Lands.ACTION,
    summary="Index properties of a conversation's session, so that queries find it by them.",
    listed=13,
)
TRANSCRIPT_QUERY = Operation(
    "conversations.transcripts",
    "POST",
    f"{_ANALYTICS}/conversations/transcripts/query",
    _CONVERSATION[:1],
    takes="TranscriptConversationDetailSearchRequest",
    gives="AnalyticsConversationWithoutAttributesMultiGetResponse",
    lands=Lands.ANSWER,
    summary="Conversations whose transcripts hold given words.",
    listed=11,
    withdrawn="234.0.0 (2025-08-03)",
)
USER_QUERY = Operation(
    "users.query",
    "POST",
    f"{_ANALYTICS}/users/details/query",
    _USER,
    takes="UserDetailsQuery",
    gives="AnalyticsUserDetailsQueryResponse",
    limits=_QUERY_LIMITS,
    lands=Lands.ANSWER,
    summary="Presences and routing statuses of users in an interval, by filter.",
    listed=44,
)
QUERIES = (
    CONVERSATIONS_BY_IDS,
    CONVERSATION_QUERY,
    TRANSCRIPT_QUERY,
    CONVERSATION_BY_ID,
    CONVERSATION_PROPERTIES,
    USER_QUERY,
)
