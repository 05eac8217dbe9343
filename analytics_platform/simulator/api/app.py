"""The org as a Starlette application: the vendor's paths, and the control interface beside them."""

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route

from analytics_platform.catalogue.operations import JOB_FAMILIES, Operation
from analytics_platform.simulator.api.answers import Answer
from analytics_platform.simulator.api.control import Control
from analytics_platform.simulator.api.errors import not_found
from analytics_platform.simulator.api.gate import Gate, TokenGate
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.vendor import Call, JobApi


def simulated_org(org: Org) -> Starlette:
    """Everything the org answers; every other path of the vendor's is a 404 with the vendor's body."""
    routes: list[BaseRoute] = [Route("/oauth/token", TokenGate(org), methods=["POST"])]
    for family in JOB_FAMILIES:
        api = JobApi(org, family)
        for name, operation in api.operations().items():
            gate = Gate(org, name, operation, api.answer)
            routes.append(Route(operation.path, gate, methods=[operation.method]))
    routes.extend(Control(org).routes())
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        elsewhere = Gate(org, "unknown", Operation(method, "/unknown", ()), _unknown)
        routes.append(Route("/{path:path}", elsewhere, methods=[method]))
    return Starlette(routes=routes)


def _unknown(call: Call) -> Answer:
    raise not_found("/" + call.path["path"])
