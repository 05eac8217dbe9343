"""Lists of entities, page by page: users, queues and flows, and whatever else the vendor pages by number."""

from collections.abc import Iterator
from typing import Any

from analytics_platform.catalogue.operations import Operation
from analytics_platform.catalogue.operations.observations import USER_LIST
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.errors import UnexpectedAnswer

ALL_STATES = {"state": "any"}
"""For a list of users: also inactive and deleted ones, who have done things on days past."""


def listed(client: GenesysCloud, operation: Operation, **query: str | int) -> Iterator[dict[str, Any]]:
    """The entities of a list, its pages as large as the vendor allows, each page asked for when it is needed.

    Pages move while entities come and go: one that was given before is not given again. `query` is that of the
    operation. Raises the client's errors, UnexpectedAnswer for a page without `entities`.
    """
    given: set[str] = set()
    page = 1
    while True:
        sizes = {"pageSize": operation.limits.page_size} if operation.limits.page_size else {}
        answer = client.call(operation, query={**sizes, "pageNumber": page, **query})
        told = answer.value if isinstance(answer.value, dict) else {}
        entities = told.get("entities")
        if not isinstance(entities, list):
            raise UnexpectedAnswer(
                f"Page {page} of {operation.path} came without entities (correlation id {answer.correlation_id}): "
                "try again later, or ask the vendor.",
                operation=operation,
                status=answer.status,
                correlation_id=answer.correlation_id,
            )
        for entity in entities:
            if (known := str(entity.get("id"))) not in given:
                given.add(known)
                yield entity
        more = told.get("nextUri") or page < int(told.get("pageCount") or 0)
        if not entities or not more:
            return
        page += 1


def listed_ids(client: GenesysCloud, operation: Operation, **query: str | int) -> list[str]:
    """The ids of the entities of a list, sorted; of users, those in every state unless `query` says otherwise."""
    states = ALL_STATES if operation is USER_LIST else {}
    return sorted(str(entity["id"]) for entity in listed(client, operation, **{**states, **query}) if entity.get("id"))
