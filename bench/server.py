"""Serves a recording over HTTP as the vendor would, so that making pages costs nothing while landing is measured.

`python -m bench.server <folder>` prints its address and serves until it is ended. It answers the calls of one job,
any number of times, and counts them: `GET /requests`.
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import msgspec

from analytics_platform.catalogue.operations import CONVERSATION_JOBS
from bench.recording import Recording


class _Served:
    """The recording in memory, and how often it was asked."""

    def __init__(self, folder: Path) -> None:
        self.recording = Recording.read(folder)
        cursors = [None, *(page.cursor for page in self.recording.pages)]
        self.pages = {
            cursor: (folder / page.file).read_bytes()
            for cursor, page in zip(cursors, self.recording.pages, strict=False)
        }
        self.requests = 0


class Served(Protocol):
    """What a handler answers from."""

    requests: int


class Handler(BaseHTTPRequestHandler):
    """Answers the calls of jobs, and counts them."""

    protocol_version = "HTTP/1.1"
    served: Served

    def get(self) -> None:
        """Answer a GET."""
        raise NotImplementedError

    def submit(self, body: dict[str, Any]) -> str:
        """Take a job on; its id."""
        raise NotImplementedError

    def do_GET(self) -> None:
        if self.path == "/requests":
            self.json({"requests": self.served.requests})
            return
        self.served.requests += 1
        self.get()

    def do_POST(self) -> None:
        self.served.requests += 1
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/oauth/token":
            self.json({"access_token": "token", "token_type": "bearer", "expires_in": 86_400})
        else:
            self.send(202, msgspec.json.encode({"jobId": self.submit(msgspec.json.decode(body))}), {})

    def json(self, told: dict[str, Any]) -> None:
        self.send(200, msgspec.json.encode(told), {})

    def send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Handler(Handler):
    served: _Served

    def get(self) -> None:
        parts, recording = urlsplit(self.path), self.served.recording
        if parts.path == CONVERSATION_JOBS.availability.path:
            self.json({"dataAvailabilityDate": recording.availability})
        elif parts.path == CONVERSATION_JOBS.status.path.format(jobId=recording.job_id):
            self.json(recording.status)
        elif parts.path == CONVERSATION_JOBS.results.path.format(jobId=recording.job_id):
            cursor = parse_qs(parts.query).get("cursor", [None])[0]
            self.send(200, self.served.pages[cursor], {"Content-Encoding": "gzip"})
        else:
            self.send(404, b"{}", {})

    def submit(self, body: dict[str, Any]) -> str:
        return self.served.recording.job_id


def main(folder: Path) -> None:
    """Serve until ended."""
    _Handler.served = _Served(folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
