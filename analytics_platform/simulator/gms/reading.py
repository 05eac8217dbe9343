"""The export to the stream, and the reading of one service."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from analytics_platform.catalogue.operations import Operation
from analytics_platform.catalogue.services import SERVICE_READ, SERVICE_STREAM
from analytics_platform.simulator.api.answers import Answer
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.gms.errors import GmsError, no_service
from analytics_platform.simulator.gms.gate import GmsCall
from analytics_platform.simulator.gms.selection import read_flag, read_selection
from analytics_platform.simulator.gms.telling import Teller, Wanted
from analytics_platform.simulator.world.dice import Dice
from analytics_platform.simulator.world.services import Service

_LISTS = tuple(parameter.name for parameter in SERVICE_READ.parameters if parameter.known_values)


@dataclass(frozen=True)
class ReadingApi:
    """Serves what does not change anything."""

    org: Org

    def handlers(self) -> Mapping[Operation, Callable[[GmsCall], Answer]]:
        return {SERVICE_STREAM: self.stream, SERVICE_READ: self.read}

    def stream(self, call: GmsCall) -> Answer:
        """The ids of the services selected, in no order, or the services; 200 also when there is none, as assumed."""
        assumed = self.org.assumptions
        content = read_flag(call.query, "export_content")
        query = dict(call.query)
        if not content and "filter_state" in query:
            if assumed.gms_state_filter_without_content == "reject":
                raise GmsError(400, "Parameter filter_state can be used only when export_content is true")
            if assumed.gms_state_filter_without_content == "ignore":
                del query["filter_state"]
        ids = selected(self.org, query, call.now)
        Dice(repr(sorted(query.items()))).shuffle(ids)
        if assumed.gms_duplicates:
            ids += ids[::3]
        if not ids and assumed.gms_empty_status == 204:
            return Answer(204)
        return self._content(ids, call.now) if content else Answer.of(200, ids)

    def read(self, call: GmsCall) -> Answer:
        """One service, with what was asked for."""
        lists = frozenset(name for name in _LISTS if read_flag(call.query, name))
        asked = call.query.get("extensions", "").split(",")
        extensions = frozenset(name.strip() for name in asked if name.strip())
        service = present(self.org, call)
        return Answer.of(200, teller(self.org).service(service, call.now, Wanted(lists, extensions)))

    def _content(self, ids: list[str], now: int) -> Answer:
        assumed = self.org.assumptions
        time.sleep(assumed.gms_content_seconds * len(ids))
        told = [teller(self.org).service(service, now) for each in ids if (service := self.org.services.service(each))]
        body = msgspec.json.encode(told)
        if 0 < assumed.gms_content_most < len(told):
            whole = len(msgspec.json.encode(told[: assumed.gms_content_most]))
            body = body[: whole + 40]
        return Answer(200, body)


def teller(org: Org) -> Teller:
    """How the services of an org are told."""
    return Teller(org.assumptions.gms_tasks_within_states)


def selected(org: Org, query: dict[str, str], now: int) -> list[str]:
    """The ids of the services that an export's query selects at an instant, by start."""
    selection = read_selection(query, now, org.assumptions.gms_bounds)
    return [span.id for span in selection.select(org.services.spans(selection.start, selection.end), now)]


def present(org: Org, call: GmsCall) -> Service:
    """The service a call's path names, if it is there at the instant; GmsError 404 otherwise."""
    service = org.services.service(call.path["serviceId"])
    if service is None or not service.started.known <= call.now < service.gone:
        raise no_service(call.path["serviceId"])
    return service
