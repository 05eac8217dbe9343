"""What changes services: starts and ends, states and tasks, extensions, owners, deletion and purge.

An event may tell an instant of its own; it becomes known when it is posted. The vendor starts states and tasks also on
a service that is completed. What a purge takes as parameters was not found; here it is `time_to`, before which a
service must have been completed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from analytics_platform.catalogue.operations import Operation
from analytics_platform.catalogue.services import END_FIELDS, SERVICE_FILES, SERVICE_READ, START_FIELDS
from analytics_platform.simulator.api.answers import Answer
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.gms.errors import NOT_FOUND, GmsError
from analytics_platform.simulator.gms.gate import GmsCall
from analytics_platform.simulator.gms.reading import present
from analytics_platform.simulator.gms.stamps import read_stamp
from analytics_platform.simulator.world.conversation import Facts, Late
from analytics_platform.simulator.world.service_steps import Event, Part
from analytics_platform.simulator.world.services import Service

_BASE = SERVICE_READ.path.partition("/services/")[0]
_SERVICE = SERVICE_READ.path
Told = dict[str, Any]


def _change(name: str, method: str, path: str) -> Operation:
    return Operation(f"services.{name}", method, path, SERVICE_FILES.permissions)


START = _change("start", "POST", f"{_BASE}/services/start")
END = _change("end", "POST", f"{_SERVICE}/end")
DELETE = _change("delete", "DELETE", _SERVICE)
START_STATE = _change("states.start", "POST", f"{_SERVICE}/states/start")
END_STATE = _change("states.end", "POST", f"{_SERVICE}/states/{{partId}}/end")
START_TASK = _change("tasks.start", "POST", f"{_SERVICE}/tasks/start")
END_TASK = _change("tasks.end", "POST", f"{_SERVICE}/tasks/{{partId}}/end")
EXTEND = _change("extend", "PUT", f"{_SERVICE}/extensions/{{name}}")
ASSOCIATE = _change("associate", "POST", f"{_BASE}/customers/{{customerId}}/services/{{serviceId}}")
PURGE = _change("purge", "POST", f"{_BASE}/maintenance/purge")


@dataclass(frozen=True)
class ChangingApi:
    """Serves what only an administrator may do."""

    org: Org

    def handlers(self) -> Mapping[Operation, Callable[[GmsCall], Answer]]:
        return {
            START: self.start,
            END: self.end,
            DELETE: self.delete,
            START_STATE: lambda call: self._start_part(call, "state"),
            END_STATE: lambda call: self._end_part(call, "state"),
            START_TASK: lambda call: self._start_part(call, "task"),
            END_TASK: lambda call: self._end_part(call, "task"),
            EXTEND: self.extend,
            ASSOCIATE: self.associate,
            PURGE: self.purge,
        }

    def start(self, call: GmsCall) -> Answer:
        """201 with the id of a new service; what is no field of the vendor's is an extension."""
        told = _read(call)
        owner: Facts = {name: told.pop(name) for name in ("customer_id", "contact_key") if name in told}
        if not owner:
            raise GmsError(400, "One of customer_id and contact_key is mandatory")
        facts: Facts = {name: told.pop(name) for name in ("service_type", "est_duration") if name in told}
        started, extensions = _event(call, told, START_FIELDS)
        service_id, book = self.org.services.new_id(), self.org.services
        late = (Late(call.now, owner),), (Late(call.now, extensions),)
        book.put([Service(service_id, facts, started, None, *late)])
        return Answer.of(201, {"service_id": service_id})

    def end(self, call: GmsCall) -> Answer:
        """204, the service completed; 400 where it was already."""
        completed, _ = _event(call, _read(call), END_FIELDS)
        if (known := present(self.org, call).completed) is not None and known.known <= call.now:
            raise GmsError(400, f"Service {call.path['serviceId']} is completed already")
        return self._changed(call, lambda service: replace(service, completed=completed))

    def delete(self, call: GmsCall) -> Answer:
        present(self.org, call)
        self.org.services.remove(call.path["serviceId"], call.now)
        return Answer(204)

    def extend(self, call: GmsCall) -> Answer:
        """204, the extension of that name as the body has it."""
        extension = Late(call.now, {call.path["name"]: _json(call)})
        return self._changed(call, lambda service: replace(service, extensions=(*service.extensions, extension)))

    def associate(self, call: GmsCall) -> Answer:
        """204, the service a customer's who was found out only now."""
        owner = Late(call.now, {"customer_id": call.path["customerId"]})
        return self._changed(call, lambda service: replace(service, owners=(*service.owners, owner)))

    def purge(self, call: GmsCall) -> Answer:
        """204, and the services completed before `time_to` are gone."""
        try:
            until = read_stamp(call.query.get("time_to", ""))
        except ValueError as fault:
            raise GmsError(400, f"Parameter time_to is not valid: {fault}") from None
        for span in self.org.services.spans(0, call.now):
            if span.completed is not None and span.completed < until and span.end_known <= call.now:
                self.org.services.remove(span.id, call.now)
        return Answer(204)

    def _start_part(self, call: GmsCall, kind: str) -> Answer:
        told = _read(call)
        own = (f"{kind}_type", "est_duration", "state_id" if kind == "task" else "previous_state_id")
        facts: Facts = {name: told.pop(name) for name in own if name in told}
        started, extensions = _event(call, told, START_FIELDS)
        number = 1 + max((part.id for part in getattr(present(self.org, call), f"{kind}s")), default=0)
        part = Part(number, facts | extensions, started)
        self._change_parts(call, kind, lambda parts: (*parts, part))
        return Answer.of(201, {f"{kind}_id": number})

    def _end_part(self, call: GmsCall, kind: str) -> Answer:
        completed, _ = _event(call, _read(call), END_FIELDS)
        parts: tuple[Part, ...] = getattr(present(self.org, call), f"{kind}s")
        number = call.path["partId"]
        if number not in {str(part.id) for part in parts}:
            raise GmsError(404, f"{kind.title()} {number} not found", NOT_FOUND)
        return self._change_parts(
            call,
            kind,
            lambda known: tuple(
                replace(part, completed=completed) if str(part.id) == number else part for part in known
            ),
        )

    def _change_parts(
        self, call: GmsCall, kind: str, changed: Callable[[tuple[Part, ...]], tuple[Part, ...]]
    ) -> Answer:
        if kind == "state":
            return self._changed(call, lambda service: replace(service, states=changed(service.states)))
        return self._changed(call, lambda service: replace(service, tasks=changed(service.tasks)))

    def _changed(self, call: GmsCall, changed: Callable[[Service], Service]) -> Answer:
        present(self.org, call)
        self.org.services.change(call.path["serviceId"], changed)
        return Answer(204)


def _json(call: GmsCall) -> Any:
    try:
        return msgspec.json.decode(call.body or b"{}")
    except msgspec.DecodeError as fault:
        raise GmsError(400, f"The body is not JSON: {fault}", "org.codehaus.jackson.JsonParseException") from None


def _read(call: GmsCall) -> Told:
    told = _json(call)
    if not isinstance(told, dict):
        raise GmsError(400, "The body must be a JSON object")
    return told


def _event(call: GmsCall, told: Told, fields: Mapping[str, str]) -> tuple[Event, Facts]:
    """The event a body tells, at its `timestamp` or now, and what else the body holds."""
    try:
        at = read_stamp(str(told.pop("timestamp"))) if "timestamp" in told else call.now
    except ValueError as fault:
        raise GmsError(400, f"Field timestamp is not valid: {fault}") from None
    facts = {name: told.pop(name) for name in list(told) if name in fields}
    return Event(at, call.now, facts), told
