"""The vendor's error bodies.

`{"message", "code", "status", "contextId", "details": [], "errors": []}`, with `messageWithParams` and
`messageParams` where the message has parameters; `contextId` equals the header ININ-Correlation-Id.
"""

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """An answer that is an error; `params` fill the `{names}` of `template`."""

    def __init__(
        self,
        status: int,
        code: str,
        template: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.template = template
        self.params = dict(params or {})
        self.headers = dict(headers or {})
        self.message = template
        for name, value in self.params.items():
            self.message = self.message.replace(f"{{{name}}}", value)
        super().__init__(self.message)

    def body(self, context: str) -> dict[str, Any]:
        """The JSON body under a correlation id."""
        told: dict[str, Any] = {"message": self.message, "code": self.code, "status": self.status}
        if self.params:
            told["messageWithParams"] = self.template
            told["messageParams"] = self.params
        return told | {"contextId": context, "details": [], "errors": []}


def invalid_value(value: object, field_type: str, allowed: tuple[str, ...]) -> ApiError:
    """400: a word outside an enum, in the text seen in real answers."""
    text = f"Value [{value}] is not valid for field type [{field_type}]. Allowable values are: {', '.join(allowed)}"
    return ApiError(400, "invalid.value", text)


def bad_request(message: str) -> ApiError:
    return ApiError(400, "bad.request", message)


def unsupported(what: str) -> ApiError:
    """400: something the vendor may answer and the simulated org does not; better refused than ignored."""
    return ApiError(400, "bad.request", f"The simulated org does not support {what}.")


def not_found(what: str) -> ApiError:
    return ApiError(404, "not.found", f"The requested resource was not found: {what}")


def too_many_requests(seconds: int) -> ApiError:
    """429, with the wait in the header Retry-After and in the message."""
    return ApiError(
        429,
        "too.many.requests.retry.after",
        f"Rate limit exceeded the maximum. Retry the request in [{seconds}] seconds",
        headers={"Retry-After": str(seconds)},
    )
