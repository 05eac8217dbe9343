"""The org as a Starlette application: the vendor's paths, and the control interface beside them."""

from collections.abc import Iterator

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route

from analytics_platform.catalogue.operations import JOB_FAMILIES, Operation
from analytics_platform.simulator.api.aggregates import AggregatesApi
from analytics_platform.simulator.api.answers import Answer
from analytics_platform.simulator.api.bots import BotsApi
from analytics_platform.simulator.api.calls import Api, Call
from analytics_platform.simulator.api.changes import ChangesControl
from analytics_platform.simulator.api.control import Control
from analytics_platform.simulator.api.detail_queries import DetailQueriesApi
from analytics_platform.simulator.api.details_jobs import JobApi
from analytics_platform.simulator.api.directory import DirectoryApi
from analytics_platform.simulator.api.errors import not_found
from analytics_platform.simulator.api.exports import ExportsApi
from analytics_platform.simulator.api.gate import Gate, TokenGate
from analytics_platform.simulator.api.observations import ObservationsApi
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.reporting import ReportingApi
from analytics_platform.simulator.api.transcripts import TranscriptsApi
from analytics_platform.simulator.gms.app import gms_routes
from analytics_platform.simulator.gms.control import ServicesControl


def simulated_org(org: Org) -> Starlette:
    """Everything the org answers; every other path of the vendor's is a 404 with the vendor's body."""
    served = {
        operation: serve
        for api in _apis(org)
        for operation, serve in api.handlers().items()
        if org.withdrawn or operation.withdrawn is None
    }
    routes: list[BaseRoute] = [Route("/oauth/token", TokenGate(org), methods=["POST"])]
    # A plain name wins over a `{name}` in the same place.
    for operation in sorted(served, key=lambda each: each.path.replace("{", "~")):
        gate = Gate(org, operation.name, operation, served[operation])
        routes.append(Route(operation.path, gate, methods=[operation.method]))
    routes.extend(org.storage.routes())
    routes.extend(Control(org).routes())
    routes.extend(ChangesControl(org).routes())
    routes.extend(ServicesControl(org).routes())
    routes.extend(gms_routes(org))
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        elsewhere = Gate(org, "unknown", Operation("unknown", method, "/unknown"), _unknown)
        routes.append(Route("/{path:path}", elsewhere, methods=[method]))
    return Starlette(routes=routes)


def _apis(org: Org) -> Iterator[Api]:
    for family in JOB_FAMILIES:
        yield JobApi(org, family)
    yield AggregatesApi(org)
    yield DirectoryApi(org)
    yield ObservationsApi(org)
    yield BotsApi(org)
    yield TranscriptsApi(org)
    yield DetailQueriesApi(org)
    yield ExportsApi(org)
    yield ReportingApi(org)


def _unknown(call: Call) -> Answer:
    raise not_found("/" + call.path["path"])
