"""Where the client goes."""

import logging

import pytest

from analytics_platform.catalogue.regions import REGIONS, Region
from analytics_platform.genesys_cloud.hosts import Hosts


@pytest.mark.parametrize("region", REGIONS, ids=lambda region: region.aws)
def test_a_region_goes_by_aws_name_and_by_domain(region: Region) -> None:
    expected = Hosts(f"https://api.{region.domain}", f"https://login.{region.domain}")
    assert Hosts.of(region=region.aws) == Hosts.of(region=region.domain) == expected


@pytest.mark.parametrize(
    ("api_url", "login_url"),
    [
        ("https://api.mypurecloud.ie/", "https://login.mypurecloud.ie"),
        ("https://api.example.org:8443", "https://login.example.org:8443"),
        ("https://gateway.example.org/genesys", "https://gateway.example.org"),
        ("http://127.0.0.1:8765", "http://127.0.0.1:8765"),
        ("http://localhost:8765", "http://localhost:8765"),
        ("http://[::1]:8765", "http://[::1]:8765"),
    ],
)
def test_the_login_host_stands_beside_the_api_host(api_url: str, login_url: str) -> None:
    assert Hosts.of(api_url=api_url) == Hosts(api_url.rstrip("/"), login_url)


def test_urls_win_over_the_region() -> None:
    hosts = Hosts.of(region="eu-west-1", api_url="https://api.example.org", login_url="https://sso.example.org")
    assert hosts == Hosts("https://api.example.org", "https://sso.example.org")
    assert Hosts.of(region="eu-west-1", login_url="https://sso.example.org") == Hosts(
        "https://api.mypurecloud.ie", "https://sso.example.org"
    )


@pytest.mark.parametrize(
    "url", ["api.mypurecloud.ie", "ftp://example.org", "https://", "https://host:port", "https://[", "https://a b"]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="GENESYSCLOUD_API_URL is not a URL"):
        Hosts.of(api_url=url)


def test_a_url_with_a_password_is_refused_and_not_shown() -> None:
    with pytest.raises(ValueError, match="GENESYSCLOUD_LOGIN_URL must be a plain URL") as caught:
        Hosts.of(region="eu-west-1", login_url="https://someone:hush@login.example.org")
    assert "hush" not in str(caught.value)


def test_nothing_set_names_the_settings() -> None:
    with pytest.raises(ValueError, match=r"GENESYSCLOUD_REGION.*GENESYSCLOUD_API_URL"):
        Hosts.of(login_url="https://login.example.org")
    with pytest.raises(ValueError, match=r"Unknown Genesys Cloud region 'mars'.*eu-west-1"):
        Hosts.of(region="mars")


def test_plain_http_beyond_this_machine_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        Hosts.of(api_url="http://127.0.0.1:1")
        assert not caplog.records
        Hosts.of(api_url="http://simulator:8765")
    assert "plain http" in caplog.text
