"""Services as Context Services tells them at an instant: only what was known then, and only what was asked for.

States and tasks within a service lack its id; extensions stand among the ordinary fields, by name. States stand by
their id, so do tasks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from analytics_platform.catalogue.services import END_FIELDS, START_FIELDS
from analytics_platform.simulator.gms.stamps import stamp
from analytics_platform.simulator.world.conversation import Facts
from analytics_platform.simulator.world.service_steps import Event, Part
from analytics_platform.simulator.world.services import Service

_OWN_FIELDS = frozenset({"service_type", "est_duration", "state_type", "previous_state_id", "task_type", "state_id"})
_EVENT_FIELDS = frozenset(START_FIELDS) | frozenset(END_FIELDS)
_FLAGS = ("active_states", "completed_states", "active_tasks", "completed_tasks")


@dataclass(frozen=True)
class Wanted:
    """What is told of a service beside its own fields; `extensions` are names, `Entity.name`, or `*` for all."""

    lists: frozenset[str] = frozenset(_FLAGS)
    extensions: frozenset[str] = frozenset({"*"})

    def extension(self, entity: str, name: str) -> bool:
        """Whether an extension of an entity (Service, State, Task) was asked for."""
        return not self.extensions.isdisjoint(("*", name, f"{entity}.{name}"))


WHOLE = Wanted()


@dataclass(frozen=True)
class Teller:
    """Tells services; `tasks_within_states` is an assumption of the same name."""

    tasks_within_states: bool = False

    def service(self, service: Service, at: int, wanted: Wanted = WHOLE) -> dict[str, Any]:
        """A service as known at an instant, as an answer to a reading by its id."""
        owned, extensions = _merged(service.owners, at), _merged(service.extensions, at)
        told: dict[str, Any] = {"service_id": service.id, **service.facts, **owned}
        told |= _life("Service", service.started, service.completed, at, wanted)
        told |= {name: extensions[name] for name in sorted(extensions) if wanted.extension("Service", name)}
        states = [part for part in service.states if part.started.known <= at]
        tasks = [part for part in service.tasks if part.started.known <= at]
        within: dict[int, list[dict[str, Any]]] = {state.id: [] for state in states if self.tasks_within_states}
        told_states, told_tasks = [], []
        for task in sorted(tasks, key=lambda part: part.id):
            if _list("tasks", task, at) in wanted.lists:
                told_task = part_told("Task", task, at, wanted)
                if task.facts.get("state_id") in within:
                    within[task.facts["state_id"]].append(told_task)
                else:
                    told_tasks.append((_list("tasks", task, at), told_task))
        for state in sorted(states, key=lambda part: part.id):
            told_state = part_told("State", state, at, wanted)
            if within.get(state.id):
                told_state["tasks"] = within[state.id]
            told_states.append((_list("states", state, at), told_state))
        lists: dict[str, list[dict[str, Any]]] = {name: [] for name in _FLAGS if name in wanted.lists}
        for name, part in (*told_states, *told_tasks):
            if name in lists:
                lists[name].append(part)
        return told | lists


def part_told(entity: str, part: Part, at: int, wanted: Wanted = WHOLE) -> dict[str, Any]:
    """A state or a task as known at an instant."""
    told: dict[str, Any] = {f"{entity.lower()}_id": part.id}
    told |= {name: value for name, value in part.facts.items() if name in _OWN_FIELDS}
    told |= _life(entity, part.started, part.completed, at, wanted)
    others = sorted(part.facts.keys() - _OWN_FIELDS)
    return told | {name: part.facts[name] for name in others if wanted.extension(entity, name)}


def _life(entity: str, started: Event, completed: Event | None, at: int, wanted: Wanted) -> dict[str, Any]:
    told = {"started": _event(entity, started, wanted)}
    if completed is not None and completed.known <= at:
        told["completed"] = _event(entity, completed, wanted)
    return told


def _event(entity: str, event: Event, wanted: Wanted) -> dict[str, Any]:
    told: dict[str, Any] = {"timestamp": stamp(event.at)}
    told |= {name: value for name, value in event.facts.items() if name in _EVENT_FIELDS}
    others = sorted(event.facts.keys() - _EVENT_FIELDS)
    return told | {name: event.facts[name] for name in others if wanted.extension(entity, name)}


def _list(kind: str, part: Part, at: int) -> str:
    ended = part.completed is not None and part.completed.known <= at
    return f"{'completed' if ended else 'active'}_{kind}"


def _merged(late: Iterable[Any], at: int) -> Facts:
    merged: Facts = {}
    for known, facts in late:
        if known <= at:
            merged |= facts
    return merged
