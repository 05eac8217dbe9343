"""Which services an export selects: those with an event in the range, then those in a state at the instant of asking.

The range is held against what the events themselves tell, the state against what is known when one asks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from analytics_platform.catalogue.services import Events, State
from analytics_platform.simulator.gms.errors import GmsError
from analytics_platform.simulator.gms.stamps import read_stamp
from analytics_platform.simulator.world.services import Span

Choice = TypeVar("Choice", Events, State)


@dataclass(frozen=True)
class Selection:
    """A range and two filters; `bounds` such as `[)` tells which of its ends belong to the range."""

    start: int
    end: int
    events: Events
    state: State
    bounds: str

    def select(self, spans: Iterable[Span], at: int) -> list[Span]:
        """Those of the services that an export at an instant gives."""
        return [
            span
            for span in spans
            if span.start_known <= at < span.gone and self._by_event(span, at) and self._by_state(span, at)
        ]

    def _by_event(self, span: Span, at: int) -> bool:
        started = self._within(span.started)
        completed = span.completed is not None and span.end_known <= at and self._within(span.completed)
        return {
            Events.ANY: started or completed,
            Events.STARTED: started,
            Events.COMPLETED: completed,
        }[self.events]

    def _by_state(self, span: Span, at: int) -> bool:
        active = span.end_known > at
        return {State.ANY: True, State.ACTIVE: active, State.INACTIVE: not active}[self.state]

    def _within(self, instant: int) -> bool:
        after = self.start <= instant if self.bounds[0] == "[" else self.start < instant
        return after and (instant <= self.end if self.bounds[1] == "]" else instant < self.end)


def read_selection(query: dict[str, str], now: int, bounds: str) -> Selection:
    """The selection of a query; `time_to` is now where it is not given. GmsError 400 says what is wrong with it."""
    if "time_from" not in query:
        raise GmsError(400, "Parameter time_from is mandatory")
    start = _instant(query, "time_from")
    end = _instant(query, "time_to") if "time_to" in query else now
    if end <= start:
        raise GmsError(400, "Parameter time_to must be after time_from")
    events = _choice(query, "filter_events", Events.ANY)
    return Selection(start, end, events, _choice(query, "filter_state", State.ANY), bounds)


def read_flag(query: dict[str, str], name: str) -> bool:
    """A boolean parameter, false where it is not given."""
    value = query.get(name, "false")
    if value not in ("true", "false"):
        raise GmsError(400, f"Parameter {name} is not a boolean: {value}")
    return value == "true"


def _instant(query: dict[str, str], name: str) -> int:
    try:
        return read_stamp(query[name])
    except ValueError as fault:
        raise GmsError(400, f"Parameter {name} is not valid: {fault}") from None


def _choice(query: dict[str, str], name: str, default: Choice) -> Choice:
    try:
        return type(default)(query.get(name, default))
    except ValueError:
        known = ", ".join(type(default))
        raise GmsError(400, f"Parameter {name} is not valid: {query[name]}; expected one of {known}") from None
