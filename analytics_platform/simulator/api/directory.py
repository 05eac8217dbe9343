"""The org's users, queues and flows, as its directory lists them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from analytics_platform.catalogue.operations import Operation
from analytics_platform.catalogue.operations.observations import FLOW_LIST, QUEUE_LIST, USER_LIST
from analytics_platform.simulator.api.answers import Answer
from analytics_platform.simulator.api.calls import Call
from analytics_platform.simulator.api.errors import invalid_value
from analytics_platform.simulator.api.listings import entity_page, listed_words
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.world.organisation import Agent

_STATES = USER_LIST.parameters[-1]


@dataclass(frozen=True)
class DirectoryApi:
    """Pages of users, queues and flows, each by name."""

    org: Org

    def handlers(self) -> Mapping[Operation, Callable[[Call], Answer]]:
        return {USER_LIST: self.users, QUEUE_LIST: self.queues, FLOW_LIST: self.flows}

    def users(self, call: Call) -> Answer:
        """Users of the `state` asked for; active ones when none is."""
        wanted = call.query.get(_STATES.name, _STATES.default)
        if wanted not in _STATES.known_values:
            raise invalid_value(wanted, "State", _STATES.known_values)
        organisation = self.org.world.organisation
        people = [(agent, "active") for agent in (*organisation.agents, *organisation.supervisors)]
        people += [
            (agent, ("inactive", "deleted")[position % 2]) for position, agent in enumerate(organisation.leavers)
        ]
        told = [self._user(agent, state) for agent, state in people if wanted in (state, "any")]
        return _page(call, USER_LIST, told)

    def queues(self, call: Call) -> Answer:
        told = [
            {
                "id": queue.id,
                "name": queue.name,
                "division": self._division(queue.division_id),
                "memberCount": len(queue.members),
                "joinedMemberCount": sum(member.joined for member in queue.members),
                "queueFlow": {
                    "id": queue.in_queue_flow.id,
                    "name": queue.in_queue_flow.name,
                    "selfUri": f"/api/v2/flows/{queue.in_queue_flow.id}",
                },
                "selfUri": f"/api/v2/routing/queues/{queue.id}",
            }
            for queue in self.org.world.organisation.queues
        ]
        return _page(call, QUEUE_LIST, told)

    def flows(self, call: Call) -> Answer:
        """Flows of the types asked for, by commas and in any case; all of them when none is."""
        wanted = {word.upper() for word in listed_words(call.query, "type")}
        told = [
            {
                "id": flow.id,
                "name": flow.name,
                "division": self._division(flow.division_id),
                "type": flow.type,
                "active": True,
                "system": False,
                "deleted": False,
                "selfUri": f"/api/v2/flows/{flow.id}",
            }
            for flow in self.org.world.organisation.flows
            if not wanted or flow.type in wanted
        ]
        return _page(call, FLOW_LIST, told)

    def _user(self, agent: Agent, state: str) -> dict[str, Any]:
        address = f"{agent.name.lower().replace(' ', '.')}.{agent.id[:8]}@example.org"
        return {
            "id": agent.id,
            "name": agent.name,
            "division": self._division(agent.division_id),
            "email": address,
            "state": state,
            "username": address,
            "version": 1,
            "selfUri": f"/api/v2/users/{agent.id}",
        }

    def _division(self, division_id: str) -> dict[str, str]:
        position = self.org.world.organisation.divisions.index(division_id)
        name = f"Division {position + 1}" if position else "Home"
        return {"id": division_id, "name": name, "selfUri": f"/api/v2/authorization/divisions/{division_id}"}


def _page(call: Call, operation: Operation, told: list[dict[str, Any]]) -> Answer:
    told.sort(key=lambda entity: (entity["name"], entity["id"]))
    return Answer.of(200, entity_page(call, operation, told))
