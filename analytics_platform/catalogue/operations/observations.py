"""Observations: what is going on at the instant of asking, and the lists that tell whom to ask about.

How many ids one observation query takes is not published; 100 keeps a query as small as the vendor's own limits do.
"""

from analytics_platform.catalogue.operations.operation import Lands, Limits, Operation, Parameter


def _observations(family: str, singular: str, listed: int) -> Operation:
    return Operation(
        f"{family}.observations",
        "POST",
        f"/api/v2/analytics/{family}/observations/query",
        (f"analytics:{singular}Observation:view",),
        takes=f"{singular.capitalize()}ObservationQuery",
        gives=f"{singular.capitalize()}ObservationQueryResponse",
        limits=Limits(ids=100),
        lands=Lands.SNAPSHOT,
        tables=(f"{singular}_observations",),
        summary=f"What {family} are doing now.",
        listed=listed,
    )


FLOW_OBSERVATIONS = _observations("flows", "flow", 16)
QUEUE_OBSERVATIONS = _observations("queues", "queue", 18)
USER_OBSERVATIONS = _observations("users", "user", 45)
OBSERVATION_QUERIES = (FLOW_OBSERVATIONS, QUEUE_OBSERVATIONS, USER_OBSERVATIONS)

_PAGES = (Parameter("pageSize", "25"), Parameter("pageNumber", "1"))


def _directory(name: str, path: str, permission: str, summary: str, *parameters: Parameter) -> Operation:
    return Operation(
        f"directory.{name}",
        "GET",
        path,
        (permission,),
        parameters=(*_PAGES, *parameters),
        limits=Limits(page_size=100, default_page_size=25),
        summary=summary,
    )


USER_LIST = _directory(
    "users",
    "/api/v2/users",
    "directory:user:view",
    "The org's users.",
    Parameter("state", "active", ("active", "inactive", "deleted", "any")),
)
QUEUE_LIST = _directory("queues", "/api/v2/routing/queues", "routing:queue:view", "The org's queues.")
FLOW_LIST = _directory("flows", "/api/v2/flows", "architect:flow:view", "The org's flows.", Parameter("type"))
DIRECTORY = (USER_LIST, QUEUE_LIST, FLOW_LIST)
