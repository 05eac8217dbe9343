"""What the settings name, opened: the client of the org, the lake, and the org's name in the ledger."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from analytics_platform.settings import Settings, SettingsError

if TYPE_CHECKING:
    from analytics_platform.genesys_cloud.client import GenesysCloud
    from analytics_platform.lake import Lake


@contextlib.contextmanager
def connected(settings: Settings) -> "Iterator[GenesysCloud]":
    """A client of the org the settings name; SettingsError says which setting is missing."""
    from analytics_platform.genesys_cloud.budget import RequestBudget
    from analytics_platform.genesys_cloud.client import GenesysCloud
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
        hosts = Hosts.of(region=settings.region, api_url=settings.api_url, login_url=settings.login_url)
    except ValueError as fault:
        raise SettingsError(str(fault)) from None
    with (
        RequestBudget(
            settings.state, client_id=settings.client_id, api_url=hosts.api_url, limit=settings.requests_per_minute
        ) as budget,
        GenesysCloud(hosts, settings.client_id, settings.client_secret, budget) as client,
    ):
        yield client


def opened_lake(settings: Settings) -> "Lake":
    """The lake the settings name; LakeError for a URL of no known kind."""
    from analytics_platform.lake import Lake

    return Lake.open(settings.lake, scratch=settings.state / "scratch")


def org_of(settings: Settings) -> str:
    """What tells this org and client apart from others in the ledger; no secret."""
    from analytics_platform.genesys_cloud.hosts import Hosts

    hosts = Hosts.of(region=settings.region, api_url=settings.api_url, login_url=settings.login_url)
    return f"{settings.client_id}@{hosts.api_url}"
