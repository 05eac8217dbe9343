"""URLs of sources, as a person writes them into settings."""

import logging
import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

_log = logging.getLogger(__name__)
_HOST = re.compile(r"[\w.:-]+")


def base_url(name: str, url: str, *, secrets: bool) -> str:
    """`url` without a trailing slash; ValueError, telling the setting's `name`, where it cannot be used.

    Warns where `secrets` would be sent unprotected.
    """
    return text_of(checked_url(name, url, secrets))


def checked_url(name: str, url: str, secrets: bool = True) -> SplitResult:
    """The parts of a URL of a source; see `base_url`."""
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


def text_of(parts: SplitResult) -> str:
    """The URL again, without a trailing slash."""
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
