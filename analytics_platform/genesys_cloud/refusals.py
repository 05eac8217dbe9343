"""Answers that say no, as errors: from status, code and the vendor's words to one sentence that says what to do.

Source: the vendor's ErrorBody (SDK 269.0.0), the response lists of its public API description, and its announcement of
`Retry-After` (2021-11-10).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

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
_NUMBER = re.compile(r"\d{1,9}(\.\d+)?")
_WAIT_IN_WORDS = re.compile(r"retry the request in \[(\d+)\] seconds", re.IGNORECASE)


@dataclass(frozen=True)
class _Words:
    """What the vendor's error body says; empty where it is not one."""

    code: str | None = None
    message: str | None = None
    correlation_id: str | None = None


def refusal(received: Received, operation: Operation, *, hide: Callable[[str], str]) -> SourceError:
    """The error that an answer with a status of 300 and above stands for; `hide` takes secrets out of a text."""
    words = _words(received, hide)
    status = received.status
    wait = retry_after(received.headers, words.message or "") if status == 429 or status >= 500 else None
    kind, advice = _kind(status, operation, wait)
    said = ", ".join(part for part in (words.code, words.message and f"“{words.message}”") if part)
    reference = words.correlation_id or hide(received.correlation_id or "") or None
    tail = f" (correlation id {reference})" if reference else ""
    called = f"{operation.method} {operation.path}"
    return kind(
        f"Genesys Cloud answered {called} with {status}{f' {said}' if said else ''}: {advice}{tail}.",
        operation=operation,
        status=status,
        code=words.code,
        message=words.message,
        correlation_id=reference,
        retry_after=wait,
    )


def token_refusal(
    received: Received, operation: Operation, *, login_url: str, hide: Callable[[str], str]
) -> SourceError:
    """The error that a token endpoint's no stands for.

    It speaks OAuth (`error`, `description`), refuses a client by 400 or 401, and reports its own rate limit as 400
    with "rate limit exceeded" (vendor's Terraform provider).
    """
    words = _words(received, hide)
    said = f"{words.code or ''} {words.message or ''}".lower()
    if received.status == 400 and "rate limit exceeded" in said:
        wait = retry_after(received.headers, words.message or "")
        return RateLimited(
            f"{login_url} mints no more tokens for now (400, rate limit exceeded): "
            f"{_wait_advice(wait)}, and let fewer processes start at once.",
            operation=operation,
            status=400,
            code=words.code,
            message=words.message,
            correlation_id=words.correlation_id or received.correlation_id,
            retry_after=wait,
        )
    if received.status == 401 or (received.status == 400 and "client" in said):
        return BadCredentials(
            f"{login_url} refused the OAuth client ({received.status} {words.code or ''}): check "
            "GENESYSCLOUD_OAUTHCLIENT_ID and GENESYSCLOUD_OAUTHCLIENT_SECRET, and that GENESYSCLOUD_REGION is the "
            "region the client was made in (Admin > Integrations > OAuth, grant type Client Credentials).",
            operation=operation,
            status=received.status,
            code=words.code,
            message=words.message,
            correlation_id=words.correlation_id or received.correlation_id,
        )
    return refusal(received, operation, hide=hide)


def retry_after(headers: Mapping[str, str], message: str = "") -> float | None:
    """Seconds the vendor asks to wait: `Retry-After` in seconds or as an HTTP date, else the words of a 429, else
    `inin-ratelimit-reset` when the count is used up; None when nothing says so."""
    given = asked_pause(headers)
    if given is not None:
        return given
    in_words = _WAIT_IN_WORDS.search(message)
    if in_words:
        return float(in_words.group(1))
    return _reset_of_used_up_count(headers)


def _reset_of_used_up_count(headers: Mapping[str, str]) -> float | None:
    count, allowed, reset = (headers.get(f"inin-ratelimit-{name}", "") for name in ("count", "allowed", "reset"))
    if not all(_NUMBER.fullmatch(number) for number in (count, allowed, reset)):
        return None
    # A 429 with requests left is about something else, such as jobs at a time.
    return float(reset) if float(count) >= float(allowed) else None


def _kind(status: int, operation: Operation, wait: float | None) -> tuple[type[SourceError], str]:
    if status == 401:
        return BadCredentials, (
            "a token just minted is refused, so check that the API and login URLs belong to one region and that the "
            "OAuth client is active (Admin > Integrations > OAuth)"
        )
    if status == 403:
        return MissingPermission, f"the OAuth client lacks a permission; {operation.grant}"
    if status in (404, 410):
        return NotFound, "there is nothing at this path"
    if status == 429:
        return RateLimited, f"{_wait_advice(wait)}, or lower ANALYTICS_PLATFORM_REQUESTS_PER_MINUTE"
    if status == 408 or status >= 500:
        return ServerFault, f"the fault is on the vendor's side; {_wait_advice(wait)}"
    if status >= 400:
        return BadRequest, "this request is not accepted as it is, so correct what the vendor names"
    return UnexpectedAnswer, "redirects are not followed, so check the API and login URLs"


def _wait_advice(wait: float | None) -> str:
    if wait is None:
        return "try again later"
    until = datetime.now(UTC) + timedelta(seconds=wait)
    return f"wait {wait:.0f} s, until {until:%Y-%m-%d %H:%M:%S} UTC"


def _words(received: Received, hide: Callable[[str], str]) -> _Words:
    try:
        body = msgspec.json.decode(received.payload.inflate())
    except (SourceError, msgspec.DecodeError):
        return _Words()
    if not isinstance(body, dict):
        return _Words()

    def text(*names: str) -> str | None:
        for name in names:
            value = body.get(name)
            if isinstance(value, str) and value.strip():
                return hide(" ".join(value.split()))[:_LONGEST_MESSAGE]
        return None

    return _Words(text("code", "error"), text("message", "description", "error_description"), text("contextId"))
