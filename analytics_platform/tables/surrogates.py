"""Characters that JSON escapes in two halves, put in themselves where readers stumble over the escape.

The reader of the typed tables takes an escaped character of an even plane, such as `\\ud840\\udc00`, for one of the
plane before. Half an escape alone, which remains where a text was cut through such a character, no reader takes at
all: it is given the replacement character U+FFFD, as text can hold no half.
"""

import re
from typing import TypeVar

import numpy as np

# An escaped backslash before an innocent "ud840" is no such escape.
_ESCAPES = re.compile(
    rb"(?<!\\)(?P<before>(?:\\\\)*)\\u"
    rb"(?:(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})|[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_ESCAPE = np.frombuffer(rb"\u", np.uint16)[0]
_PIECE = 1 << 16
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}".encode()


Text = TypeVar("Text", bytes, memoryview)
Letters = np.ndarray[tuple[int], np.dtype[np.uint8]]


def readable(text: Text) -> Text | bytes:
    """JSON text in UTF-8 without any escaped surrogate; the same object where there is none."""
    return _ESCAPES.sub(_character, text) if _may_escape_surrogates(text) else text


def _may_escape_surrogates(text: bytes | memoryview) -> bool:
    """Whether `\\ud` or `\\uD` stands in the text."""
    letters = np.frombuffer(text, np.uint8)
    pieces = (letters[start : start + _PIECE + 2] for start in range(0, len(letters), _PIECE))
    return any(_escapes(piece) and _in_piece(piece) for piece in pieces)


def _escapes(letters: Letters) -> bool:
    """Whether `\\u` stands among the letters. Two letters looked for as one number cost half of one by itself."""
    shifted = (letters, letters[1:])
    return any(bool((each[: len(each) // 2 * 2].view(np.uint16) == _ESCAPE).any()) for each in shifted)


def _in_piece(letters: Letters) -> bool:
    escapes = np.flatnonzero(letters[:-2] == ord("\\"))
    after = letters[escapes + 2]
    return bool(np.any((letters[escapes + 1] == ord("u")) & ((after == ord("d")) | (after == ord("D")))))


def _character(escape: re.Match[bytes]) -> bytes:
    if escape["high"] is None:
        return escape["before"] + _REPLACEMENT
    high, low = int(escape["high"], 16), int(escape["low"], 16)
    return escape["before"] + chr(0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00).encode()
