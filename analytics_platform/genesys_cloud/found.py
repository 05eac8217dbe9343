"""What a query finds: records exactly as sent, page by page, how it went, and what is read of them on the way."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

Records = list[msgspec.Raw]
_NAMED = 20


@dataclass
class Course:
    """How a query went, as far as its records were consumed."""

    requests: int = 0
    pieces: int = 1
    """In how many pieces the interval is asked."""
    given: int = 0
    """Records given."""
    hits: int = 0
    """What the vendor said would match; approximate, and of the pieces asked so far."""
    repeated: int = 0
    """Records that came again while pages moved and were given once."""
    outside: int = 0
    """Conversations of the same UTC days that started outside the interval and were not given."""
    split: str = ""
    """What it means for the records when the interval is asked in several pieces."""
    missing: list[str] = field(default_factory=list)
    """Ids asked for that the vendor does not know."""

    def notes(self) -> list[str]:
        """What a person should know beside the records, a sentence each."""
        told = []
        if self.pieces > 1 and self.split:
            told.append(
                f"The interval was asked in {self.pieces} pieces, as the vendor takes no longer ones: {self.split}."
            )
        if self.outside:
            told.append(
                "Left out, as they started outside the interval on UTC days which the vendor matches whole: "
                f"{self.outside}."
            )
        if self.repeated:
            told.append(f"Given once, though they came again while pages moved: {self.repeated}.")
        if self.missing:
            more = f" and {len(self.missing) - _NAMED} more" if len(self.missing) > _NAMED else ""
            told.append(f"Not found: {', '.join(self.missing[:_NAMED])}{more}.")
        return told


class Found:
    """What a query finds, to be iterated over once: pages of records, each exactly as sent.

    A page is asked for when its records are. `course` is up to date with what was consumed. `record_model` names the
    model of a record. A `msgspec.Raw` keeps its whole page alive: take `bytes(record)` to keep one for longer.
    """

    def __init__(self, record_model: str, pages: Iterator[Records], course: Course, limit: int | None = None) -> None:
        self.record_model = record_model
        self.course = course
        self._pages = pages
        self._left = limit

    def __iter__(self) -> Iterator[Records]:
        for page in self._pages:
            records = page[: self._left]
            self.course.given += len(records)
            if self._left is not None:
                self._left -= len(records)
            yield records
            if self._left == 0:
                return


class Keys(msgspec.Struct, rename="camel"):
    """What is read of a record or of a page here; anything may stand there."""

    conversation_id: Any = None
    user_id: Any = None
    conversation_start: Any = None
    total_hits: Any = None


# Made while this is imported, by one thread.
_KEYS = msgspec.json.Decoder(Keys)


def keys(text: bytes) -> Keys:
    """What is read of a JSON object, also of one that holds half an escaped character; nothing of anything else."""
    try:
        return _KEYS.decode(text)
    except msgspec.DecodeError:
        try:
            told = json.loads(text)
        except ValueError:
            told = None
        return msgspec.convert(told if isinstance(told, dict) else {}, Keys)
