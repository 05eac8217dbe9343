"""A temporary deployment of the platform: its environment, its lake, and a real Dagster instance on disk."""

import atexit
import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path

import dagster as dg
import pytest

from analytics_platform.catalogue.streams import STREAMS, Stream
from analytics_platform.definitions import platform
from analytics_platform.defs.partitions import range_tags
from analytics_platform.lake import Lake
from analytics_platform.settings import Settings, load_settings

CHECKOUT = Path(__file__).parents[2]
SHIPPED_INSTANCE = CHECKOUT / "analytics_platform" / "defs" / "dagster.yaml"
SECRET = "demo"


@contextlib.contextmanager
def instance_in(home: Path) -> Iterator[dg.DagsterInstance]:
    """The instance in a home, which its storage finds by the environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home))
        with dg.DagsterInstance.from_config(str(home)) as instance:
            yield instance


@cache
def _empty_home() -> Path:
    """The home of an instance in which nothing has run, to copy: making one takes half as long as a run.

    Its databases are there: a fresh SQLite instance that several processes open at once breaks.
    """
    home = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    shutil.copy(SHIPPED_INSTANCE, home / "dagster.yaml")
    with instance_in(home) as instance:
        instance.get_runs(limit=1)
        instance.all_instigator_state()
    return home


class Workplace:
    """Everything a deployment keeps lies under `folder`; `org_url` is where its org answers."""

    def __init__(self, folder: Path, org_url: str, **settings: object) -> None:
        self.folder = folder
        self.home = folder / "home"
        shutil.copytree(_empty_home(), self.home, dirs_exist_ok=True)
        self.settings = {
            "GENESYSCLOUD_REGION": "",
            "GENESYSCLOUD_API_URL": org_url,
            "GENESYSCLOUD_LOGIN_URL": "",
            "GENESYSCLOUD_OAUTHCLIENT_ID": "demo",
            "GENESYSCLOUD_OAUTHCLIENT_SECRET": SECRET,
            "ANALYTICS_PLATFORM_LAKE": str(folder / "lake"),
            "ANALYTICS_PLATFORM_STATE": str(folder / "state"),
            "ANALYTICS_PLATFORM_START_DAY": "2026-03-02",
            "ANALYTICS_PLATFORM_POLL_SECONDS": "0.05",
            "ANALYTICS_PLATFORM_RETRY_SECONDS": "0.05",
            "ANALYTICS_PLATFORM_REQUESTS_PER_MINUTE": "100000",
            "ANALYTICS_PLATFORM_ALERT_WEBHOOK": "",
        } | {f"ANALYTICS_PLATFORM_{name.upper()}": str(value) for name, value in settings.items()}

    def set(self, name: str, value: object) -> None:
        """Change a setting of the platform for what is started from now on."""
        self.settings[name] = str(value)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process of this deployment."""
        return {**os.environ, **self.settings, "DAGSTER_HOME": str(self.home)}

    @property
    def lake(self) -> Lake:
        return Lake.open(self.settings["ANALYTICS_PLATFORM_LAKE"])

    @contextlib.contextmanager
    def entered(self) -> Iterator[Settings]:
        """This process in the deployment's environment and folder, so that no `.env` of a developer is read."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.settings.items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            yield load_settings()

    @contextlib.contextmanager
    def instance(self) -> Iterator[dg.DagsterInstance]:
        """The deployment's instance, as its processes open it."""
        with instance_in(self.home) as instance:
            yield instance

    def land(self, stream: Stream, days: Sequence[date], **options: object) -> dg.ExecuteInProcessResult:
        """Run the raw asset and its checks over contiguous days."""
        return self.run([stream.raw.name], days, **options)

    def make(self, stream: Stream, days: Sequence[date]) -> dg.ExecuteInProcessResult:
        """Run the typed tables and their checks over contiguous home days."""
        return self.run([table.name for table in stream.tables], days)

    def run(
        self,
        tables: Sequence[str],
        days: Sequence[date],
        *,
        tags: dict[str, str] | None = None,
        provisional: bool = False,
        config: Mapping[str, object] | None = None,
    ) -> dg.ExecuteInProcessResult:
        """One run over contiguous days, in this process; a failed run is returned, not raised. `config` is by op."""
        with self.entered() as settings, self.instance() as instance:
            job = platform(settings).resolve_implicit_global_asset_job_def()
            given = {tables[0]: {"provisional": True}} if provisional else config or {}
            return job.execute_in_process(
                run_config={"ops": {op: {"config": values} for op, values in given.items()}},
                instance=instance,
                asset_selection=[dg.AssetKey(table) for table in tables],
                tags={**range_tags(days), **(tags or {})},
                raise_on_error=False,
            )


def all_tables() -> list[str]:
    """Every table that is an asset, raw first."""
    return [stream.raw.name for stream in STREAMS] + [table.name for stream in STREAMS for table in stream.tables]
