"""Reporting turns of bot flows: a UTC day of one flow, page by page, each answer as it was sent."""

from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl, urlsplit

import msgspec

from analytics_platform.catalogue.operations import Operation
from analytics_platform.catalogue.operations.bots import BOT_DIVISION_TURNS, BOT_TURNS
from analytics_platform.catalogue.operations.observations import FLOW_LIST
from analytics_platform.catalogue.turns import FLOW_TYPES
from analytics_platform.genesys_cloud.answered import Answered, ask
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.directory import listed_ids
from analytics_platform.genesys_cloud.files import parts_of
from analytics_platform.source.errors import NotFound, UnexpectedAnswer
from analytics_platform.source.intervals import Interval

ROUTES = (BOT_DIVISION_TURNS, BOT_TURNS)
"""The operations that give turns, the vendor's successor before the one it calls deprecated."""


class _Page(msgspec.Struct):
    next_uri: str | None = msgspec.field(name="nextUri", default=None)


def bot_flow_ids(client: GenesysCloud) -> list[str]:
    """The ids of all bot flows the org lists, sorted."""
    return sorted({each for kind in FLOW_TYPES for each in listed_ids(client, FLOW_LIST, type=kind)})


def turn_pages(
    client: GenesysCloud, bot_flow_id: str, interval: Interval, routes: Sequence[Operation] = ROUTES
) -> Iterator[Answered]:
    """The answers about one flow's turns in an interval, by the first of `routes` that the org has.

    Of a nextUri only path and query are taken, and its path must be that of a route for this flow: the bearer goes
    nowhere else. Raises NotFound where no route knows the flow, UnexpectedAnswer for a nextUri that leads elsewhere or
    in a circle, and the client's errors.
    """
    path, client = {"botFlowId": bot_flow_id}, client.together()
    for route in routes:
        query: dict[str, str | int] = {"interval": str(interval), "pageSize": route.limits.page_size or 50}
        try:
            answer = ask(client, route, path=path, query=query)
        except NotFound:
            if route is routes[-1]:
                raise
            continue
        seen = [query]
        while True:
            yield answer
            following = _following(answer, route, bot_flow_id)
            if following is None:
                return
            route, query = following
            if query in seen:
                raise _lost(route, "leads in a circle")
            seen.append(query)
            answer = ask(client, route, path=path, query=query)


def _following(answer: Answered, route: Operation, bot_flow_id: str) -> tuple[Operation, dict[str, str | int]] | None:
    """The route and the query of the next page; None after the last."""
    try:
        uri = msgspec.json.decode(answer.text, type=_Page).next_uri
    except (msgspec.DecodeError, UnicodeError):
        raise _lost(route, "cannot be read, as its page is not what the vendor describes") from None
    if not uri:
        return None
    named = next((each for each in ROUTES if parts_of(each, uri) == {"botFlowId": bot_flow_id}), None)
    if named is None:
        raise _lost(route, "is not about the turns of the same flow")
    return named, dict(parse_qsl(urlsplit(uri).query))


def _lost(route: Operation, what: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        f"The nextUri of {route.method} {route.path} {what}: try again later, or ask the vendor.", operation=route
    )
