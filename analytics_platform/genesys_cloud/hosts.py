"""Where Genesys Cloud lives: the hosts of the REST API and of the token endpoint."""

from dataclasses import dataclass
from urllib.parse import SplitResult

from analytics_platform.catalogue.regions import region as region_named
from analytics_platform.source.urls import checked_url, text_of


@dataclass(frozen=True)
class Hosts:
    """Base URLs without a trailing slash, such as `https://api.mypurecloud.ie`."""

    api_url: str
    login_url: str

    @classmethod
    def of(cls, *, region: str = "", api_url: str = "", login_url: str = "") -> "Hosts":
        """The hosts of a region (AWS name or domain); a URL given beside it wins.

        Given an API URL alone, the login host is the API host with its leading `api.` turned into `login.`, as the
        vendor's SDK derives it, or the same host when it does not begin so. Raises ValueError when nothing tells
        the API host or a URL cannot be used.
        """
        if not (region or api_url):
            raise ValueError(
                "Nothing says where Genesys Cloud is. Set GENESYSCLOUD_REGION, such as eu-west-1 or mypurecloud.ie, "
                "or GENESYSCLOUD_API_URL."
            )
        if api_url:
            api = checked_url("GENESYSCLOUD_API_URL", api_url)
            login = login_url or _login_beside(api)
        else:
            known = region_named(region)
            api = checked_url("GENESYSCLOUD_REGION", known.api_url)
            login = login_url or known.login_url
        return cls(text_of(api), text_of(checked_url("GENESYSCLOUD_LOGIN_URL", login)))


def _login_beside(api: SplitResult) -> str:
    if api.netloc.lower().startswith("api."):
        return f"{api.scheme}://login.{api.netloc[4:]}"
    return f"{api.scheme}://{api.netloc}"
