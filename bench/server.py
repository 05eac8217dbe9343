"""Serves recordings over HTTP as the vendor would, so that making pages costs nothing while landing is measured.

`python -m bench.server <folder>` prints its address and serves until it is ended. It answers the calls of the jobs
recorded below the folder, any number of times, and counts them: `GET /requests`.
"""

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated, Any, Protocol
from urllib.parse import parse_qs, urlsplit

import msgspec
import typer

from bench.recording import Recording

_ROOT = "/api/v2/analytics/"


class _Job:
    """One recording in memory."""

    def __init__(self, folder: Path) -> None:
        self.told = Recording.read(folder)
        cursors = [None, *(page.cursor for page in self.told.pages)]
        self.pages = {
            cursor: (folder / page.file).read_bytes() for cursor, page in zip(cursors, self.told.pages, strict=False)
        }
        self.submitted = 0.0


class _Served:
    """All recordings at or below a folder, and how often they were asked for.

    A job is fulfilled so many seconds after it was submitted, and so many pass before a page is sent.
    """

    def __init__(self, folder: Path, job_seconds: float, page_seconds: float) -> None:
        jobs = [_Job(recorded.parent) for recorded in folder.rglob("recording.json")]
        self.jobs = {job.told.job_id: job for job in jobs}
        self.asked = {(job.told.family, job.told.interval): job for job in jobs}
        self.availability = {job.told.family: job.told.availability for job in jobs}
        self.job_seconds = job_seconds
        self.page_seconds = page_seconds
        self.requests = 0
        self.looks = 0


class Served(Protocol):
    """What a handler answers from; it counts the requests, and those of them that looked at a job."""

    requests: int
    looks: int


class Handler(BaseHTTPRequestHandler):
    """Answers the calls of jobs, and counts them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    """An answer is written in two pieces: the second would wait 40 ms for the first to be acknowledged."""
    served: Served

    def get(self) -> None:
        """Answer a GET."""
        raise NotImplementedError

    def submit(self, body: dict[str, Any]) -> str:
        """Take a job on; its id."""
        raise NotImplementedError

    def do_GET(self) -> None:
        if self.path == "/requests":
            self.json({"requests": self.served.requests, "looks": self.served.looks})
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
        parts = urlsplit(self.path)
        family, step, *of_job = parts.path.removeprefix(_ROOT).replace("/details/jobs", "").split("/")
        if step == "availability":
            self.json({"dataAvailabilityDate": self.served.availability[family]})
        elif of_job:
            cursor = parse_qs(parts.query).get("cursor", [None])[0]
            time.sleep(self.served.page_seconds)
            self.send(200, self.served.jobs[step].pages[cursor], {"Content-Encoding": "gzip"})
        else:
            self.served.looks += 1
            job = self.served.jobs[step]
            fulfilled = time.monotonic() >= job.submitted + self.served.job_seconds
            self.json(job.told.status if fulfilled else {"state": "PENDING"})

    def submit(self, body: dict[str, Any]) -> str:
        family = self.path.removeprefix(_ROOT).split("/")[0]
        job = self.served.asked[family, body["interval"]]
        job.submitted = time.monotonic()
        return job.told.job_id


def main(
    folder: Path,
    job_seconds: Annotated[float, typer.Option(help="How long each job takes.")] = 0.0,
    page_seconds: Annotated[float, typer.Option(help="What passes before a page is sent.")] = 0.0,
) -> None:
    """Serve until ended."""
    _Handler.served = _Served(folder, job_seconds, page_seconds)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    typer.run(main)
