"""The typed tables made the slow and obvious way: loops over decoded JSON, one row after another.

It shares nothing with the platform's own flattening but the vendor's models; names of tables and columns are spelled
out here once more.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from analytics_platform.catalogue.models import model

Row = dict[str, Any]
_SESSION_CHILDREN = {
    "agentGroups": ("agent_groups", "agent_group_index", "AnalyticsAgentGroup"),
    "proposedAgents": ("proposed_agents", "proposed_agent_index", "AnalyticsProposedAgent"),
    "mediaEndpointStats": ("media_endpoint_stats", "media_endpoint_stat_index", "AnalyticsMediaEndpointStat"),
}
_CONVERSATION_CHILDREN = {
    "evaluations": ("evaluations", "evaluation_index", "AnalyticsEvaluation"),
    "surveys": ("surveys", "survey_index", "AnalyticsSurvey"),
    "resolutions": ("resolutions", "resolution_index", "AnalyticsResolution"),
}
_SEGMENT_CHILDREN = {
    "scoredAgents": ("scored_agents", "scored_agent_index", "AnalyticsScoredAgent"),
    "properties": ("segment_properties", "property_index", "AnalyticsProperty"),
}


def slow_tables(records: Iterable[Row]) -> dict[str, list[Row]]:
    """All typed tables of conversations, by name, without the provenance columns."""
    made: dict[str, list[Row]] = defaultdict(list)
    for record in records:
        key = {"conversation_id": record.get("conversationId")}
        made["conversations"].append(_own("AnalyticsConversation", record))
        _children(made, record, _CONVERSATION_CHILDREN, key)
        for index, participant in enumerate(record.get("participants") or []):
            _participant(made, participant or {}, {**key, "participant_index": index})
    return made


def _participant(made: dict[str, list[Row]], participant: Row, key: Row) -> None:
    made["participants"].append({**key, **_own("AnalyticsParticipant", participant)})
    named = {"participant_id": participant.get("participantId")}
    for index, (name, value) in enumerate((participant.get("attributes") or {}).items()):
        made["participant_attributes"].append({**key, **named, "attribute_index": index, "key": name, "value": value})
    for index, session in enumerate(participant.get("sessions") or []):
        below = {**key, "session_index": index}
        made["sessions"].append({**below, **named, **_own("AnalyticsSession", session or {})})
        _session(made, session or {}, participant, {**below, "session_id": (session or {}).get("sessionId")})


def _session(made: dict[str, list[Row]], session: Row, participant: Row, key: Row) -> None:
    _children(made, session, _SESSION_CHILDREN, key)
    flow = session.get("flow")
    if flow is not None:
        made["flows"].append({**key, **_own("AnalyticsFlow", flow)})
        _children(made, flow, {"outcomes": ("flow_outcomes", "outcome_index", "AnalyticsFlowOutcome")}, key)
    queues = [segment.get("queueId") for segment in session.get("segments") or [] if segment is not None]
    named = [queue for queue in queues if queue is not None]
    context = {
        "queue_id": named[-1] if named else None,
        "user_id": participant.get("userId"),
        "purpose": participant.get("purpose"),
        "media_type": session.get("mediaType"),
        "direction": session.get("direction"),
    }
    for index, metric in enumerate(session.get("metrics") or []):
        own = _own("AnalyticsSessionMetric", metric or {})
        made["session_metrics"].append({**key, "metric_index": index, **own, **context})
    for index, segment in enumerate(session.get("segments") or []):
        below = {**key, "segment_index": index}
        made["segments"].append({**below, **_own("AnalyticsConversationSegment", segment or {})})
        _children(made, segment or {}, _SEGMENT_CHILDREN, below)


def _children(made: dict[str, list[Row]], parent: Row, kinds: dict[str, tuple[str, str, str]], key: Row) -> None:
    for field, (table, ordinal, model_name) in kinds.items():
        for index, child in enumerate(parent.get(field) or []):
            made[table].append({**key, ordinal: index, **_own(model_name, child or {})})


def slow_statuses(records: Iterable[Row]) -> dict[str, list[Row]]:
    """Both status tables of users, by name, without the provenance columns."""
    made: dict[str, list[Row]] = {"user_primary_presence": [], "user_routing_status": []}
    for record in records:
        key = {"user_id": record.get("userId")}
        for presence in record.get("primaryPresence") or []:
            made["user_primary_presence"].append({**key, **_own("AnalyticsUserPresenceRecord", presence or {})})
        for status in record.get("routingStatus") or []:
            made["user_routing_status"].append({**key, **_own("AnalyticsRoutingStatusRecord", status or {})})
    return made


def _own(model_name: str, given: Row) -> Row:
    return {
        _snake(name): _typed(field.type, given.get(name))
        for name, field in model(model_name).fields.items()
        if not field.is_model and field.container != "dict"
    }


def _typed(kind: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_typed(kind, item) for item in value]
    if kind == "datetime" and value is not None:
        moment = datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return moment - timedelta(microseconds=moment.microsecond % 1000)
    return float(value) if kind == "number" and value is not None else value


def _snake(name: str) -> str:
    out = ""
    for place, letter in enumerate(name):
        after = name[place + 1 : place + 2]
        starts = letter.isupper() and place and (not name[place - 1].isupper() or after.islower())
        out += ("_" if starts else "") + letter.lower()
    return out
