"""Which services an export is asked for: a range, the events that select, and a state."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from analytics_platform.catalogue.services import Events, State
from analytics_platform.source.errors import QueryRefused
from analytics_platform.source.intervals import utc_text

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Selection:
    """The services that were started or completed between two UTC instants of whole milliseconds, `start` < `end`.

    Whether the bounds themselves are in it is not documented, so nothing may depend on an event that is exactly on one.
    `state` is the state at the instant of the query, whatever the range: the same question has another answer later.
    Raises QueryRefused where it cannot be asked; completed and active has no answer (Developer's Guide, Export
    Features), as what was completed is not active.
    """

    start: datetime
    end: datetime
    events: Events = Events.ANY
    state: State = State.ANY

    def __post_init__(self) -> None:
        for instant in (self.start, self.end):
            if instant.utcoffset() != timedelta(0) or instant.microsecond % 1000:
                raise QueryRefused(f"{instant.isoformat()} cannot bound a range: give a UTC instant in milliseconds.")
        if self.end <= self.start:
            raise QueryRefused(
                f"The range from {utc_text(self.start)} to {utc_text(self.end)} does not end after it begins: "
                "give a later end."
            )
        if self.events is Events.COMPLETED and self.state is State.ACTIVE:
            raise QueryRefused(
                "Services that were completed are never active, so completed and active select nothing: take another "
                "state, or other events."
            )

    @property
    def lasting(self) -> "Selection":
        """The same selection, for what must have the same answer on another day, such as a backfill.

        QueryRefused where it names a state, which services change after the range.
        """
        if self.state is not State.ANY:
            raise QueryRefused(
                f"Which services are {self.state} depends on the instant one asks, so neither a day nor a list of ids "
                "is selected by it: leave the state out, and look at each service for its end."
            )
        return self

    def parameters(self) -> dict[str, str]:
        """The query: both bounds and the events always, the state where there is one."""
        told = {
            "time_from": utc_text(self.start),
            "time_to": utc_text(self.end),
            "filter_events": str(self.events),
        }
        return told if self.state is State.ANY else told | {"filter_state": str(self.state)}

    def halves(self) -> tuple["Selection", "Selection"]:
        """Two selections that together select the same; they share two milliseconds, as a bound may belong to neither.

        QueryRefused where the range is too short for that.
        """
        middle = self.start + (self.end - self.start) // (2 * _MILLISECOND) * _MILLISECOND
        if self.end - self.start < 4 * _MILLISECOND:
            raise QueryRefused(
                f"The range from {utc_text(self.start)} to {utc_text(self.end)} cannot be halved: raise GMS_MOST_IDS."
            )
        return replace(self, end=middle + _MILLISECOND), replace(self, start=middle - _MILLISECOND)
