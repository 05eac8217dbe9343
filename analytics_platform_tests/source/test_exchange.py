"""Ways a connection fails."""

import datetime as dt
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from analytics_platform.catalogue.operations import CONVERSATION_JOBS
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.token import TOKEN
from analytics_platform.source.errors import CutShort, NoAnswer, UnexpectedAnswer, Untrusted
from analytics_platform.source.http_client import Timeouts
from analytics_platform_tests.genesys_cloud.scripted import Reply, Scripted

GET = CONVERSATION_JOBS.availability


def test_a_silent_server_is_given_up(server: Scripted, connect: Callable[..., GenesysCloud]) -> None:
    held = threading.Event()
    server.on("GET", GET.path, Reply(json={}, hold=held), Reply(json={"ok": True}))
    client = connect(timeouts=Timeouts(read=1))
    assert client.call(GET).value == {"ok": True}
    held.set()
    assert len(server.requests(GET.path)) == 2


def test_no_answer_says_it_may_have_been_acted_on(server: Scripted, client: GenesysCloud) -> None:
    server.on("POST", CONVERSATION_JOBS.submit.path, Reply(cut=-1))
    with pytest.raises(NoAnswer, match="may or may not have acted on it") as caught:
        client.call(CONVERSATION_JOBS.submit, body={})
    assert not caught.value.untaken
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_a_cut_answer_keeps_its_status_and_correlation_id(server: Scripted, client: GenesysCloud) -> None:
    cut = Reply(202, {"jobId": "x" * 40}, headers={"ININ-Correlation-Id": "c-3"}, cut=5)
    server.on("POST", CONVERSATION_JOBS.submit.path, cut)
    with pytest.raises(CutShort) as caught:
        client.call(CONVERSATION_JOBS.submit, body={})
    assert (caught.value.status, caught.value.correlation_id) == (202, "c-3")


def test_an_answer_that_is_no_http_is_no_answer(connect: Callable[..., GenesysCloud]) -> None:
    class Mumbling(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.wfile.write(b"220 mail.example.org ESMTP\r\n\r\n")
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Mumbling) as mumbler:
        serving = threading.Thread(target=mumbler.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            with pytest.raises(NoAnswer):
                connect(url=f"http://127.0.0.1:{mumbler.server_address[1]}").call(GET)
        finally:
            mumbler.shutdown()
            serving.join()


def test_a_user_agent_no_header_can_carry_is_told(server: Scripted) -> None:
    from pydantic import SecretStr

    from analytics_platform.genesys_cloud.budget import RequestBudget
    from analytics_platform.genesys_cloud.hosts import Hosts

    hosts = Hosts.of(api_url=server.url)
    with (
        GenesysCloud(hosts, "id", SecretStr("s"), RequestBudget.unlimited(), user_agent="a\nb") as client,
        pytest.raises(UnexpectedAnswer, match="could not be put into an HTTP request"),
    ):
        client.call(GET)


def test_a_certificate_nobody_vouches_for_stops_everything(
    connect: Callable[..., GenesysCloud], tmp_path: Path
) -> None:
    seen: list[bytes] = []

    class Listening(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(self.requestline.encode())

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path))
    with HTTPServer(("127.0.0.1", 0), Listening) as impostor:
        impostor.socket = context.wrap_socket(impostor.socket, server_side=True)
        serving = threading.Thread(target=impostor.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            with pytest.raises(Untrusted, match=r"certificate of 127\.0\.0\.1.*SSL_CERT_FILE") as caught:
                connect(url=f"https://127.0.0.1:{impostor.server_address[1]}").call(GET)
        finally:
            impostor.shutdown()
            serving.join()
    assert caught.value.operation is TOKEN
    assert not seen


def _self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "impostor.pem"
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
