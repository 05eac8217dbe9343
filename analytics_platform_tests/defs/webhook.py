"""A webhook on loopback, as a chat tool would have it."""

import json
from http.server import BaseHTTPRequestHandler
from typing import Any

from analytics_platform_tests.listening import Listening

SECRET_PATH = "/hooks/a-path-nobody-may-see"


class Webhook(Listening):
    """Keeps what is posted to it and answers with `status`; it listens within a block."""

    def __init__(self) -> None:
        self.status = 200
        self.posted: list[dict[str, Any]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        super().__init__(Handler)
        self.url = f"http://127.0.0.1:{self.port}{SECRET_PATH}"
