"""The filters of a query, as far as they are simple: dimensions, properties and judgements' metrics.

A filter is `{"type": "and"|"or", "clauses": [...], "predicates": [...]}`; all filters of a query must hold. A segment
filter holds when one segment, with its session and participant, satisfies it. What is not simple is refused.
"""

from collections.abc import Callable, Iterable
from operator import ge, gt, le, lt
from typing import Any

from msgspec import UNSET, Struct

from analytics_platform.simulator.api.errors import bad_request, unsupported
from analytics_platform.simulator.api.records.conversations import (
    ConversationRecord,
    EvaluationRecord,
    ParticipantRecord,
    ResolutionRecord,
    SurveyRecord,
)
from analytics_platform.simulator.api.records.sessions import SegmentRecord, SessionRecord
from analytics_platform.simulator.api.records.users import UserDetailRecord

Layers = tuple[Struct, ...]
"""Records that a predicate may look into; the first that has the field answers."""
_PLURALS = {
    "accessAttribute": "accessAttributes",
    "divisionId": "divisionIds",
    "callbackNumber": "callbackNumbers",
    "destinationAddress": "destinationAddresses",
    "requestedRouting": "requestedRoutings",
    "requestedRoutingSkillId": "requestedRoutingSkillIds",
    "sipResponseCode": "sipResponseCodes",
}
_BOUNDS: dict[str, Callable[[Any, Any], bool]] = {"gt": gt, "gte": ge, "lt": lt, "lte": le}
"""How a value stands to each bound of the vendor's NumericRange."""


def _conversation(record: Any) -> Iterable[Layers]:
    yield (record,)


def _segments(record: Any) -> Iterable[Layers]:
    for participant in record.participants or ():
        for session in participant.sessions or ():
            for segment in session.segments or ():
                yield segment, session, participant


def _judgements(name: str) -> Callable[[Any], Iterable[Layers]]:
    def looked_into(record: Any) -> Iterable[Layers]:
        return ((judgement,) for judgement in getattr(record, name) or ())

    return looked_into


_Look = tuple[str, tuple[type[Struct], ...], Callable[[Any], Iterable[Layers]]]
_CONVERSATION_LOOKS: tuple[_Look, ...] = (
    ("conversationFilters", (ConversationRecord,), _conversation),
    ("segmentFilters", (SegmentRecord, SessionRecord, ParticipantRecord), _segments),
    ("evaluationFilters", (EvaluationRecord,), _judgements("evaluations")),
    ("surveyFilters", (SurveyRecord,), _judgements("surveys")),
    ("resolutionFilters", (ResolutionRecord,), _judgements("resolutions")),
)
_USER_LOOKS: tuple[_Look, ...] = (("userFilters", (UserDetailRecord,), _conversation),)


class Matcher:
    """All filters of one query body; ApiError 400 at making it when one of them is not simple."""

    def __init__(self, body: dict[str, Any], looks: tuple[_Look, ...]) -> None:
        self._held = [
            (told, looked_into)
            for name, types, looked_into in looks
            for told in body.get(name) or ()
            if _checked(told, types)
        ]

    @classmethod
    def of_conversations(cls, body: dict[str, Any]) -> "Matcher":
        return cls(body, _CONVERSATION_LOOKS)

    @classmethod
    def of_users(cls, body: dict[str, Any]) -> "Matcher":
        for name in ("presenceFilters", "routingStatusFilters"):
            if body.get(name):
                raise unsupported(name)
        return cls(body, _USER_LOOKS)

    @property
    def asks(self) -> bool:
        """Whether there is any filter."""
        return bool(self._held)

    def matches(self, record: Struct | None) -> bool:
        """Whether a record satisfies all filters."""
        return record is not None and all(
            any(_holds(told, layers) for layers in looked_into(record)) for told, looked_into in self._held
        )


def _holds(told: dict[str, Any], layers: Layers) -> bool:
    parts = [_predicate_holds(predicate, layers) for predicate in told.get("predicates") or ()]
    parts += [_holds(clause, layers) for clause in told.get("clauses") or ()]
    return all(parts) if told["type"] == "and" else any(parts)


def _predicate_holds(predicate: dict[str, Any], layers: Layers) -> bool:
    found = _property(predicate, layers) if predicate.get("type") == "property" else _field(predicate, layers)
    operator = predicate.get("operator") or "matches"
    if operator != "matches":
        return (found is not UNSET) == (operator == "exists")
    values = found if isinstance(found, list) else [found]
    within = predicate.get("range")
    if within:
        return any(
            all(_BOUNDS[bound](value, edge) for bound, edge in within.items()) for value in values if value is not UNSET
        )
    return any(_text(value) == predicate["value"] for value in values if value is not UNSET)


def _field(predicate: dict[str, Any], layers: Layers) -> Any:
    """The value of a dimension or of a metric that is a field of its own, such as a score."""
    name = predicate[predicate.get("type") or "dimension"]
    name = _PLURALS.get(name, name)
    return next((value for layer in layers if (value := getattr(layer, name, UNSET)) is not UNSET), UNSET)


def _property(predicate: dict[str, Any], layers: Layers) -> Any:
    """The values of a segment's properties of a name, and of a type where the predicate has one."""
    held = next((layer.properties for layer in layers if isinstance(layer, SegmentRecord)), UNSET)
    wanted = predicate.get("propertyType")
    values = [
        entry.value
        for entry in held or ()
        if entry.property == predicate["property"] and wanted in (None, entry.propertyType)
    ]
    return values or UNSET


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _checked(told: dict[str, Any], types: tuple[type[Struct], ...]) -> bool:
    """True, or ApiError 400."""
    for predicate in told.get("predicates") or ():
        kind = predicate.get("type") or "dimension"
        if kind != "metric" and predicate.get("range"):
            raise unsupported(f"predicates of type {kind} with a range")
        name = predicate.get(kind)
        if name is None:
            raise bad_request(f"A {kind} predicate must name its {kind}")
        if kind != "property" and not any(_PLURALS.get(name, name) in known.__struct_fields__ for known in types):
            raise unsupported(f"the {kind} {name}")
        valued = predicate.get("value") is not None or predicate.get("range")
        if (predicate.get("operator") or "matches") == "matches" and not valued:
            raise bad_request(f"The predicate on {name} must have a value")
    for clause in told.get("clauses") or ():
        _checked(clause, types)
    return True
