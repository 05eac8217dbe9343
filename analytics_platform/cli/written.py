"""What a person writes on the command line, read: JSON, or a file that holds it, and values by name."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from analytics_platform.cli.errors import Expected


def json_object(text: str, what: str) -> dict[str, Any]:
    """The JSON object that `text` is, or that the file it names holds; {} for an empty text.

    `what` names it in the sentence that says why it cannot be read, such as `query`.
    """
    if not text:
        return {}
    written = text
    if not text.lstrip().startswith("{"):
        try:
            written = Path(text).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as fault:
            raise Expected(f"The {what} cannot be read from {text}: {fault}.") from None
    try:
        told = json.loads(written)
    except ValueError as fault:
        raise Expected(f"The {what} is not JSON: {fault}.") from None
    if not isinstance(told, dict):
        raise Expected(f"The {what} must be a JSON object, the body as the vendor takes it.")
    return told


def by_name(written: Iterable[str]) -> dict[str, str]:
    """Values written `name=value`, by their names."""
    named = {}
    for text in written:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise Expected(f"{text!r} gives no field a value: write name=value.")
        named[name.strip()] = value
    return named
