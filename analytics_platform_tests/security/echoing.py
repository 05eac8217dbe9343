"""A proxy before the simulated org that remembers every secret it hands out, and can say back what it is told."""

import http.client
import json
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from analytics_platform_tests.listening import Listening

_OWN = {"connection", "transfer-encoding", "content-length", "host", "date", "server"}


class Echoing(Listening):
    """Hands requests on to the org at `org`, but those whose path begins with `broken`, which it answers by `mode`:

    `500`, `401` and `302` with all it was told in the body, `html` so in a page, `cut` in mid-body.
    """

    def __init__(self, org: str) -> None:
        self.secrets: set[str] = set()
        """Tokens and signed addresses that passed by."""
        self.mode = ""
        self.broken = "/"
        self.echoed = 0
        self._org = str(urlsplit(org).netloc)
        super().__init__(_handler(self))
        self.url = f"http://127.0.0.1:{self.port}"

    def handed_on(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers of the org's answer. A library that logs would log into the run under test."""
        given = {name: value for name, value in headers.items() if name.lower() not in {*_OWN, "accept-encoding"}}
        connection = http.client.HTTPConnection(self._org, timeout=60)
        try:
            connection.request(method, path, body, given)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in _OWN}
        self._remember(kept, content)
        return answer.status, content, kept

    def _remember(self, headers: dict[str, str], content: bytes) -> None:
        signed = urlsplit(next((value for name, value in headers.items() if name.lower() == "location"), ""))
        found = {signed.path, *(part.partition("=")[2] for part in signed.query.split("&"))}
        if b"access_token" in content:
            found.add(str(json.loads(content)["access_token"]))
        self.secrets |= {secret for secret in found if len(secret) >= 12}


def _handler(proxy: Echoing) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if proxy.mode and self.path.startswith(proxy.broken):
                proxy.echoed += 1
                self._echo(f"{self.path} {dict(self.headers.items())} {body.decode()}")
                return
            self._send(*proxy.handed_on(self.command, self.path, dict(self.headers.items()), body))

        do_POST = do_PUT = do_DELETE = do_PATCH = do_GET

        def _echo(self, told: str) -> None:
            heard = told.replace('"', "'")
            body = f'{{"message": "{heard}", "code": "{heard}", "contextId": "{heard}", "error": "{heard}"}}'.encode()
            if proxy.mode == "html":
                self._send(200, f"<html>{told}</html>".encode(), {"Content-Type": "text/html"})
            elif proxy.mode == "cut":
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body) + 9))
                self.end_headers()
                self.wfile.write(body)
                self.close_connection = True
            else:
                self._send(int(proxy.mode), body, {"Content-Type": "application/json"})

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    return Handler
