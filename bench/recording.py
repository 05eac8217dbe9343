"""Pages of a simulated org, kept as it sent them: what every way of landing is measured with."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import httpx
import msgspec

from analytics_platform.catalogue.operations import CONVERSATION_JOBS, JobFamily
from analytics_platform.source.wire import gunzip

DAY = date(2026, 3, 2)
PAGE_SIZE = 1000
_NOW = "2026-03-09T00:00:00Z"
_SEED = 7
_READY = "Simulated Genesys org listening on "
_AGENTS = 25
"""Conversations a day for each agent."""


@dataclass(frozen=True)
class RecordedPage:
    """One page: its gzip body in `file`, and the cursor that asks for the page after it."""

    file: str
    cursor: str | None

    def body(self, folder: Path) -> bytes:
        """Its JSON."""
        return gunzip((folder / self.file).read_bytes())


@dataclass(frozen=True)
class Recording:
    """A day's job as the org answered it. Sizes in bytes."""

    family: str
    interval: str
    job_id: str
    status: dict[str, str]
    availability: str
    pages: tuple[RecordedPage, ...]
    conversations: int
    """Records of the job, in a recording of user details those of users."""
    json_bytes: int
    gzip_bytes: int

    @staticmethod
    def read(folder: Path) -> "Recording":
        return msgspec.json.decode((folder / "recording.json").read_bytes(), type=Recording)

    def write(self, folder: Path) -> None:
        (folder / "recording.json").write_bytes(msgspec.json.encode(self))


def record(folder: Path, conversations: int) -> Recording:
    """Keep in `folder` one day of a simulated org of so many conversations a day, page by page."""
    with _org(conversations, 1) as http:
        return _record(folder, http, CONVERSATION_JOBS, DAY)


def record_days(folder: Path, conversations: int, days: int, families: Sequence[JobFamily]) -> list[Recording]:
    """Keep several days of several families, in a folder each below `folder`."""
    with _org(conversations, days) as http:
        return [
            _record(folder / f"{family.name}-{count}", http, family, DAY + timedelta(days=count))
            for family in families
            for count in range(days)
        ]


@contextmanager
def _org(conversations: int, days: int) -> Iterator[httpx.Client]:
    options = {
        "--port": "0",
        "--seed": str(_SEED),
        "--start-day": DAY.isoformat(),
        "--days": str(days),
        "--conversations-per-day": str(conversations),
        "--agents": str(max(40, conversations // _AGENTS)),
        "--now": _NOW,
        "--rate-limit": "100000",
    }
    words = [word for pair in options.items() for word in pair]
    command = [sys.executable, "-m", "analytics_platform.simulator", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as org:
        try:
            assert org.stdout is not None
            url = org.stdout.readline().removeprefix(_READY).strip()
            with httpx.Client(base_url=url, timeout=300, trust_env=False) as http:
                token = http.post("/oauth/token", auth=("demo", "demo"), data={"grant_type": "client_credentials"})
                http.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
                yield http
        finally:
            org.terminate()


def _record(folder: Path, http: httpx.Client, family: JobFamily, day: date) -> Recording:
    folder.mkdir(parents=True)
    interval = f"{day}T00:00:00.000Z/{day + timedelta(days=1)}T00:00:00.000Z"
    availability = http.get(family.availability.path).json()["dataAvailabilityDate"]
    job_id = http.post(family.submit.path, json={"interval": interval}).json()["jobId"]
    status = http.get(family.status.path.format(jobId=job_id)).json()
    while status["state"] != "FULFILLED":
        status = http.get(family.status.path.format(jobId=job_id)).json()
    pages: list[RecordedPage] = []
    records = json_bytes = gzip_bytes = 0
    query: dict[str, str | int] = {"pageSize": PAGE_SIZE}
    while True:
        with http.stream("GET", family.results.path.format(jobId=job_id), params=query) as answer:
            answer.raise_for_status()
            wire = b"".join(answer.iter_raw())
        file = f"page-{len(pages):06d}.json.gz"
        (folder / file).write_bytes(wire)
        body = RecordedPage(file, None).body(folder)
        told = msgspec.json.decode(body, type=dict[str, list[msgspec.Raw] | str])
        cursor = told.get("cursor")
        assert cursor is None or isinstance(cursor, str)
        pages.append(RecordedPage(file, cursor))
        records += len(told.get(family.records_key, ()))
        json_bytes += len(body)
        gzip_bytes += len(wire)
        if cursor is None:
            break
        query["cursor"] = cursor
    recorded = Recording(
        family.name, interval, job_id, status, availability, tuple(pages), records, json_bytes, gzip_bytes
    )
    recorded.write(folder)
    return recorded
