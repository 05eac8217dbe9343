"""Records that were never in the world, put on a page of results: what is odd about each is only its fault.

Each is made from the page's first record, under an id of its own, the same whenever that record is told; a fault adds
and never spoils what the world holds, so that what was invented can be left out of a comparison by its id.
"""

from collections.abc import Callable
from typing import Any, Literal, get_args

import msgspec

from analytics_platform.simulator.world.instants import iso, parse

RecordFault = Literal[
    "record_without_id",
    "record_wrong_type",
    "record_unknown_field",
    "record_unknown_value",
    "record_fraction",
    "record_malformed",
    "record_huge",
    "record_duplicate",
    "record_deep",
]
RECORDS: tuple[RecordFault, ...] = get_args(RecordFault)
_ATTRIBUTE_LENGTH = 1024
"""The most characters of an attribute's value, as the vendor has it."""
_DEPTH = 5000
_Record = dict[str, Any]


def invent(sound: bytes, kind: RecordFault, record_key: str, size: int) -> tuple[bytes, str | None]:
    """The record that a fault adds to a page which begins with `sound`, and the id it invented for it, if any.

    `record_key` names the id of a record; `size` is how many bytes a record_huge has, about.
    """
    if kind == "record_duplicate":
        return sound, None
    record: _Record = msgspec.json.decode(sound)
    record[record_key] = invented = _another_id(record[record_key], kind)
    made = _MAKERS[kind](record, size)
    told = msgspec.json.encode(made)
    return told, invented if record_key in made else None


def _another_id(known: str, kind: RecordFault) -> str:
    """An id that differs from a record's at both ends, each kind's by itself."""
    return ("e" if known[0] == "f" else "f") + known[1:-2] + f"{0xF0 + RECORDS.index(kind):x}"


def _without_id(record: _Record, size: int) -> _Record:
    return {name: value for name, value in record.items() if name not in ("conversationId", "userId")}


def _wrong_type(record: _Record, size: int) -> _Record:
    """A list of a text where an instant, or a list of presences, belongs."""
    name = "conferenceStart" if "conversationId" in record else "primaryPresence"
    return {name: ["not an instant"], **{other: value for other, value in record.items() if other != name}}


def _unknown_field(record: _Record, size: int) -> _Record:
    return {"aFieldNobodyKnows": {"nested": [1, "two"]}, **record}


def _unknown_value(record: _Record, size: int) -> _Record:
    """An enum's value that is not among those known: of every session's mediaType, or of a presence or status."""
    for participant in record.get("participants", ()):
        for session in participant["sessions"]:
            session["mediaType"] = "hologram"
    for presence in record.get("primaryPresence", ()):
        presence["systemPresence"] = "LEVITATING"
    for status in record.get("routingStatus", ()):
        status["routingStatus"] = "LEVITATING"
    return record


def _fraction(record: _Record, size: int) -> _Record:
    """A metric whose value is not whole; a user has none."""
    for participant in record.get("participants", ()):
        for session in participant["sessions"]:
            if metrics := session.get("metrics"):
                metrics[0]["value"] += 0.5
                return record
    return record


def _malformed(record: _Record, size: int) -> _Record:
    """JSON, but of another shape inside: an object where the list of participants, or of presences, belongs."""
    name = "participants" if "participants" in record else "primaryPresence"
    return record | {name: {"0": "an object"}}


def _huge(record: _Record, size: int) -> _Record:
    """A participant with attributes of the longest values there are, or a user whose presences changed every second."""
    if "participants" in record:
        value = "x" * _ATTRIBUTE_LENGTH
        count = size // (_ATTRIBUTE_LENGTH + 30)
        record["participants"][0]["attributes"] = {f"An attribute {number:07}": value for number in range(count)}
        return record
    one: _Record = dict(record["primaryPresence"][0])
    first, length = parse(one["startTime"]), len(msgspec.json.encode(one)) + 30
    changes = range(first, first + size // length * 1000, 1000)
    presences = [one | {"startTime": iso(start), "endTime": iso(start + 1000)} for start in changes]
    return record | {"primaryPresence": presences}


def _deep(record: _Record, size: int) -> _Record:
    """A field nobody knows, with lists one in the other, deeper than parsers go that call themselves for each."""
    return {"aFieldNobodyKnows": msgspec.Raw(b"[" * _DEPTH + b"]" * _DEPTH), **record}


_MAKERS: dict[RecordFault, Callable[[_Record, int], _Record]] = {
    "record_without_id": _without_id,
    "record_wrong_type": _wrong_type,
    "record_unknown_field": _unknown_field,
    "record_unknown_value": _unknown_value,
    "record_fraction": _fraction,
    "record_malformed": _malformed,
    "record_huge": _huge,
    "record_deep": _deep,
}
