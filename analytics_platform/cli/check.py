"""`check`: credentials, permissions, reachability, the lake and the state folder, each with what to do about it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from analytics_platform.connections import connected, opened_lake
from analytics_platform.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from analytics_platform.genesys_cloud.client import GenesysCloud


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `told` is what was found, or what is wrong and what to do."""

    subject: str
    good: bool
    told: str


def check() -> None:
    """Check credentials, permissions per stream, reachability and the lake; say what is missing and where to get it."""
    findings = list(_findings(load_settings()))
    shown = Table(show_edge=False)
    for heading in ("", "what", "found"):
        shown.add_column(heading, overflow="fold")
    for finding in findings:
        shown.add_row("[green]ok[/]" if finding.good else "[red]no[/]", finding.subject, finding.told)
    Console().print(shown)
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


def _findings(settings: Settings) -> Iterator[Finding]:
    yield _looked("lake", lambda: _lake(settings))
    yield _looked("state folder", lambda: _state(settings))
    try:
        with connected(settings) as client:
            yield from _org(client, settings)
    except SettingsError as fault:
        yield Finding("Genesys Cloud", False, str(fault))


def _org(client: "GenesysCloud", settings: Settings) -> Iterator[Finding]:
    from analytics_platform.catalogue.streams import STREAMS
    from analytics_platform.genesys_cloud.errors import BadCredentials, GenesysCloudError, Unreachable
    from analytics_platform.genesys_cloud.jobs import DetailsJobs

    for stream in STREAMS:
        try:
            watermark = DetailsJobs(client, stream.family).availability()
        except (BadCredentials, Unreachable) as fault:
            # The same for every stream: told once.
            yield Finding(f"OAuth client at {client.hosts.login_url}", False, str(fault))
            return
        except GenesysCloudError as fault:
            yield Finding(stream.name, False, str(fault))
        else:
            yield Finding(stream.name, True, f"permission granted; complete before {watermark:%Y-%m-%d %H:%M} UTC")


def _looked(subject: str, look: Callable[[], str]) -> Finding:
    from analytics_platform.lake import LakeError

    try:
        return Finding(subject, True, look())
    except (LakeError, OSError) as fault:
        return Finding(subject, False, str(fault))


def _lake(settings: Settings) -> str:
    lake = opened_lake(settings)
    lake.check_writable()
    return f"writable at {lake.place.name}"


def _state(settings: Settings) -> str:
    settings.state.mkdir(parents=True, exist_ok=True)
    probe = settings.state / ".probe"
    probe.write_bytes(b"")
    probe.unlink()
    return f"writable at {settings.state}"
