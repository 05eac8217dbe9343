"""What every vendor request goes through: correlation, faults, bearer, budget, permissions, compression, log."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from analytics_platform.catalogue.operations import Operation
from analytics_platform.simulator.api.answers import Answer, Delivery
from analytics_platform.simulator.api.calls import Call
from analytics_platform.simulator.api.errors import ApiError
from analytics_platform.simulator.api.faults import BEFORE, DELIVERY, Fault
from analytics_platform.simulator.api.oauth import LoginError, require_permission
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.pages import page_number
from analytics_platform.simulator.options import OAuthClient

_WORDS = {
    400: ("bad.request", "The request could not be understood by the server due to malformed syntax."),
    401: ("bad.credentials", "Invalid login credentials."),
    403: ("not.authorized", "You are not authorized to perform the requested action."),
    404: ("not.found", "The requested resource was not found."),
    408: ("request.timeout", "The client did not produce a request within the server timeout limit."),
    413: ("response.entity.too.large", "The request is over the size limit."),
    429: ("too.many.requests.retry.after", "Rate limit exceeded the maximum. Retry the request in [{seconds}] seconds"),
    500: ("internal.server.error", "The server encountered an unexpected condition."),
    502: ("bad.gateway", "The server received an invalid answer from upstream."),
    503: ("service.unavailable", "Service Unavailable - The server is currently unavailable."),
    504: ("authentication.request.timeout", "Authentication service timeout."),
}


@dataclass(frozen=True)
class Gate:
    """One vendor operation as an ASGI application."""

    org: Org
    name: str
    operation: Operation
    serve: Callable[[Call], Answer]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        context = str(uuid.uuid4())
        page = page_number(request.query_params) if self.name.endswith(".results") else None
        answer = await run_in_threadpool(self._answer, request, body, context, page)
        answer.headers["ININ-Correlation-Id"] = context
        await deliver(self.org, self.name, self.operation, answer, page, request, send)

    def _answer(self, request: Request, body: bytes, context: str, page: int | None) -> Answer:
        spent: dict[str, str] = {}
        try:
            fault = self.org.faults.take(self.name, BEFORE, page)
            if fault is not None and fault.kind == "status":
                return _status_answer(fault, context)
            if fault is not None and fault.kind == "token_revoked":
                self.org.login.revoke()
            client = self.org.login.client_of_bearer(request.headers)
            self.org.log.note_spent(client.id)
            spent = self.org.budget.spend(client.id)
            if fault is not None and fault.kind == "permission_withdrawn":
                client = OAuthClient(client.id, client.secret, frozenset())
            require_permission(client, self.operation)
            query = {name: ",".join(request.query_params.getlist(name)) for name in request.query_params}
            call = Call(client, self.name, dict(request.path_params), query, body, str(request.base_url).rstrip("/"))
            self.org.log.note_call(self.name, call.path, call.query, body)
            answer = self.serve(call)
            answer.headers |= spent
            return answer
        except ApiError as refused:
            return Answer.of(refused.status, refused.body(context), spent | refused.headers)


async def deliver(
    org: Org, name: str, operation: Operation, answer: Answer, page: int | None, request: Request, send: Send
) -> None:
    """Send an answer as well or as badly as the armed faults say, dated by the org's clock, compressed where that is
    accepted; it is logged."""
    if "Date" not in answer.headers:
        answer.headers["Date"] = org.date(org.skew(name))
    fault = org.faults.take(name, DELIVERY, page)
    if fault is not None and fault.kind == "not_json":
        answer = Delivery.not_json(answer)
    if "gzip" in request.headers.get("accept-encoding", ""):
        answer = await run_in_threadpool(answer.compressed)
    lost = fault is not None and fault.kind == "lost_answer"
    org.log.note(operation.method, operation.path, 0 if lost else answer.status)
    await Delivery(answer, fault)(request.scope, request.receive, send)


@dataclass(frozen=True)
class TokenGate:
    """The token endpoint as an ASGI application; its errors are OAuth's, and its own limit answers 400."""

    org: Org

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        form = await request.body()
        context = str(uuid.uuid4())
        fault = self.org.faults.take("token", BEFORE)
        if fault is not None and fault.kind == "status":
            answer = _status_answer(fault, context)
        else:
            answer = self._answer(request, form)
        answer.headers["ININ-Correlation-Id"] = context
        delivery = self.org.faults.take("token", DELIVERY)
        if delivery is not None and delivery.kind == "not_json":
            answer = Delivery.not_json(answer)
        self.org.log.note("POST", "/oauth/token", answer.status)
        await Delivery(answer, delivery)(scope, receive, send)

    def _answer(self, request: Request, form: bytes) -> Answer:
        try:
            client = self.org.login.client_of_basic(request.headers.get("authorization"))
            if self.org.assumptions.token_rate_limit:
                self._spend(client)
            skew = self.org.skew("token")
            return Answer.of(200, self.org.login.mint(client, form, skew // 1000), {"Date": self.org.date(skew)})
        except LoginError as refused:
            return Answer.of(refused.status, refused.body())

    def _spend(self, client: OAuthClient) -> None:
        try:
            self.org.token_budget.spend(client.id)
        except ApiError:
            raise LoginError(400, "invalid_request", "rate limit exceeded") from None


def _status_answer(fault: Fault, context: str) -> Answer:
    """The vendor's words for a status; a gateway's HTML where the fault asks for it."""
    seconds = 1 if fault.retry_after is None else fault.retry_after
    code, message = _WORDS.get(fault.status, ("internal.server.error", "The server encountered an error."))
    told = ApiError(fault.status, code, message.replace("{seconds}", str(seconds)))
    headers = {"Retry-After": str(seconds)} if fault.status == 429 or fault.retry_after is not None else {}
    answer = Answer.of(fault.status, told.body(context), headers)
    return Delivery.not_json(answer) if fault.html else answer
