"""Why a day was not landed, each in one sentence that says what to do.

LandingError
└── DayNotComplete     the day is past the source's watermark
"""

from collections.abc import Sequence
from datetime import date, datetime


class LandingError(Exception):
    """A day was not landed; nothing landed before was touched."""


class DayNotComplete(LandingError):
    """The source does not yet vouch for the day: a job over it would succeed with part of the data."""

    def __init__(self, stream: str, day: date, watermark: datetime) -> None:
        super().__init__(
            f"{stream} of {day} cannot be landed: the source vouches for data before {watermark:%Y-%m-%d %H:%M} UTC "
            "only, and the day ends later; wait until the watermark has passed it, or ask for a provisional landing."
        )
        self.day = day
        self.watermark = watermark


class RawMissing(LandingError):
    """Typed tables were asked for of days of which nothing has landed."""

    def __init__(self, typed: str, raw: str, days: Sequence[date]) -> None:
        named = f"{days[0]}" if len(days) == 1 else f"{days[0]} and {len(days) - 1} more days up to {days[-1]}"
        super().__init__(f"The {typed} tables of {named} cannot be made: land {raw} of these days first.")
        self.days = tuple(days)


class OtherSource(LandingError):
    """The lake was filled from another org; two orgs in one lake could not be told apart."""

    def __init__(self, lake: str, holds: str, given: str) -> None:
        super().__init__(
            f"The lake at {lake} holds days of {holds} and cannot take those of {given}: "
            "set ANALYTICS_PLATFORM_LAKE to a lake of its own, or empty this one."
        )
