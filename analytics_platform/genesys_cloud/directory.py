"""Lists of entities, page by page: users, queues and flows, and whatever else the vendor pages by number."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from analytics_platform.catalogue.operations import Operation
from analytics_platform.catalogue.operations.observations import USER_LIST
from analytics_platform.genesys_cloud.answered import Answered, ask
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.source.errors import UnexpectedAnswer

ALL_STATES = {"state": "any"}
"""For a list of users: also inactive and deleted ones, who have done things on days past."""


@dataclass(frozen=True)
class Page:
    """One page of a list: the answer as it was sent, and the entities in it."""

    answer: Answered
    entities: Sequence[dict[str, Any]]


def pages(
    client: GenesysCloud,
    operation: Operation,
    *,
    path: Mapping[str, str] | None = None,
    query: Mapping[str, str | int] | None = None,
) -> Iterator[Page]:
    """The pages of a list, each as large as the vendor allows and asked for when it is needed.

    Raises the client's errors, UnexpectedAnswer for a page without `entities`.
    """
    sizes = {"pageSize": operation.limits.page_size} if operation.limits.page_size else {}
    number, client = 1, client.together()
    while True:
        answer = ask(client, operation, path=path, query={**sizes, "pageNumber": number, **(query or {})})
        told = _told(answer)
        entities = told.get("entities")
        if not isinstance(entities, list):
            raise UnexpectedAnswer(
                f"Page {number} of {operation.path} came without entities (correlation id {answer.correlation_id}): "
                "try again later, or ask the vendor.",
                operation=operation,
                correlation_id=answer.correlation_id,
            )
        yield Page(answer, entities)
        if not entities or not (told.get("nextUri") or number < int(told.get("pageCount") or 0)):
            return
        number += 1


def listed(client: GenesysCloud, operation: Operation, **query: str | int) -> Iterator[dict[str, Any]]:
    """The entities of a list, from page to page.

    Pages move while entities come and go: one that was given before is not given again. `query` is that of the
    operation. Raises what `pages` raises.
    """
    given: set[str] = set()
    for page in pages(client, operation, query=query):
        for entity in page.entities:
            if (known := str(entity.get("id"))) not in given:
                given.add(known)
                yield entity


def listed_ids(client: GenesysCloud, operation: Operation, **query: str | int) -> list[str]:
    """The ids of the entities of a list, sorted; of users, those in every state unless `query` says otherwise."""
    states = ALL_STATES if operation is USER_LIST else {}
    return sorted(str(entity["id"]) for entity in listed(client, operation, **{**states, **query}) if entity.get("id"))


def _told(answer: Answered) -> dict[str, Any]:
    try:
        told = msgspec.json.decode(answer.text)
    except (msgspec.DecodeError, UnicodeError):
        return {}
    return told if isinstance(told, dict) else {}
