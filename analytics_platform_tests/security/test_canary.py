"""Secrets planted in a whole deployment, which then works and fails in many ways: none of them is written anywhere.

Runs are real runs on a real instance at debug level; what is looked through is Dagster's home, the lake, the state
folder, and all that was printed.
"""

import base64
import logging
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from analytics_platform.catalogue.services import SERVICE_IDS, SERVICES
from analytics_platform.catalogue.streams import USER_DETAILS
from analytics_platform.definitions import platform
from analytics_platform.landing.details import DetailsLanding
from analytics_platform.source.retries import Retries
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.security.echoing import Echoing
from analytics_platform_tests.security.tls import TlsServer
from analytics_platform_tests.security.written import found_in
from analytics_platform_tests.simulated_org import SimulatedOrg

CLIENT, SECRET = "canary-client", "canary-secret-1f0c93d2"
USER, PASSWORD = "reader", "canary-password-77ab"
HOOK = "/hooks/canary-webhook-5e1d"
PII_KEY = "canary-pii-key-0123456789-0123456789"
RAW_KEY = "c4" * 32
PLANTED = (
    SECRET,
    PASSWORD,
    HOOK,
    PII_KEY,
    RAW_KEY,
    base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode(),
    base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode(),
)
DAY = date(2026, 3, 3)
CHOSEN = '[[exports]]\nname = "queues"\nview = "QUEUE_PERFORMANCE_SUMMARY_VIEW"\nperiod = "PT1H"\n'
PROGRAM = Path(sys.executable).parent / "analytics-platform"
DEBUG = "python_logs:\n  python_log_level: DEBUG\n  managed_python_loggers: [root]\n"


@dataclass
class Lived:
    """A deployment after all that befell it; `outcomes` tells by name whether a run succeeded or a command did."""

    place: Workplace
    proxy: Echoing
    outcomes: dict[str, bool] = field(default_factory=dict)
    printed: list[str] = field(default_factory=list)

    def run(self, name: str, tables: list[str]) -> None:
        result = self.place.run(tables, [DAY])
        self.outcomes[name] = result.success
        self.printed += [repr(event) for event in result.all_events]

    def command(self, name: str, *words: str) -> None:
        done = subprocess.run(
            [PROGRAM, *words], env=self.place.environment, cwd=self.place.folder, capture_output=True, text=True
        )
        self.outcomes[name] = done.returncode == 0
        self.printed += [done.stdout, done.stderr]

    @property
    def secrets(self) -> list[str]:
        return [*PLANTED, *self.proxy.secrets]


def _crash(self: DetailsLanding, *arguments: Any, **named: Any) -> Any:
    """A fault nobody expects, which quotes all it can see."""
    raise RuntimeError(f"{vars(self)} {vars(vars(self)['_jobs'])} {arguments} {named}")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    folder = tmp_path_factory.mktemp("deployment")
    secrets = tmp_path_factory.mktemp("secrets")
    with (
        SimulatedOrg(client=[f"{CLIENT}:{SECRET}"], gms_user=[f"{USER}:{PASSWORD}"]) as org,
        Echoing(org.url) as proxy,
        TlsServer(secrets) as stranger,
        pytest.MonkeyPatch.context() as patch,
    ):
        place = Workplace(folder, proxy.url, retries=0, pii="hash", export_minutes=1)
        (folder / "streams.toml").write_text(CHOSEN, encoding="utf-8")
        with (place.home / "dagster.yaml").open("a", encoding="utf-8") as told:
            told.write(DEBUG)
        for name, secret in (
            ("GENESYSCLOUD_OAUTHCLIENT_SECRET", SECRET),
            ("GMS_PASSWORD", PASSWORD),
            ("ANALYTICS_PLATFORM_PII_KEY", PII_KEY),
            ("ANALYTICS_PLATFORM_ALERT_WEBHOOK", f"{proxy.url}{HOOK}"),
        ):
            file = secrets / name.lower()
            file.write_text(f"{secret}\n", encoding="utf-8")
            file.chmod(0o600)
            place.settings |= {name: "", f"{name}_FILE": str(file)}
        place.settings |= {
            "ANALYTICS_PLATFORM_RAW_KEY": RAW_KEY,
            "ANALYTICS_PLATFORM_STREAMS": str(folder / "streams.toml"),
            "GENESYSCLOUD_OAUTHCLIENT_ID": CLIENT,
            "GMS_URL": proxy.url,
            "GMS_USERNAME": USER,
        }
        life = Lived(place, proxy)
        raw, export = [USER_DETAILS.raw.name], ["export_queues_raw", "export_queues"]
        life.run("users", raw)
        life.run("export", export)
        life.run("services", [SERVICE_IDS.name, SERVICES.raw.name])
        life.command("check", "check")
        # Trying again takes long and says nothing new.
        for client in ("genesys_cloud", "gms"):
            patch.setattr(f"analytics_platform.{client}.client.Retries", partial(Retries, attempts=2, first_pause=0.01))
        for mode in ("500", "302", "html", "cut"):
            proxy.mode, proxy.broken = mode, "/api"
            life.run(f"api {mode}", raw)
        proxy.mode, proxy.broken = "401", "/oauth"
        life.run("token 401", raw)
        life.command("check 401", "check")
        proxy.mode, proxy.broken = "500", "/"
        life.run("services 500", [SERVICE_IDS.name, SERVICES.raw.name])
        life.run("export 500", export)
        life.command("query 500", "query", "conversations", "--from", str(DAY), "--to", str(DAY))
        _alert(life)
        proxy.mode = ""
        with pytest.MonkeyPatch.context() as crashing:
            crashing.setattr(DetailsLanding, "land", _crash)
            life.run("crash", raw)
        place.set("GENESYSCLOUD_API_URL", stranger.url)
        life.run("tls", raw)
        life.command("check tls", "check")
        place.set("GENESYSCLOUD_API_URL", proxy.url)
        place.set("GENESYSCLOUD_OAUTHCLIENT_ID", "another")
        life.run("credentials", raw)
        life.command("sql", "sql", "select * exclude (record) from user_details")
        patch.delenv("DAGSTER_HOME", raising=False)
        yield life


def _alert(life: Lived) -> None:
    """What the alert sensor does of a failed run while the webhook says back what it is told."""
    with life.place.entered() as settings, life.place.instance() as instance:
        sensor = platform(settings).get_repository_def().get_sensor_def("failure_alerts")
        failed = instance.get_runs(filters=dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]), limit=1)[0]
        (event,) = [
            log.dagster_event
            for log in instance.all_logs(failed.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
            if log.dagster_event is not None
        ]
        context = dg.build_run_status_sensor_context("failure_alerts", event, instance, failed).for_run_failure()
        with pytest.raises(dg.Failure) as told:
            sensor(context)
        life.printed += [repr(told.value), str(told.value.description)]


def test_all_of_it_happened(lived: Lived) -> None:
    good = {name for name, success in lived.outcomes.items() if success}
    assert good == {"users", "export", "services", "check", "sql"}
    assert lived.proxy.echoed > 10
    assert len(lived.proxy.secrets) >= 3, "a token, and a signed address with its signature"


def test_what_is_looked_for_would_be_found(lived: Lived) -> None:
    known = {"records": "user_details", "parquet": "analytics_platform", "debug": "httpcore"}
    for what in known.values():
        assert found_in(lived.place.folder, [what])
    users = lived.place.lake.read(USER_DETAILS.raw.name, DAY, ["user_id"])["user_id"].to_pylist()
    assert any("data.parquet" in place for place in found_in(lived.place.folder, users[:1]))


def test_no_secret_is_written_anywhere(lived: Lived) -> None:
    assert found_in(lived.place.folder, lived.secrets) == []


def test_no_secret_is_printed(lived: Lived, caplog: pytest.LogCaptureFixture) -> None:
    assert caplog.handler.level <= logging.DEBUG
    told = "\n".join(lived.printed)
    assert told
    assert [secret for secret in lived.secrets if secret in told] == []
