"""What every request to Context Services goes through: faults, Basic authentication, tenant, role, log.

Authentication is off unless users are configured. Without roles anybody who is let in may read and write; with users,
a read takes a Supervisor or an Administrator and a change an Administrator, as the operation says.
"""

import base64
import binascii
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from analytics_platform.catalogue.operations import Operation
from analytics_platform.simulator.api.answers import Answer, Delivery
from analytics_platform.simulator.api.faults import BEFORE, Fault
from analytics_platform.simulator.api.gate import deliver
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.gms.errors import ACCESS, RESOURCE, SERVER, GmsError

_REALM = "Genesys Application Configuration Needed"
"""The vendor's default text of the option `realm`."""


@dataclass(frozen=True)
class GmsCall:
    """One request that got through; `now` is the instant it is answered for, `node` who answers it, from 0."""

    name: str
    node: int | None
    path: dict[str, str]
    query: dict[str, str]
    body: bytes
    now: int


class GmsApi(Protocol):
    """Some of the operations of Context Services, served."""

    def handlers(self) -> Mapping[Operation, Callable[[GmsCall], Answer]]:
        """What serves each operation; it raises GmsError for every answer that is an error."""
        ...


@dataclass(frozen=True)
class GmsGate:
    """One operation of Context Services as an ASGI application, at one node or, without, at the balancer before all."""

    org: Org
    operation: Operation
    serve: Callable[[GmsCall], Answer]
    node: int | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        with self.org.log.under_way(self.operation.name):
            answer = await run_in_threadpool(self._answer, request, body)
            await deliver(self.org, self.operation.name, self.operation, answer, None, request, send)

    def _answer(self, request: Request, body: bytes) -> Answer:
        try:
            fault = self.org.faults.take(self.operation.name, (*BEFORE, "service_deleted"))
            if fault is not None and fault.kind == "status":
                return _status_answer(fault)
            self._let_in(request.headers, withdrawn=fault is not None and fault.kind == "permission_withdrawn")
            query = {name: request.query_params[name] for name in request.query_params}
            now = self.org.clock.now()
            call = GmsCall(self.operation.name, self.node, dict(request.path_params), query, body, now)
            self.org.log.note_call(call.name, call.path, call.query, body)
            if fault is not None and fault.kind == "service_deleted":
                self.org.services.remove(call.path.get("serviceId", ""), now)
            return self.serve(call)
        except GmsError as refused:
            return refused.answer()

    def _let_in(self, headers: Mapping[str, str], withdrawn: bool) -> None:
        """GmsError 401 for a stranger, 403 for a role that is not enough, and for a tenant that does not exist."""
        if self.org.gms_users:
            role = self._role(headers.get("authorization", ""))
            if withdrawn or (self.operation.permissions and role not in self.operation.permissions):
                needed = " or ".join(self.operation.permissions)
                raise GmsError(403, f"User is not allowed to perform this operation: {needed} role needed", ACCESS)
        tenants = [name for name in self.org.assumptions.gms_tenants.split(",") if name]
        tenant = headers.get("contactcenterid")
        if tenants and tenant not in tenants:
            raise GmsError(
                self.org.assumptions.gms_tenant_status, f"Invalid tenant specified : {tenant or 'null'}", RESOURCE
            )

    def _role(self, authorization: str) -> str:
        scheme, _, encoded = authorization.partition(" ")
        try:
            name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            name, password = "", ""
        for user in self.org.gms_users:
            known = secrets.compare_digest(user.password.encode(), password.encode())
            if scheme.lower() == "basic" and user.name == name and known:
                return user.role
        raise GmsError(401, "Authentication required", ACCESS, WWW_Authenticate=f'Basic realm="{_REALM}"')


def _status_answer(fault: Fault) -> Answer:
    """An error of a status; a gateway's HTML where the fault asks for it, its `reason` as the exception."""
    headers = {} if fault.retry_after is None else {"Retry_After": str(fault.retry_after)}
    answer = GmsError(fault.status, "The server could not answer", fault.reason or SERVER, **headers).answer()
    return Delivery.not_json(answer) if fault.html else answer
