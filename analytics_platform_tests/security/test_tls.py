"""Every client verifies whom it talks to: an unknown authority is refused, one of SSL_CERT_FILE accepted."""

import ast
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

import analytics_platform
from analytics_platform.catalogue.operations.reporting import EXPORT_DOWNLOAD
from analytics_platform.defs.alerts import _post
from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.files import followed
from analytics_platform.genesys_cloud.hosts import Hosts
from analytics_platform.gms.client import Gms
from analytics_platform.source import http_client as clients
from analytics_platform.source.errors import SourceError
from analytics_platform.source.http_client import Timeouts, http_client
from analytics_platform.source.retries import Retries
from analytics_platform_tests.security.tls import TlsServer
from analytics_platform_tests.simulated_org import SimulatedOrg

_ONCE = Retries(attempts=1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    with TlsServer(tmp_path_factory.mktemp("tls")) as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, server: TlsServer) -> Iterator[None]:
    """The certificates to trust are read once a process: each test reads its own."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    server.answered.clear()
    clients._trusted.cache_clear()
    yield
    clients._trusted.cache_clear()


def by_genesys_cloud(url: str) -> None:
    with GenesysCloud(
        Hosts.of(api_url=url), "client", SecretStr("secret"), RequestBudget.unlimited(), retries=_ONCE
    ) as client:
        client.call(EXPORT_DOWNLOAD, path={"downloadId": "1"})


def by_gms(url: str) -> None:
    with Gms(url, retries=_ONCE) as gms:
        gms.now()


def by_download(url: str) -> None:
    """As a client of plain http follows a redirect to a storage host."""
    with http_client(Timeouts(), connections=1) as http:
        followed(http, f"{url}/file.csv", EXPORT_DOWNLOAD, io.BytesIO(), longest=10)


def by_webhook(url: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANALYTICS_PLATFORM_ALERT_WEBHOOK", url)
        fault = _post({"text": "failed"})
    if fault is not None:
        raise ConnectionError(fault)


@pytest.mark.parametrize("ask", [by_genesys_cloud, by_gms, by_download, by_webhook])
def test_an_unknown_authority_is_refused_before_anything_is_said(server: TlsServer, ask: Callable[[str], None]) -> None:
    with pytest.raises((SourceError, ConnectionError)):
        ask(server.url)
    assert server.answered == []


@pytest.mark.parametrize("ask", [by_genesys_cloud, by_gms, by_download, by_webhook])
def test_an_authority_of_ssl_cert_file_is_trusted(
    server: TlsServer, ask: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
    try:
        ask(server.url)
    except SourceError as fault:
        assert "certificate" not in str(fault)  # it spoke to the server, which says nothing of sense
    assert server.answered


def test_certificates_are_read_for_the_first_connection_by_tls_and_not_for_plain_http(
    server: TlsServer, start_org: Callable[[], SimulatedOrg]
) -> None:
    with http_client(Timeouts(), connections=1) as http:
        assert http.get(start_org().url).status_code < 500
        assert clients._trusted.cache_info().misses == 0
        with pytest.raises(httpx.ConnectError, match="certificate"):
            http.get(server.url)
        assert clients._trusted.cache_info().misses == 1


def test_certificates_that_are_not_there_are_told_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "absent.pem"))
    with pytest.raises(FileNotFoundError, match=r"SSL_CERT_FILE names .*absent\.pem, which is no file"):
        http_client(Timeouts(), connections=1)
    (tmp_path / "absent.pem").write_text("of another kind", encoding="utf-8")
    with pytest.raises(FileNotFoundError, match=r"SSL_CERT_FILE names .*absent\.pem, which holds no certificate"):
        http_client(Timeouts(), connections=1)


def test_no_line_of_the_package_switches_verification_off() -> None:
    for module in Path(analytics_platform.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg in ("verify", "check_hostname", "verify_mode"):
                assert "False" not in ast.unparse(node.value) and "CERT_NONE" not in ast.unparse(node.value), module
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("CERT_NONE", "_create_unverified_context", "CERT_OPTIONAL"), module
