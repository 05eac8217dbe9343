"""Answers of GMS that say no, as errors: from status, exception and message to one sentence that says what to do.

Source: the vendor's API reference of Context Services, HTTP Response Codes and Errors, and its Welcome page (tenants).
"""

import re
from collections.abc import Callable

import msgspec

from analytics_platform.catalogue.operations import Operation
from analytics_platform.source.errors import (
    BadCredentials,
    BadRequest,
    MissingPermission,
    NotFound,
    RateLimited,
    ServerFault,
    SourceError,
    UnexpectedAnswer,
)
from analytics_platform.source.exchange import Received
from analytics_platform.source.retries import asked_pause

_LONGEST_MESSAGE = 400
_PARSING = re.compile("pars|format|json|illegalargument|mapping", re.IGNORECASE)
"""Exceptions of a server that could not read the request, which it answers with 500: again is no better."""
_PASSING = frozenset({408, 502, 503, 504})


def refusal(received: Received, operation: Operation, *, hide: Callable[[str], str]) -> SourceError:
    """The error that an answer with a status of 300 and above stands for; `hide` takes secrets out of a text.

    Its `code` is the exception's name without the package, its `message` GMS's own words; both None where the answer
    is not one of GMS's, such as a proxy's page.
    """
    exception, message = _words(received, hide)
    status = received.status
    kind, advice = _kind(status, operation, exception or "", message or "")
    said = ", ".join(part for part in (exception, message and f"“{message}”") if part)
    return kind(
        f"GMS answered {operation.method} {operation.path} with {status}{f' {said}' if said else ''}: {advice}.",
        operation=operation,
        status=status,
        code=exception,
        message=message,
        retry_after=asked_pause(received.headers) if status == 429 or status >= 500 else None,
    )


def _kind(status: int, operation: Operation, exception: str, message: str) -> tuple[type[SourceError], str]:
    if "tenant" in message.lower():
        return BadRequest, (
            "set GMS_CONTACT_CENTER_ID to the contact center's DBID or name, and GMS_GROUP_ID where there are groups"
        )
    if status == 401:
        return BadCredentials, "set GMS_USERNAME and GMS_PASSWORD to those of GMS (section server, basic access)"
    if status == 403:
        return MissingPermission, (
            f"give the user the role {' or '.join(operation.permissions)} "
            "(its annex, section gms, option roles, in the configuration environment)"
        )
    if status in (404, 410):
        return NotFound, "there is nothing at this path; if it is so for all of them, check GMS_URL"
    if status == 429:
        return RateLimited, "try again later, or lower GMS_CONCURRENCY"
    if status in _PASSING:
        return ServerFault, "GMS, or a proxy before it, has no answer now; try again later"
    if status >= 500:
        if _PARSING.search(exception):
            return BadRequest, "it could not read the request, so correct what it names"
        return ServerFault, "the fault is on the side of GMS; look in its log, and try again later"
    if status >= 400:
        return BadRequest, "this request is not accepted as it is, so correct what GMS names"
    return UnexpectedAnswer, "redirects are not followed, so check GMS_URL"


def _words(received: Received, hide: Callable[[str], str]) -> tuple[str | None, str | None]:
    """The exception's name and the message of GMS's error body; None where it is not one."""
    try:
        body = msgspec.json.decode(received.payload.inflate())
    except (SourceError, msgspec.DecodeError):
        return None, None
    if not isinstance(body, dict):
        return None, None

    def text(name: str) -> str | None:
        value = body.get(name)
        return hide(" ".join(value.split()))[:_LONGEST_MESSAGE] or None if isinstance(value, str) else None

    exception = text("exception")
    return exception and exception.rpartition(".")[2], text("message")
