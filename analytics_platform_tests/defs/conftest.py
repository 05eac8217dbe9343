"""Deployments that the tests of the Dagster side share."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from analytics_platform.capabilities import remember
from analytics_platform.catalogue.streams import STREAMS
from analytics_platform.connections import connected
from analytics_platform.genesys_cloud.probe import probe
from analytics_platform_tests.defs.deployment import Deployment
from analytics_platform_tests.defs.webhook import Webhook
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

DAYS = [date(2026, 3, day) for day in (2, 3, 4)]


@dataclass(frozen=True)
class Landed:
    """A deployment in which both streams have landed, and its org."""

    workplace: Workplace
    org: SimulatedOrg
    days: list[date]


@pytest.fixture(scope="session")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Landed]:
    """3 days of 2 000 conversations, raw and typed, landed in one run each; look at it, change nothing."""
    with SimulatedOrg(conversations_per_day=2000, agents=40, rate_limit=100_000) as org:
        workplace = Workplace(tmp_path_factory.mktemp("landed"), org.url)
        for stream in STREAMS:
            assert workplace.land(stream, DAYS).success
            assert workplace.make(stream, DAYS).success
        yield Landed(workplace, org, DAYS)


@dataclass(frozen=True)
class Deployed:
    """A deployment with web server and daemon, its org, its webhook and the secret of its OAuth client."""

    ui: Deployment
    org: SimulatedOrg
    webhook: Webhook
    secret: str


STREAMS_FILE = """
[bot_flows]
ids = "all"

[[exports]]
name = "queues"
view = "QUEUE_PERFORMANCE_SUMMARY_VIEW"
period = "PT1H"
"""


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """Five complete days of 60 conversations; sensors wait to be switched on. Bot turns and an export were chosen; the
    org does without what the vendor withdrew, and its probe has told so."""
    secret = "a-secret-nobody-may-see"
    with SimulatedOrg(
        now="2026-03-07T06:00:00Z", client=[f"demo:{secret}"], rate_limit=100_000, withdrawn=False
    ) as org:
        workplace = Workplace(tmp_path_factory.mktemp("deployed"), org.url, sensor_seconds=1, snapshot_minutes=1)
        streams = workplace.folder / "streams.toml"
        streams.write_text(STREAMS_FILE, encoding="utf-8")
        workplace.set("ANALYTICS_PLATFORM_STREAMS", streams)
        with Webhook() as webhook:
            workplace.set("ANALYTICS_PLATFORM_ALERT_WEBHOOK", webhook.url)
            workplace.set("GENESYSCLOUD_OAUTHCLIENT_SECRET", secret)
            with workplace.entered() as settings, connected(settings) as client:
                remember(settings, probe(client))
            with Deployment(workplace) as ui:
                yield Deployed(ui, org, webhook, secret)


@pytest.fixture
def workplace(tmp_path: Path, org: SimulatedOrg) -> Workplace:
    """A fresh deployment beside the session's small org."""
    return Workplace(tmp_path, org.url)


@pytest.fixture
def start_workplace(tmp_path: Path) -> Callable[..., Workplace]:
    """Makes a fresh deployment for an org: `start_workplace(org, sensors="running")`."""

    def start(org: SimulatedOrg, **settings: object) -> Workplace:
        return Workplace(tmp_path, org.url, **settings)

    return start
