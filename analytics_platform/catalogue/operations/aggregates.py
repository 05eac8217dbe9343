"""Aggregates: one query a family, each an interval cut into buckets and groups.

The greatest interval is not published; ten views a query and 100 user ids are (developer.genesys.cloud, aggregates).
"""

from analytics_platform.catalogue.operations.operation import Lands, Limits, Operation

_SINGULARS = {
    "bots": "bot",
    "conversations": "conversation",
    "evaluations": "evaluation",
    "flows": "flow",
    "journeys": "journey",
    "surveys": "survey",
    "transcripts": "transcript",
    "users": "user",
}


def _aggregates(family: str, listed: int, *, permission: str | None = None, ids: int | None = None) -> Operation:
    singular = _SINGULARS[family]
    return Operation(
        f"{family}.aggregates",
        "POST",
        f"/api/v2/analytics/{family}/aggregates/query",
        (permission or f"analytics:{singular}Aggregate:view",),
        takes=f"{singular.capitalize()}AggregationQuery",
        gives=f"{singular.capitalize()}AggregateQueryResponse",
        limits=Limits(views=10, ids=ids),
        lands=Lands.DAY,
        tables=(f"{singular}_aggregates",),
        summary=f"Metrics of {family} by bucket of time and group.",
        listed=listed,
    )


BOT_AGGREGATES = _aggregates("bots", 2)
CONVERSATION_AGGREGATES = _aggregates("conversations", 3)
EVALUATION_AGGREGATES = _aggregates("evaluations", 14)
FLOW_AGGREGATES = _aggregates("flows", 15)
JOURNEY_AGGREGATES = _aggregates("journeys", 17)
SURVEY_AGGREGATES = _aggregates("surveys", 36)
TRANSCRIPT_AGGREGATES = _aggregates("transcripts", 37, permission="analytics:speechAndTextAnalyticsAggregates:view")
USER_AGGREGATES = _aggregates("users", 38, ids=100)
AGGREGATE_QUERIES = (
    BOT_AGGREGATES,
    CONVERSATION_AGGREGATES,
    EVALUATION_AGGREGATES,
    FLOW_AGGREGATES,
    JOURNEY_AGGREGATES,
    SURVEY_AGGREGATES,
    TRANSCRIPT_AGGREGATES,
    USER_AGGREGATES,
)
