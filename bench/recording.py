"""Pages of a simulated org, kept as it sent them: what every way of landing is measured with."""

import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx
import msgspec
from isal import igzip

from analytics_platform.catalogue.operations import CONVERSATION_JOBS

DAY = date(2026, 3, 2)
PAGE_SIZE = 1000
_NOW = "2026-03-09T00:00:00Z"
_SEED = 7
_READY = "Simulated Genesys org listening on "
_INTERVAL = "2026-03-02T00:00:00.000Z/2026-03-03T00:00:00.000Z"


@dataclass(frozen=True)
class RecordedPage:
    """One page: its gzip body in `file`, and the cursor that asks for the page after it."""

    file: str
    cursor: str | None


@dataclass(frozen=True)
class Recording:
    """A day's job as the org answered it. Sizes in bytes."""

    job_id: str
    status: dict[str, str]
    availability: str
    pages: tuple[RecordedPage, ...]
    conversations: int
    json_bytes: int
    gzip_bytes: int

    @staticmethod
    def read(folder: Path) -> "Recording":
        return msgspec.json.decode((folder / "recording.json").read_bytes(), type=Recording)

    def write(self, folder: Path) -> None:
        (folder / "recording.json").write_bytes(msgspec.json.encode(self))


def record(folder: Path, conversations: int) -> Recording:
    """Land one day of a simulated org of so many conversations a day in `folder`, page by page."""
    folder.mkdir(parents=True)
    options = {
        "--port": "0",
        "--seed": str(_SEED),
        "--start-day": DAY.isoformat(),
        "--days": "1",
        "--conversations-per-day": str(conversations),
        "--agents": str(max(40, conversations // 25)),
        "--now": _NOW,
        "--rate-limit": "100000",
    }
    words = [word for pair in options.items() for word in pair]
    command = [sys.executable, "-m", "analytics_platform.simulator", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as org:
        try:
            assert org.stdout is not None
            url = org.stdout.readline().removeprefix(_READY).strip()
            recorded = _record(folder, url)
        finally:
            org.terminate()
    recorded.write(folder)
    return recorded


class _Page(msgspec.Struct):
    conversations: list[msgspec.Raw] = []
    cursor: str | None = None


def _record(folder: Path, url: str) -> Recording:
    with httpx.Client(base_url=url, timeout=300, trust_env=False) as http:
        token = http.post("/oauth/token", auth=("demo", "demo"), data={"grant_type": "client_credentials"})
        http.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
        availability = http.get(CONVERSATION_JOBS.availability.path).json()["dataAvailabilityDate"]
        job_id = http.post(CONVERSATION_JOBS.submit.path, json={"interval": _INTERVAL}).json()["jobId"]
        status = http.get(CONVERSATION_JOBS.status.path.format(jobId=job_id)).json()
        while status["state"] != "FULFILLED":
            status = http.get(CONVERSATION_JOBS.status.path.format(jobId=job_id)).json()
        pages: list[RecordedPage] = []
        conversations = json_bytes = gzip_bytes = 0
        query: dict[str, str | int] = {"pageSize": PAGE_SIZE}
        while True:
            with http.stream("GET", CONVERSATION_JOBS.results.path.format(jobId=job_id), params=query) as answer:
                answer.raise_for_status()
                wire = b"".join(answer.iter_raw())
            body: bytes = igzip.decompress(wire)  # type: ignore[no-untyped-call]
            page = msgspec.json.decode(body, type=_Page)
            name = f"page-{len(pages):06d}.json.gz"
            (folder / name).write_bytes(wire)
            pages.append(RecordedPage(name, page.cursor))
            conversations += len(page.conversations)
            json_bytes += len(body)
            gzip_bytes += len(wire)
            if page.cursor is None:
                break
            query["cursor"] = page.cursor
    return Recording(job_id, status, availability, tuple(pages), conversations, json_bytes, gzip_bytes)
