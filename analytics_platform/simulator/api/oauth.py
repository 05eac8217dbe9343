"""Tokens: client credentials in, bearer tokens out, and who a bearer is."""

import base64
import binascii
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from analytics_platform.catalogue.operations import Operation
from analytics_platform.simulator.api.errors import ApiError
from analytics_platform.simulator.options import OAuthClient


@dataclass(frozen=True)
class LoginError(Exception):
    """An answer of the token endpoint in OAuth's own error form."""

    status: int
    error: str
    description: str

    def body(self) -> dict[str, str]:
        return {"error": self.error, "description": self.description, "error_description": self.description}


class Login:
    """Mints tokens and knows whose they are; lifetimes are real seconds."""

    def __init__(self, clients: tuple[OAuthClient, ...], lifetime: int) -> None:
        self._clients = {client.id: client for client in clients}
        self._lifetime = lifetime
        self._tokens: dict[str, tuple[str, float]] = {}

    def client_of_basic(self, authorization: str | None) -> OAuthClient:
        """The client a Basic header names with its secret; LoginError 401 when there is none."""
        refused = LoginError(401, "invalid_client", "client not found: invalid client_id or client_secret")
        scheme, _, encoded = (authorization or "").partition(" ")
        if scheme.lower() != "basic":
            raise refused
        try:
            identity, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise refused from None
        client = self._clients.get(identity)
        if client is None or not secrets.compare_digest(client.secret.encode(), secret.encode()):
            raise refused
        return client

    def mint(self, client: OAuthClient, form: bytes, skew: int = 0) -> dict[str, object]:
        """A token for a form body `grant_type=client_credentials`, told to live `skew` seconds longer than it does;
        LoginError 400 for any other grant."""
        grant = parse_qs(form.decode("latin-1")).get("grant_type", [""])[0]
        if grant != "client_credentials":
            raise LoginError(400, "unsupported_grant_type", f"unsupported grant_type: {grant}")
        token = secrets.token_urlsafe(48)
        self._tokens[token] = (client.id, time.monotonic() + self._lifetime)
        return {"access_token": token, "token_type": "bearer", "expires_in": max(0, self._lifetime - 1 + skew)}

    def client_of_bearer(self, headers: Mapping[str, str]) -> OAuthClient:
        """The client a bearer token speaks for; 401 without a token, and with one that is unknown or has expired."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise ApiError(
                401, "authentication.required", "No authentication bearer token specified in authorization header."
            )
        identity, expires = self._tokens.get(token, ("", 0.0))
        if not identity or time.monotonic() >= expires:
            self._tokens.pop(token, None)
            raise ApiError(401, "bad.credentials", "Invalid login credentials.")
        return self._clients[identity]

    def revoke(self, client_id: str | None = None) -> None:
        """Make every token of a client, or of all clients, invalid."""
        for token, (held_by, _) in list(self._tokens.items()):
            if client_id in (None, held_by):
                self._tokens.pop(token, None)


def require_permission(client: OAuthClient, operation: Operation) -> None:
    """403 unless the client holds what an operation needs; the code tells one needed from several to choose from."""
    needed = operation.permissions
    lacking = [permission for permission in needed if permission not in client.permissions]
    if not lacking or (len(lacking) < len(needed) and not operation.all_of):
        return
    if len(needed) == 1 or operation.all_of:
        raise ApiError(
            403,
            "missing.permissions",
            "Unable to perform the requested action. You are missing the following permission(s): {permissions}",
            {"permissions": ", ".join(lacking)},
        )
    raise ApiError(
        403,
        "missing.any.permissions",
        "Unable to perform the requested action. "
        "You must have at least one of the following permissions assigned: {permissions}",
        {"permissions": f"[{', '.join(needed)}]"},
    )
