"""What decoding a JSON text raises where it cannot be read."""

from typing import Final

import msgspec

UNDECODABLE: Final = (msgspec.DecodeError, UnicodeError, RecursionError)
"""It is no JSON, no UTF-8, or nests deeper than Python's stack: a thousand lists, one in the other, are JSON too."""
