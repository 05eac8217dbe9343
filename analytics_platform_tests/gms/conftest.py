"""A scripted server per test, and clients of it, as GMS, that hardly pause."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analytics_platform.catalogue.services import SERVICE_FILES, SERVICE_READ, SERVICE_STREAM
from analytics_platform.gms.client import Gms
from analytics_platform.gms.selection import Selection
from analytics_platform_tests.genesys_cloud.conftest import QUICK
from analytics_platform_tests.genesys_cloud.scripted import Reply, Scripted

STREAM = SERVICE_STREAM.path
FILES = SERVICE_FILES.path
DAY = datetime(2026, 3, 2, tzinfo=UTC)
IDS = ["7-a", "8-b", "9-c"]
WHOLE_DAY = Selection(DAY, DAY + timedelta(days=1))


def path_of(service_id: str) -> str:
    return SERVICE_READ.path.replace("{serviceId}", service_id)


def refused(status: int, message: str, exception: str = "") -> Reply:
    """An error as GMS writes it."""
    return Reply(status, {"message": message, "exception": f"com.genesyslab.gsg.{exception}"})


@pytest.fixture
def server() -> Iterator[Scripted]:
    scripted = Scripted()
    yield scripted
    scripted.close()


@pytest.fixture
def connect(server: Scripted) -> Iterator[Callable[..., Gms]]:
    """Makes clients of the scripted server, closed at the end of the test."""
    with ExitStack() as clients:

        def make(url: str = "", **options: Any) -> Gms:
            return clients.enter_context(Gms(url or server.url, **{"retries": QUICK, **options}))

        yield make


@pytest.fixture
def gms(connect: Callable[..., Gms]) -> Gms:
    return connect()
