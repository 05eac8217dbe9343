"""`check`: credentials, reachability, the lake, the state folder and what the org serves, each with what to do."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from analytics_platform.capabilities import Capabilities, known_capabilities, remember
from analytics_platform.choices import load_choices
from analytics_platform.cli.findings import Finding, shown
from analytics_platform.connections import budgets_of, connected, connected_gms, opened_lake
from analytics_platform.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from analytics_platform.genesys_cloud.client import GenesysCloud


def check(
    everything: Annotated[bool, typer.Option("--all", help="Show each operation of the vendor's as well.")] = False,
) -> None:
    """Check credentials, reachability, the lake and what the org serves; say what is missing and where to get it."""
    from analytics_platform.cli.standing import every_operation

    settings = load_settings()
    findings = list(_findings(settings))
    console = Console()
    console.print(shown(findings))
    if everything and (learned := known_capabilities(settings).learned):
        console.print()
        console.print(every_operation(learned))
    if any(finding.good is False for finding in findings):
        raise typer.Exit(1)


def _findings(settings: Settings) -> Iterator[Finding]:
    yield _looked("lake", lambda: _lake(settings))
    yield _looked("state folder", lambda: _state(settings))
    yield from _secrets()
    yield _personal_data(settings)
    try:
        yield from _budgets(settings)
        with connected(settings) as client:
            yield from _org(client, settings)
    except SettingsError as fault:
        yield Finding("Genesys Cloud", False, str(fault))
    yield from _services()


def _budgets(settings: Settings) -> Iterator[Finding]:
    """How many requests went out, and whether the vendor asked for a pause; asks nothing of it."""
    from analytics_platform.source.errors import BudgetUnusable

    for client_id, budget in budgets_of(settings).items():
        subject = f"requests of OAuth client {client_id}"
        try:
            with budget:
                standing = budget.standing()
        except BudgetUnusable as fault:
            yield Finding(subject, False, str(fault))
            continue
        until = standing.paused_until
        paused = f"; paused until {until:%Y-%m-%d %H:%M:%S} UTC, as Genesys Cloud asked" if until else ""
        yield Finding(subject, None, f"{standing.used} of {standing.limit} in the last minute{paused}")


def _org(client: "GenesysCloud", settings: Settings) -> Iterator[Finding]:
    from analytics_platform.catalogue.streams import STREAMS
    from analytics_platform.genesys_cloud.jobs import DetailsJobs
    from analytics_platform.source.errors import BadCredentials, SourceError, Unreachable

    for stream in STREAMS:
        try:
            watermark = DetailsJobs(client, stream.family).availability()
        except (BadCredentials, Unreachable) as fault:
            # The same for every stream: told once.
            yield Finding(f"OAuth client at {client.hosts.login_url}", False, str(fault))
            return
        except SourceError as fault:
            yield Finding(stream.name, False, str(fault))
        else:
            yield Finding(stream.name, True, f"permission granted; complete before {watermark:%Y-%m-%d %H:%M} UTC")
    yield from _served(client, settings)


def _served(client: "GenesysCloud", settings: Settings) -> Iterator[Finding]:
    from analytics_platform.cli.standing import standing
    from analytics_platform.genesys_cloud.probe import lacking, probe_each, shared
    from analytics_platform.source.errors import SourceError

    try:
        each, refused = probe_each(client)
        for client_id, why in refused.items():
            yield Finding(f"OAuth client {client_id}", False, str(why))
        for client_id, names in lacking(each).items():
            yield Finding(
                f"OAuth client {client_id}",
                False,
                f"may not call what another may: {', '.join(names)}. Give all clients the same roles and divisions: "
                "what one may not see is missing in what is landed as that one.",
            )
        learned = shared(each)
        yield from standing(Capabilities(learned), load_choices(settings))
        remember(settings, learned)
    except (SourceError, SettingsError) as fault:
        yield Finding("what the org serves", False, str(fault))
    except OSError as fault:
        yield Finding("what the org serves", False, f"It cannot be kept in {settings.state}: {fault}.")


def _services() -> Iterator[Finding]:
    """Whether Context Services answer, where a GMS is named, and the mounted folders are there."""
    from analytics_platform.gms_settings import load_gms_settings
    from analytics_platform.source.errors import SourceError

    subject = "services"
    try:
        gms = load_gms_settings()
        if not gms.url:
            return
        with connected_gms(gms) as client:
            told = f"readable; GMS's clock is at {client.now():%Y-%m-%d %H:%M} UTC"
    except (SettingsError, SourceError) as fault:
        yield Finding(subject, False, str(fault))
        return
    yield Finding(subject, True, told)
    for server, folder in gms.file_folders:
        found = f"is {folder} here" if folder.is_dir() else f"is to be {folder}, which is no folder: mount it there."
        yield Finding(f"files of services in {server}", folder.is_dir(), found)


def _secrets() -> Iterator[Finding]:
    """Files of secrets that others may read."""
    from analytics_platform.gms_settings import GmsSettings
    from analytics_platform.secret_files import readable_by_others

    for kind in (Settings, GmsSettings):
        for name, file in readable_by_others(kind):
            told = f"{file} may be read by other users of this machine: chmod 600 {file}"
            yield Finding(name, False, told)


def _personal_data(settings: Settings) -> Finding:
    from analytics_platform.protection import policy_of

    try:
        actions = policy_of(settings, load_choices(settings)).actions
    except SettingsError as fault:
        return Finding("people's data", False, str(fault))
    counted = ", ".join(
        f"{count} columns {verb}"
        for verb, action in (("in clear", "keep"), ("hashed", "hash"), ("dropped", "drop"))
        if (count := sum(each == action for each in actions.values()))
    )
    return Finding("people's data", None, f"{counted}; raw is kept {settings.raw}")


def _looked(subject: str, look: Callable[[], str]) -> Finding:
    from analytics_platform.lake import LakeError

    try:
        return Finding(subject, True, look())
    except (LakeError, OSError, SettingsError) as fault:
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
