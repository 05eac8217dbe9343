"""How an operation stands at one org and for one OAuth client: served, not permitted, not answered, or not known."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Standing(StrEnum):
    SERVED = "served"
    NOT_PERMITTED = "missing permission"
    """The OAuth client's roles lack a permission; somebody can grant it."""
    NOT_ANSWERED = "not answered by this org"
    """The org does not know the operation, as of those that the vendor withdrew."""
    NOT_KNOWN = "not known"
    """It was not asked, or its answer told nothing."""


@dataclass(frozen=True)
class Learned:
    """What a probe learned of one operation, and when (UTC)."""

    standing: Standing
    at: datetime
    why: str = ""
    """What is wrong and what to do, why nothing is known, or which other operation told; empty where none of these."""
