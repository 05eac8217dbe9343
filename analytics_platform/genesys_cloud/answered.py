"""Questions that are asked of the vendor as queries, and their answers with all that is worth keeping of both."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from analytics_platform.catalogue.operations import Operation
from analytics_platform.genesys_cloud.client import GenesysCloud


@dataclass(frozen=True)
class Answered:
    """One answer: `text` is its JSON as sent, `request` what was asked as JSON, `asked_at` when (UTC, our clock)."""

    asked_at: datetime
    request: str
    text: bytes = field(repr=False)
    correlation_id: str | None


def ask(
    client: GenesysCloud,
    operation: Operation,
    *,
    path: Mapping[str, str] | None = None,
    query: Mapping[str, str | int] | None = None,
    body: object | None = None,
) -> Answered:
    """Ask a question that changes nothing, whatever its method; raises the client's errors."""
    asked_at = datetime.now(UTC)
    payload = client.download(operation, path=path, query=query, body=body, repeatable=True)
    parts = {"path": path, "query": query, "body": body}
    told = {"operation": operation.name} | {name: part for name, part in parts.items() if part}
    return Answered(
        asked_at=asked_at,
        request=json.dumps(told, ensure_ascii=False, sort_keys=True),
        text=payload.inflate(),
        correlation_id=payload.origin.correlation_id,
    )
