"""What a fact can be grouped and filtered by: the dimensions of the vendor's model, read off its records."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from msgspec import UNSET, Struct

from analytics_platform.catalogue.aggregates import AggregateFamily
from analytics_platform.simulator.api.records.conversations import ParticipantRecord
from analytics_platform.simulator.api.records.sessions import SegmentRecord, SessionRecord

Dimensions = Mapping[str, tuple[str, ...]]


def dimensions_of(family: AggregateFamily, layers: Iterable[Struct]) -> dict[str, tuple[str, ...]]:
    """The family's dimensions that any of the records has, each with all its values in their order.

    A dimension is the field of its name, or of its name in the plural (divisionId of divisionIds). A session's segments
    among the layers give the session every queue, wrap-up code and disconnect type of theirs.
    """
    found: dict[str, tuple[str, ...]] = {}
    for layer in layers:
        for dimension, field in _fields(family, type(layer)):
            told = getattr(layer, field)
            if told is UNSET:
                continue
            words = tuple(map(_word, told)) if isinstance(told, list) else (_word(told),)
            held = found.get(dimension)
            if held is None:
                found[dimension] = tuple(dict.fromkeys(words)) if len(words) > 1 else words
            elif held != words:
                found[dimension] = tuple(dict.fromkeys((*held, *words)))
    return {dimension: words for dimension, words in found.items() if words}


def session_layers(participant: ParticipantRecord, session: SessionRecord) -> Iterable[Struct]:
    """The records that say something of a session, beside its conversation's."""
    yield participant
    yield session
    yield from session.proposedAgents or ()
    for segment in session.segments or ():
        yield segment
        yield from _scored(segment)


def _scored(segment: SegmentRecord) -> Iterable[Struct]:
    return segment.scoredAgents or ()


def _word(value: object) -> str:
    if isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


@lru_cache(maxsize=256)
def _fields(family: AggregateFamily, kind: type[Struct]) -> tuple[tuple[str, str], ...]:
    """(dimension, field) of a kind of record."""
    known = set(kind.__struct_fields__)
    return tuple(
        (dimension, field)
        for dimension in family.dimensions
        for field in (dimension, f"{dimension}s", f"{dimension}es")
        if field in known
    )
