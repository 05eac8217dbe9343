"""What the settings name, opened: the client of the org, the lake, and the org's name in the ledger."""

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from analytics_platform.choices import load_choices
from analytics_platform.gms_settings import GmsSettings
from analytics_platform.oauth_clients import further_clients
from analytics_platform.protection import policy_of, protection_of
from analytics_platform.settings import Settings, SettingsError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from analytics_platform.genesys_cloud.budget import RequestBudget, Waiting
    from analytics_platform.genesys_cloud.client import GenesysCloud
    from analytics_platform.genesys_cloud.hosts import Hosts
    from analytics_platform.gms.client import Gms
    from analytics_platform.lake import Lake
    from analytics_platform.lake.protection import Protection


_log = logging.getLogger(__name__)
_HURRIED_SECONDS = 15.0


@contextlib.contextmanager
def connected(
    settings: Settings, *, hurried: bool = False, tell: Callable[[int, str], object] = _log.log
) -> "Iterator[GenesysCloud]":
    """A client of the org the settings name, as all OAuth clients they name; SettingsError says what is missing.

    `tell` is given a level and a sentence when a long wait begins, or an OAuth client is refused. A hurried one gives
    up rather than wait: it tries once, and not at all while the request budget is used up. A sensor's look must end
    within a minute.
    """
    from analytics_platform.genesys_cloud.budget import Waiting
    from analytics_platform.genesys_cloud.client import GenesysCloud
    from analytics_platform.genesys_cloud.oauth_client import OAuthClient
    from analytics_platform.genesys_cloud.usage import Usage
    from analytics_platform.source.errors import RateLimited
    from analytics_platform.source.http_client import Timeouts
    from analytics_platform.source.retries import Retries

    def refuse_long(waiting: Waiting) -> None:
        if waiting.seconds > _HURRIED_SECONDS:
            raise RateLimited(
                f"The request budget is used up for another {waiting.seconds:.0f} s: the next look will tell.",
                retry_after=waiting.seconds,
            )

    hosts = _hosts(settings)
    usage = Usage(tell)
    with contextlib.ExitStack() as budgets:
        first, *others = [
            OAuthClient(name, secret, budgets.enter_context(budget))
            for name, secret, budget in _clients(settings, hosts, refuse_long if hurried else usage.waiting)
        ]
        with GenesysCloud(
            hosts,
            first.id,
            first.secret,
            first.budget,
            others=others,
            usage=usage,
            timeouts=Timeouts(connect=5, read=_HURRIED_SECONDS, write=5) if hurried else None,
            retries=Retries(attempts=1) if hurried else None,
        ) as client:
            yield client


def budgets_of(settings: Settings) -> "dict[str, RequestBudget]":
    """The request budget of each OAuth client the settings name, by its id; SettingsError as `connected`."""
    return {name: budget for name, _, budget in _clients(settings, _hosts(settings), None)}


def _clients(
    settings: Settings, hosts: "Hosts", on_wait: "Callable[[Waiting], None] | None"
) -> "Iterator[tuple[str, SecretStr, RequestBudget]]":
    """Each OAuth client's id, secret and budget, that of the three variables first."""
    from analytics_platform.genesys_cloud.budget import RequestBudget

    for client_id, secret in {settings.client_id: settings.client_secret, **further_clients(settings)}.items():
        budget = RequestBudget(
            settings.state,
            client_id=client_id,
            api_url=hosts.api_url,
            limit=settings.requests_per_minute,
            on_wait=on_wait,
        )
        yield client_id, secret, budget


def _hosts(settings: Settings) -> "Hosts":
    """Where the org answers; SettingsError where no org is named, or no OAuth client of it."""
    from analytics_platform.genesys_cloud.hosts import Hosts

    needed = {
        "GENESYSCLOUD_REGION": settings.region or settings.api_url,
        "GENESYSCLOUD_OAUTHCLIENT_ID": settings.client_id,
        "GENESYSCLOUD_OAUTHCLIENT_SECRET": settings.client_secret.get_secret_value(),
    }
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise SettingsError(f"No Genesys Cloud org is named: set {', '.join(missing)} in the environment or in .env.")
    try:
        return Hosts.of(region=settings.region, api_url=settings.api_url, login_url=settings.login_url)
    except ValueError as fault:
        raise SettingsError(str(fault)) from None


@contextlib.contextmanager
def connected_gms(settings: GmsSettings, *, hurried: bool = False) -> "Iterator[Gms]":
    """A client of the GMS the settings name; SettingsError where they name none, or none that can be used.

    A hurried one tries once and does not wait long.
    """
    from analytics_platform.gms.access import Access
    from analytics_platform.gms.client import Gms
    from analytics_platform.source.http_client import Timeouts
    from analytics_platform.source.retries import Retries
    from analytics_platform.source.urls import base_url

    if not settings.url:
        raise SettingsError("No GMS is named: set GMS_URL in the environment or in .env.")
    urls = {}
    for name, given in (("GMS_URL", settings.url), ("GMS_FILES_URL", settings.files_url)):
        try:
            urls[name] = base_url(name, given, secrets=bool(settings.username))
        except ValueError as fault:
            raise SettingsError(str(fault)) from None
        if "genesys" in urls[name].split("/")[3:]:
            raise SettingsError(f"{name} must end before /genesys, which is added to it. Correct it.")
    access = Access(
        settings.username, settings.password.get_secret_value(), settings.contact_center_id, settings.group_id
    )
    with Gms(
        urls["GMS_URL"],
        files_url=urls["GMS_FILES_URL"],
        access=access,
        concurrency=settings.concurrency,
        content_seconds=settings.content_seconds,
        file_format_parameter=settings.file_format_parameter,
        timeouts=Timeouts(connect=5, read=_HURRIED_SECONDS, write=5) if hurried else None,
        retries=Retries(attempts=1) if hurried else None,
    ) as gms:
        yield gms


def gms_of(settings: GmsSettings) -> str:
    """What tells this GMS, and its tenant where there are several, apart from others: `host` or `tenant@host`."""
    host = str(urlsplit(settings.url).hostname)
    return f"{settings.contact_center_id}@{host}" if settings.contact_center_id else host


def opened_lake(settings: Settings) -> "Lake":
    """The lake the settings name, protected as they say; LakeError for a URL of no known kind, SettingsError."""
    from analytics_platform.lake import Lake

    return Lake.open(settings.lake, scratch=settings.state / "scratch", protection=protected(settings))


def protected(settings: Settings) -> "Protection":
    """What becomes of people's data in the lake and in what waits for it; SettingsError where a key is missing."""
    return protection_of(policy_of(settings, load_choices(settings)))


def org_of(settings: Settings) -> str:
    """What tells this org and client apart from others, `client@host`; no secret."""
    return f"{settings.client_id}@{source_of(settings)}"


def source_of(settings: Settings) -> str:
    """What keeps a lake to one org, whichever client asks: the host of its API."""
    from analytics_platform.genesys_cloud.hosts import Hosts

    hosts = Hosts.of(region=settings.region, api_url=settings.api_url, login_url=settings.login_url)
    return str(urlsplit(hosts.api_url).hostname)
