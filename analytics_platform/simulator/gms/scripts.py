"""Services as a test writes them down: like a reading by id, its happenings all known ahead.

An event is an instant's text, or an object: `timestamp`, what it tells, and `known`, the instant it became known where
that is another. `extensions` hold any value under any name; those of one service, and its `owners`, may come later:
`later` is a list of `{"known", "customer_id"|"contact_key"|"extensions"}`.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

from analytics_platform.simulator.gms.stamps import stamp
from analytics_platform.simulator.world.conversation import Facts, Late
from analytics_platform.simulator.world.instants import HOUR, parse
from analytics_platform.simulator.world.service_steps import Event, Part
from analytics_platform.simulator.world.services import Service

_Event = str | dict[str, Any]


class _Part(Struct, forbid_unknown_fields=True):
    """A state or a task; ids count from 1 where they are not given."""

    started: _Event
    completed: _Event | None = None
    state_id: int | None = None
    task_id: int | None = None
    state_type: int | str | UnsetType = UNSET
    task_type: int | str | UnsetType = UNSET
    previous_state_id: int | UnsetType = UNSET
    est_duration: int | UnsetType = UNSET
    extensions: Facts = field(default_factory=dict)


class _Later(Struct, forbid_unknown_fields=True):
    """What became known of a service after its start."""

    known: str
    customer_id: str | UnsetType = UNSET
    contact_key: str | UnsetType = UNSET
    extensions: Facts = field(default_factory=dict)


class ScriptedService(Struct, forbid_unknown_fields=True):
    """One service; `gone_at` is when it is deleted. A new id is given where there is none."""

    started: _Event
    completed: _Event | None = None
    service_id: str | None = None
    service_type: int | str | UnsetType = UNSET
    customer_id: str | UnsetType = UNSET
    contact_key: str | UnsetType = UNSET
    est_duration: int | UnsetType = UNSET
    states: list[_Part] = field(default_factory=list)
    tasks: list[_Part] = field(default_factory=list)
    extensions: Facts = field(default_factory=dict)
    later: list[_Later] = field(default_factory=list)
    gone_at: str | None = None
    name: str | None = None
    """What the test calls it; told back beside its id."""

    def service(self, new_id: Callable[[], str]) -> Service:
        """The service; ValueError when an instant is none."""
        started = _event(self.started)
        owner = _given(self, "customer_id", "contact_key")
        later = [(parse(each.known), each) for each in self.later]
        service = Service(
            id=self.service_id or new_id(),
            facts=_given(self, "service_type", "est_duration"),
            started=started,
            completed=None if self.completed is None else _event(self.completed),
            owners=(
                Late(started.known, owner),
                *(Late(known, _given(each, "customer_id", "contact_key")) for known, each in later),
            ),
            extensions=(
                Late(started.known, self.extensions),
                *(Late(known, each.extensions) for known, each in later),
            ),
            states=tuple(_part(each, each.state_id or number) for number, each in enumerate(self.states, 1)),
            tasks=tuple(_part(each, each.task_id or number, True) for number, each in enumerate(self.tasks, 1)),
        )
        return service if self.gone_at is None else _until(service, parse(self.gone_at))


def _until(service: Service, gone: int) -> Service:
    """The service as it was when it was gone: what comes then or later never happens."""

    def cut(part: Part) -> Part:
        return part if part.completed is None or part.completed.known < gone else replace(part, completed=None)

    return replace(
        service,
        completed=None if service.completed is None or service.completed.known >= gone else service.completed,
        owners=tuple(late for late in service.owners if late.known < gone),
        extensions=tuple(late for late in service.extensions if late.known < gone),
        states=tuple(cut(part) for part in service.states if part.started.known < gone),
        tasks=tuple(cut(part) for part in service.tasks if part.started.known < gone),
        gone=gone,
    )


def _part(part: _Part, number: int, task: bool = False) -> Part:
    facts = _given(part, "state_type", "task_type", "previous_state_id", "est_duration") | part.extensions
    if task and part.state_id is not None:
        facts["state_id"] = part.state_id
    completed = None if part.completed is None else _event(part.completed)
    return Part(number, facts, _event(part.started), completed)


def _event(told: _Event) -> Event:
    if isinstance(told, str):
        return Event(parse(told), parse(told), {})
    facts = {name: value for name, value in told.items() if name not in ("timestamp", "known")}
    at = parse(str(told.get("timestamp")))
    return Event(at, parse(str(told["known"])) if "known" in told else at, facts)


def _given(told: Struct, *names: str) -> Facts:
    return {name: getattr(told, name) for name in names if getattr(told, name) is not UNSET}


def figure(day: int) -> list[ScriptedService]:
    """The three services of the vendor's figure on the day that starts at an instant, and nine at the figure's edges.

    The range is from 08:00 (T1) to 12:00 (T2), the query at 18:00 (T3).
    """
    eight, noon = 8 * HOUR, 12 * HOUR
    lives: dict[str, tuple[int, int | None]] = {
        "S1": (9 * HOUR, 15 * HOUR),
        "S2": (10 * HOUR, None),
        "S3": (7 * HOUR, 11 * HOUR),
        "E1": (9 * HOUR + HOUR // 2, 10 * HOUR + HOUR // 2),
        "E2": (7 * HOUR, None),
        "E3": (7 * HOUR, 13 * HOUR),
        "E4": (eight, None),
        "E5": (noon, None),
        "E6": (7 * HOUR, noon),
        "E7": (7 * HOUR, eight),
        "E8": (13 * HOUR, None),
        "E9": (noon - 1, noon + 1),
    }
    return [
        ScriptedService(
            name=name,
            started=stamp(day + start),
            completed=None if end is None else stamp(day + end),
            customer_id=f"customer of {name}",
            service_type="figure",
        )
        for name, (start, end) in lives.items()
    ]
