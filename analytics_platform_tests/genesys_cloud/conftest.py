"""A scripted server per test, and clients of it that hardly pause."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from pydantic import SecretStr

from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.hosts import Hosts
from analytics_platform.source.http_client import Timeouts
from analytics_platform.source.retries import Retries
from analytics_platform_tests.genesys_cloud.scripted import Scripted

CANARY = "canary-3f9a1c-secret"
QUICK = Retries(attempts=3, first_pause=0.001, longest_pause=0.002, longest_retry_after=0.5)


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> Iterator[Scripted]:
    scripted = Scripted()
    yield scripted
    scripted.close()


@pytest.fixture
def connect(server: Scripted) -> Iterator[Callable[..., GenesysCloud]]:
    """Makes clients of the scripted server, closed at the end of the test."""
    with ExitStack() as clients:

        def make(
            *,
            url: str = "",
            budget: RequestBudget | None = None,
            retries: Retries = QUICK,
            timeouts: Timeouts | None = None,
            secret: str = CANARY,
        ) -> GenesysCloud:
            client = GenesysCloud(
                Hosts.of(api_url=url or server.url),
                "client-1",
                SecretStr(secret),
                budget or RequestBudget.unlimited(),
                retries=retries,
                timeouts=timeouts,
            )
            return clients.enter_context(client)

        yield make


@pytest.fixture
def client(connect: Callable[..., GenesysCloud]) -> GenesysCloud:
    return connect()
