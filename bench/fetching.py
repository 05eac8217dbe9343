"""The pages of the day served, as a bare script fetches them: httpx and isal, one request after the other."""

from collections.abc import Iterator

import httpx
import msgspec
from isal import igzip

from analytics_platform.catalogue.operations import CONVERSATION_JOBS
from bench.recording import PAGE_SIZE, Recording
from bench.task import Task


class Page(msgspec.Struct):
    """What a page holds, its records unread."""

    conversations: list[msgspec.Raw]
    cursor: str | None = None


PAGE_DECODER = msgspec.json.Decoder(Page)


def pages(task: Task) -> Iterator[tuple[bytes, Page]]:
    """The JSON of each page and what it holds, as many as the task has."""
    parameters: dict[str, int | str] = {"pageSize": PAGE_SIZE}
    with httpx.Client(base_url=task.url, headers={"Accept-Encoding": "gzip"}) as client:
        asked_for = {"grant_type": "client_credentials"}
        token = client.post("/oauth/token", data=asked_for, auth=("bench", "bench")).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        client.get(CONVERSATION_JOBS.availability.path).raise_for_status()
        query = {"interval": Recording.read(task.recorded).interval}
        job_id = client.post(CONVERSATION_JOBS.submit.path, json=query).json()["jobId"]
        while client.get(CONVERSATION_JOBS.status.path.format(jobId=job_id)).json()["state"] != "FULFILLED":
            pass
        for _ in task.recorded_pages():
            with client.stream("GET", CONVERSATION_JOBS.results.path.format(jobId=job_id), params=parameters) as answer:
                body: bytes = igzip.decompress(b"".join(answer.iter_raw()))  # type: ignore[no-untyped-call]
            page = PAGE_DECODER.decode(body)
            yield body, page
            parameters["cursor"] = page.cursor or ""
