"""The criteria of a transcript search, as a plain question about one conversation.

The vendor withdrew the search and published little about it, so this is assumed: a criterion looks into the words of
the transcript unless its `fields` name something of the conversation; it holds for any of its values. EXACT is one
whole word of an utterance (or the whole value of a field), EXACT_PHRASE its words in a row, PHRASE all of its words in
any order; case and punctuation do not matter. Criteria beside each other must all hold, but of those with the
operator OR one is enough, and those with NOT must not hold.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analytics_platform.simulator.api.errors import bad_request, invalid_value
from analytics_platform.simulator.world.instants import parse

TRANSCRIPT = "transcript"
_FIELDS = (TRANSCRIPT, "conversationId", "direction", "mediaType", "queueId", "userId")
_DATES = ("conversationStart", "conversationEnd")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Searched:
    """What a conversation can be found by: the words of each utterance, values and instants by field."""

    utterances: tuple[tuple[str, ...], ...]
    values: Mapping[str, frozenset[str]]
    instants: Mapping[str, int]


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, in lower case."""
    return tuple(_WORD.findall(text.lower()))


def check_criteria(criteria: Sequence[Mapping[str, Any]]) -> None:
    """ApiError 400 for a criterion that asks nothing or something unknown."""
    for criterion in criteria:
        if criterion.get("group"):
            check_criteria(criterion["group"])
            continue
        known = _DATES if criterion.get("type") == "DATE_RANGE" else _FIELDS
        for field in criterion.get("fields") or ():
            if field not in known:
                raise invalid_value(field, "Fields", known)
        if criterion.get("type") == "DATE_RANGE":
            date_range(criterion)
        elif criterion.get("type") is None or not _values(criterion):
            raise bad_request("A criterion must have a type and a value, values or a group")


def date_range(criterion: Mapping[str, Any]) -> tuple[int, int]:
    """`[start, end)` of a date range; ApiError 400 when it is none."""
    try:
        return parse(criterion["startValue"]), parse(criterion["endValue"])
    except (KeyError, TypeError, ValueError):
        raise bad_request("A DATE_RANGE must have an ISO-8601 startValue and endValue") from None


def holds(criteria: Sequence[Mapping[str, Any]], searched: Searched) -> bool:
    """Whether a conversation satisfies criteria that were checked."""
    found = [(criterion.get("operator") or "AND", _one_holds(criterion, searched)) for criterion in criteria]
    alternatives = [held for operator, held in found if operator == "OR"]
    return all(held != (operator == "NOT") for operator, held in found if operator != "OR") and (
        not alternatives or any(alternatives)
    )


def utterances_found(criteria: Sequence[Mapping[str, Any]], searched: Searched) -> int:
    """How many utterances satisfy a criterion on words: the score of a conversation."""
    words = [
        criterion for criterion in criteria if criterion.get("type") != "DATE_RANGE" and not criterion.get("group")
    ]
    return sum(
        any(_said(str(criterion["type"]), value, utterance) for criterion in words for value in _values(criterion))
        for utterance in searched.utterances
    ) + sum(utterances_found(criterion["group"], searched) for criterion in criteria if criterion.get("group"))


def _one_holds(criterion: Mapping[str, Any], searched: Searched) -> bool:
    if criterion.get("group"):
        return holds(criterion["group"], searched)
    kind, fields = str(criterion["type"]), criterion.get("fields")
    if kind == "DATE_RANGE":
        start, end = date_range(criterion)
        return any(start <= searched.instants.get(field, end) < end for field in fields or _DATES[:1])
    return any(
        any(_said(kind, value, utterance) for utterance in searched.utterances)
        if field == TRANSCRIPT
        else value in searched.values.get(field, ())
        for field in fields or (TRANSCRIPT,)
        for value in _values(criterion)
    )


def _said(kind: str, value: str, utterance: tuple[str, ...]) -> bool:
    wanted = words_of(value)
    if kind == "PHRASE":
        return bool(wanted) and set(wanted) <= set(utterance)
    if kind == "EXACT" and len(wanted) != 1:
        return False
    length = len(wanted)
    return any(utterance[at : at + length] == wanted for at in range(len(utterance) - length + 1)) and bool(wanted)


def _values(criterion: Mapping[str, Any]) -> list[str]:
    given = [criterion["value"]] if criterion.get("value") is not None else []
    return [*given, *(criterion.get("values") or ())]
