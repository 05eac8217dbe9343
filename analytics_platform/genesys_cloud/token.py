"""The OAuth client's access token: one per client object, shared by its threads, renewed before it expires.

It lives in memory only, so that no secret reaches a file; each process mints its own. Client credentials give no
refresh token: renewing is minting (vendor's SDK, api_client.py).
"""

import base64
import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
import msgspec

from analytics_platform.catalogue.operations import Operation
from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.refusals import token_refusal
from analytics_platform.source.errors import UnexpectedAnswer
from analytics_platform.source.exchange import exchange

_log = logging.getLogger(__name__)
_BEARER = re.compile(r"\b(bearer|basic)\s+[^\s\"',;]+", re.IGNORECASE)
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_LONGEST = 60.0
_HIDDEN = "[hidden]"

TOKEN = Operation("token", "POST", "/oauth/token")


class Secret(Protocol):
    """A string that does not show itself, such as pydantic's SecretStr."""

    def get_secret_value(self) -> str: ...


@dataclass(frozen=True)
class Bearer:
    """A token, and until when it is used (seconds of the source's clock). Its repr does not show it."""

    value: str = field(repr=False)
    use_until: float

    @property
    def header(self) -> str:
        return f"Bearer {self.value}"


class TokenSource:
    """Mints the token when it is first needed, before it expires, and when it is refused."""

    def __init__(
        self,
        http: httpx.Client,
        login_url: str,
        client_id: str,
        client_secret: Secret,
        *,
        budget: RequestBudget,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._login_url = login_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._budget = budget
        self._clock = clock
        self._lock = threading.Lock()
        self._current: Bearer | None = None
        self._minted: tuple[str, ...] = ()

    def bearer(self, *, refused: Bearer | None = None) -> Bearer:
        """The token to use. When the one in use was `refused`, a new one, minted once however many threads ask.

        Tries once; raises BadCredentials, RateLimited or what else the exchange raises.
        """
        with self._lock:
            current = self._current
            if current is None or current is refused or self._clock() >= current.use_until:
                current = self._current = self._mint()
            return current

    def hide(self, text: str) -> str:
        """`text` without the secret, the token or anything after the word Bearer or Basic."""
        for secret in (self._client_secret.get_secret_value(), self._basic().partition(" ")[2], *self._minted):
            if secret:
                text = text.replace(secret, _HIDDEN)
        return _BEARER.sub(lambda found: f"{found.group(1)} {_HIDDEN}", text)

    def _mint(self) -> Bearer:
        booking = self._budget.acquire()
        request = self._http.build_request(
            TOKEN.method,
            f"{self._login_url}{TOKEN.path}",
            data={"grant_type": "client_credentials"},
            headers={"Authorization": self._basic(), "Accept": "application/json"},
        )
        asked = self._clock()
        received = exchange(self._http, request, TOKEN, longest=_LONGEST)
        self._budget.answered(booking)
        if received.status != 200:
            raise token_refusal(received, TOKEN, login_url=self._login_url, hide=self.hide)
        bearer = _granted(received.payload.inflate(), asked)
        if bearer is None:
            raise UnexpectedAnswer(
                f"{self._login_url} answered without a usable access_token or expires_in: "
                "check that GENESYSCLOUD_LOGIN_URL is Genesys Cloud's login host.",
                operation=TOKEN,
                status=received.status,
                correlation_id=received.correlation_id,
            )
        # Replaced, not changed: other threads may be reading it.
        self._minted = (*self._minted[-2:], bearer.value)
        _log.debug("Minted a token, to use for %.0f s.", bearer.use_until - asked)
        return bearer

    def _basic(self) -> str:
        pair = f"{self._client_id}:{self._client_secret.get_secret_value()}"
        return "Basic " + base64.b64encode(pair.encode()).decode("ascii")


def _granted(text: bytes, asked: float) -> Bearer | None:
    """The token of a token endpoint's answer; on its own, so that no traceback's frame holds the answer."""
    try:
        granted = msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError:
        return None
    value, lifetime = granted.get("access_token"), granted.get("expires_in")
    # A token that no header can carry would be quoted by the HTTP library's complaint.
    if not isinstance(value, str) or not _PRINTABLE.fullmatch(value) or not isinstance(lifetime, int | float):
        return None
    # A minute early, or a fifth of a short life: no request should be under way when it ends.
    return Bearer(value, asked + lifetime - min(60.0, lifetime / 5))
