"""`index-property`: properties put on a conversation at the vendor, so that queries find it by them."""

import json
from typing import Annotated

import typer

from analytics_platform.connections import connected
from analytics_platform.settings import load_settings


def index_property(
    conversation_id: Annotated[str, typer.Argument(metavar="CONVERSATION_ID", help="The conversation.")],
    properties: Annotated[
        list[str], typer.Argument(help="name=value, or name=value:type with bool, integer, real, date, string, uuid.")
    ],
    session: Annotated[str, typer.Option("--session", help="The id of the session that gets them.")],
    date: Annotated[str, typer.Option("--date", help="An instant within the segment, ISO 8601, such as its start.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")] = False,
) -> None:
    """Index properties of a conversation's session at the vendor; `query --filter property.name=value` finds it."""
    from analytics_platform.catalogue.operations.details import CONVERSATION_PROPERTIES
    from analytics_platform.genesys_cloud.properties import index, index_request

    request = index_request(session, date, properties)
    if dry_run:
        path = CONVERSATION_PROPERTIES.path.format(conversationId=conversation_id)
        typer.echo(f"Nothing was sent. It would be {CONVERSATION_PROPERTIES.method} {path} with")
        typer.echo(json.dumps(request, ensure_ascii=False, indent=2))
        return
    with connected(load_settings()) as client:
        index(client, conversation_id, request)
    names = ", ".join(each["property"] for each in request["properties"])
    typer.echo(f"Indexed {names} on the session {session} of the conversation {conversation_id}.")
