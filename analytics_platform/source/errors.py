"""What can go wrong between us and a source.

    SourceError
    ├── GivenUp                   told to stop while it waited; what it was about stays as it is
    ├── TransientError            worth trying again: now, if it is safe to repeat, or in a later run
    │   ├── Unreachable           no connection; the request was not sent
    │   ├── RateLimited           429, or the token endpoint's 400 "rate limit exceeded"; not acted upon
    │   ├── NoAnswer              sent, but no answer came; the vendor may have acted on it
    │   ├── CutShort              the answer broke off
    │   ├── ServerFault           5xx or 408
    │   └── JobDeadline           the job still runs, we stopped waiting
    └── TerminalError             stays so until somebody changes something
        ├── Untrusted             the server's TLS certificate does not check out
        ├── BadCredentials        the OAuth client is refused
        ├── MissingPermission     403
        ├── BadRequest            400, 405, 409, 413, 415, 422 and other 4xx
        ├── NotFound              404
        ├── NotJson               a body that is not the JSON it should be
        ├── UnexpectedAnswer      a redirect, or an answer without what it must hold
        ├── QueryRefused          a question that cannot be answered as it is asked; we say so, not the vendor
        ├── BudgetUnusable        the file that holds the request budget cannot be read or written
        ├── SubmitUncertain       nobody knows whether the job was taken: never repeat it blindly
        └── JobError
            ├── JobFailed         state FAILED
            ├── JobCancelled      state CANCELLED
            ├── JobExpired        state EXPIRED: its results are gone
            └── JobGone           404: the vendor does not know the job (any more)

The text of each is one sentence that says what is wrong, where, and what to do. No secret, token or Authorization
header is ever part of a text, and no httpx error is chained to one, since those carry the request and its headers.
"""

from typing import Any, ClassVar

from analytics_platform.catalogue.operations import Operation


class SourceError(Exception):
    """Anything that went wrong with a source; the parts are None where they are not known."""

    transient: ClassVar[bool] = False
    """Whether the same call may succeed later with nothing changed on our side."""
    untaken: ClassVar[bool] = False
    """Whether the vendor surely did not act on the request, so that even a submit may be repeated."""

    def __init__(
        self,
        sentence: str,
        *,
        operation: Operation | None = None,
        status: int | None = None,
        code: str | None = None,
        message: str | None = None,
        correlation_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(sentence)
        self.operation = operation
        self.status = status
        """The HTTP status."""
        self.code = code
        """The vendor's error code, such as `missing.any.permissions`."""
        self.message = message
        """The vendor's own words, shortened and with secrets hidden."""
        self.correlation_id = correlation_id
        """What the vendor's support asks for."""
        self.retry_after = retry_after
        """Seconds the vendor asks to wait."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), str(self), dict(self.__dict__))


def _rebuild(kind: type[SourceError], sentence: str, parts: dict[str, Any]) -> SourceError:
    return kind(sentence, **parts)


class GivenUp(SourceError):
    """Told to stop while it waited, for a reason that lies outside it; nothing is wrong with what it was about."""


class TransientError(SourceError):
    """Worth trying again."""

    transient = True


class Unreachable(TransientError):
    """No connection could be made, so the request was not sent."""

    untaken = True


class RateLimited(TransientError):
    """Too many requests; the vendor did not act on this one. `retry_after` says how long to wait."""

    untaken = True


class NoAnswer(TransientError):
    """The request went out, at least in part, and no answer came."""


class CutShort(TransientError):
    """The answer broke off before its end."""


class ServerFault(TransientError):
    """The vendor's side failed: 5xx or 408."""


class JobDeadline(TransientError):
    """We stopped waiting for a job; it goes on at the vendor's, and waiting can be taken up again."""


class TerminalError(SourceError):
    """Stays so until somebody changes something."""


class Untrusted(TerminalError):
    """The server's certificate does not check out, so nothing was sent."""


class BadCredentials(TerminalError):
    """The OAuth client's id or secret is refused, or a token just minted is."""


class MissingPermission(TerminalError):
    """The OAuth client's roles lack a permission."""


class BadRequest(TerminalError):
    """The vendor does not take this request as it is."""


class NotFound(TerminalError):
    """There is nothing at this path."""


class NotJson(TerminalError):
    """A body is not the JSON it should be, such as a proxy's HTML page."""


class UnexpectedAnswer(TerminalError):
    """An answer we cannot make sense of: a redirect, or JSON without what it must hold."""


class QueryRefused(TerminalError):
    """A question that cannot be answered as it is asked: malformed, or past what the vendor gives one query."""


class BudgetUnusable(TerminalError):
    """The file that holds the request budget cannot be read or written; nothing was sent."""


class SubmitUncertain(TerminalError):
    """A job may or may not have been taken; its cause says what happened."""


class JobError(TerminalError):
    """This job will not deliver (any more); a new one may."""


class JobFailed(JobError):
    """The job's state is FAILED; `message` is the vendor's reason."""


class JobCancelled(JobError):
    """The job's state is CANCELLED."""


class JobExpired(JobError):
    """The job's state is EXPIRED: its results are gone."""


class JobGone(JobError):
    """The vendor does not know the job (any more)."""
