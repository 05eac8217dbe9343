"""Fixtures that every test may use."""

import gc
import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, settings

from analytics_platform.cli import take_interrupts
from analytics_platform_tests.simulated_org import OrgOptions, SimulatedOrg


def pytest_configure() -> None:
    """Tests run Dagster in this process, also when a shell started them in the background; nothing is timed."""
    take_interrupts()
    # How long an example takes says how busy the machine is, not whether the property holds.
    settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("untimed")


def pytest_unconfigure() -> None:
    """What steps had collections pass over is looked at again: else DuckDB, loaded before, reports it as leaked."""
    gc.unfreeze()


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: tests that wait for servers and daemons leave a third of them idle."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session")
def session_org() -> Iterator[SimulatedOrg]:
    """One org for the whole session: 3 days of 60 conversations from 2026-03-02 on."""
    with SimulatedOrg() as running:
        yield running


@pytest.fixture
def org(session_org: SimulatedOrg) -> SimulatedOrg:
    """The session's org with no faults armed, no requests counted, and its clock where it started."""
    session_org.reset()
    session_org.set_now(OrgOptions.now)
    return session_org


@pytest.fixture(scope="module")
def prompt_org() -> Iterator[SimulatedOrg]:
    """An org whose watermark is its clock: a query tells what is known now, and so does its truth.

    Of each module's own, as properties put on its conversations stay.
    """
    with SimulatedOrg(lag_hours=0) as running:
        yield running


@pytest.fixture
def start_org() -> Iterator[Callable[..., SimulatedOrg]]:
    """Starts orgs of their own, `start_org(days=5, seed=3, assume=["max_page_size=10"])`; all stop after the test."""
    started: list[SimulatedOrg] = []

    def start(**options: Any) -> SimulatedOrg:
        started.append(SimulatedOrg(**options))
        return started[-1]

    yield start
    for running in started:
        running.stop()


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """Where an object store of S3's kind answers."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """The name of an empty bucket; the environment says where the store is."""
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    name = f"lake-{abs(hash(request.node.name))}"
    import pyarrow.fs as pafs

    parts = urlsplit(endpoint)
    pafs.S3FileSystem(
        endpoint_override=parts.netloc, scheme="http", region="eu-central-1", allow_bucket_creation=True
    ).create_dir(name)
    return name
