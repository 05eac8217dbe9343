"""Where Genesys Cloud lives: the hosts of the REST API and of the token endpoint."""

import logging
import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from analytics_platform.catalogue.regions import region as region_named

_log = logging.getLogger(__name__)
_HOST = re.compile(r"[\w.:-]+")


@dataclass(frozen=True)
class Hosts:
    """Base URLs without a trailing slash, such as `https://api.mypurecloud.ie`."""

    api_url: str
    login_url: str

    @property
    def encrypted(self) -> bool:
        """Whether either host is reached over TLS; only a simulated org is not."""
        return any(url.startswith("https:") for url in (self.api_url, self.login_url))

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
            api = _checked("GENESYSCLOUD_API_URL", api_url)
            login = login_url or _login_beside(api)
        else:
            known = region_named(region)
            api = _checked("GENESYSCLOUD_REGION", known.api_url)
            login = login_url or known.login_url
        return cls(_text(api), _text(_checked("GENESYSCLOUD_LOGIN_URL", login)))


def base_url(name: str, url: str, *, secrets: bool) -> str:
    """`url` without a trailing slash; ValueError, telling the setting's `name`, where it cannot be used.

    Warns where `secrets` would be sent unprotected.
    """
    return _text(_checked(name, url, secrets))


def _checked(name: str, url: str, secrets: bool = True) -> SplitResult:
    try:
        parts = urlsplit(url.strip().rstrip("/"))
        usable = bool(_HOST.fullmatch(parts.hostname or "")) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    # The URL is not shown: it may hold a user and password.
    if not usable or parts.scheme not in ("http", "https"):
        raise ValueError(f"{name} is not a URL of the form https://host or http://host:port. Correct it.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(f"{name} must be a plain URL without user, query or fragment. Correct it.")
    if secrets and parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        _log.warning("%s is plain http: secrets would cross the network unprotected.", name)
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _login_beside(api: SplitResult) -> str:
    if api.netloc.lower().startswith("api."):
        return f"{api.scheme}://login.{api.netloc[4:]}"
    return f"{api.scheme}://{api.netloc}"


def _text(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
