"""Context Services as routes: under the vendor's path for the balancer, and once more under each node's own.

`/genesys/1/cs/…` is the balancer; `/node-1/genesys/1/cs/…` and so on are its nodes, each with a folder of its own.
"""

from collections.abc import Iterator

from starlette.routing import BaseRoute, Route

from analytics_platform.catalogue.operations import Operation
from analytics_platform.simulator.api.answers import Answer
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.gms.changing import ChangingApi
from analytics_platform.simulator.gms.errors import NOT_FOUND, GmsError
from analytics_platform.simulator.gms.exporting import FilesApi
from analytics_platform.simulator.gms.gate import GmsApi, GmsCall, GmsGate
from analytics_platform.simulator.gms.reading import ReadingApi


def gms_routes(org: Org) -> Iterator[BaseRoute]:
    """Everything Context Services answers; every other path of it is a 404 with its body."""
    served = {operation: serve for api in _apis(org) for operation, serve in api.handlers().items()}
    for node in (None, *range(max(1, len(org.gms_folders)))):
        prefix = "" if node is None else f"/node-{node + 1}"
        # A plain name wins over a `{name}` in the same place.
        for operation in sorted(served, key=lambda each: each.path.replace("{", "~")):
            gate = GmsGate(org, operation, served[operation], node)
            yield Route(prefix + operation.path, gate, methods=[operation.method])
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            elsewhere = GmsGate(org, Operation("services.unknown", method, "/genesys/unknown"), _unknown, node)
            yield Route(prefix + "/genesys/{path:path}", elsewhere, methods=[method])


def _apis(org: Org) -> Iterator[GmsApi]:
    yield ReadingApi(org)
    yield FilesApi(org)
    yield ChangingApi(org)


def _unknown(call: GmsCall) -> Answer:
    raise GmsError(404, f"Not found: /genesys/{call.path['path']}", NOT_FOUND)
