"""The OAuth clients a connection may speak as: each has its own token and its own request budget at the vendor."""

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from analytics_platform.catalogue.operations import Operation
from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.files import REDIRECTS
from analytics_platform.genesys_cloud.refusals import refusal
from analytics_platform.genesys_cloud.token import Bearer, Secret, TokenSource
from analytics_platform.genesys_cloud.usage import Usage
from analytics_platform.source.errors import BudgetUnusable, Unreachable
from analytics_platform.source.exchange import Received, exchange

if TYPE_CHECKING:
    import httpx

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OAuthClient:
    """One OAuth client of the org, as configured. The budget is the caller's and stays open."""

    id: str
    secret: Secret = field(repr=False)
    budget: RequestBudget = field(repr=False)


class Speaker:
    """An OAuth client at work. `longest` is how many seconds an answer may take."""

    def __init__(
        self, client: OAuthClient, http: "httpx.Client", login_url: str, usage: Usage, *, longest: float
    ) -> None:
        self.id = client.id
        self.budget = client.budget
        self.refused = False
        """Whether the org refused it; what can be asked as another is."""
        self._under_way = 0
        self._counting = threading.Lock()
        self._http = http
        self._usage = usage
        self._longest = longest
        self._tokens = TokenSource(http, login_url, client.id, client.secret, budget=client.budget)

    def ask(
        self,
        request: "partial[httpx.Request]",
        headers: Mapping[str, str],
        operation: Operation,
        *,
        redirected: bool = False,
    ) -> Received:
        """An answer that is no refusal; a redirect is one, unless it is what was asked for. Tries once.

        Raises the client's errors; BadCredentials only where nothing was acted upon.
        """
        with self._counted():
            return self._asked(request, headers, operation, redirected)

    def haste(self) -> tuple[float, int]:
        """How soon it may send, in seconds, and how many requests it has sent or is about to; the least is soonest."""
        standing = self.budget.standing()
        return standing.wait, standing.used + self._under_way

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Requests of many threads that begin at once are not in the budget yet when the next one chooses."""
        with self._counting:
            self._under_way += 1
        try:
            yield
        finally:
            with self._counting:
                self._under_way -= 1

    def _asked(
        self, request: "partial[httpx.Request]", headers: Mapping[str, str], operation: Operation, redirected: bool
    ) -> Received:
        received, bearer = self._send(request, headers, operation)
        if received.status == 401:
            # Refused before it was acted upon, so this is safe for any method.
            received, _ = self._send(request, headers, operation, refused=bearer)
        if redirected and received.status in REDIRECTS:
            return received
        if received.status >= 300:
            fault = refusal(received, operation, hide=self._tokens.hide)
            if received.status == 429 and fault.retry_after and "retry-after" not in received.headers:
                self.budget.pause(fault.retry_after)
            raise fault
        # Here, where one that broke off is asked for again.
        received.text()
        return received

    def _send(
        self,
        request: "partial[httpx.Request]",
        headers: Mapping[str, str],
        operation: Operation,
        refused: Bearer | None = None,
    ) -> tuple[Received, Bearer]:
        # The token first: while one is minted, which waits for leave of its own, leave for this request would go stale.
        bearer = self._tokens.bearer(refused=refused)
        booking = self.budget.acquire()
        began = time.perf_counter()
        sent = request(headers={**headers, "Authorization": bearer.header})
        self._usage.sent()
        try:
            received = exchange(self._http, sent, operation, longest=self._longest)
        except Unreachable:
            self.budget.give_back(booking)
            raise
        _log.debug(
            "%s %s: %d, %d bytes in %.0f ms, correlation id %s",
            operation.method,
            sent.url.path,
            received.status,
            len(received.payload.wire),
            1000 * (time.perf_counter() - began),
            received.correlation_id,
        )
        try:
            self.budget.answered(booking)
            self.budget.learn(received.headers, status=received.status)
        except BudgetUnusable as fault:
            # The answer may be a job's only id; the next request says it.
            _log.warning("What the vendor says of the rate is lost: %s", fault)
        return received, bearer


def by_haste(speakers: Sequence[Speaker]) -> list[Speaker]:
    """Those that are not refused, or all where all are: first the one that may send soonest, of several the one that
    sent least."""
    able = [each for each in speakers if not each.refused] or list(speakers)
    return sorted(able, key=Speaker.haste) if len(able) > 1 else able
