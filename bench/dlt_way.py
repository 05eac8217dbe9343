"""dlt doing the same job: its REST client, its normalizer, Parquet on its filesystem destination.

Tuned as its own page on performance recommends: whole pages are yielded, not records; its REST client, orjson and the
Parquet writer are the ones it ships; files between its stages are not compressed. One process normalizes: more take
less time and no less CPU. Keys, types and child tables are what it makes of the records by itself. It keeps no raw
record.
"""

import os

os.environ |= {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
    "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "true",
    "NORMALIZE__WORKERS": "1",
}

from collections.abc import Iterator
from itertools import islice
from typing import Any

import dlt
import pyarrow.parquet as pq
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

from analytics_platform.catalogue.operations import CONVERSATION_JOBS
from bench.figures import Stopwatch
from bench.recording import PAGE_SIZE, Recording
from bench.task import Task

LOADED = (pq,)
"""What its writer imports when it needs it."""


def main(task: Task) -> None:
    """Extract, normalize and load the day served."""
    before, interval = task.sent(), Recording.read(task.recorded).interval
    watch = Stopwatch.started()
    pipeline = dlt.pipeline(
        "bench",
        destination=dlt.destinations.filesystem(bucket_url=f"file://{task.work / 'out'}"),
        dataset_name="day",
        pipelines_dir=str(task.work / "pipelines"),
    )
    pages = _pages(task.url, interval, task.pages)
    pipeline.run(pages, table_name="conversations", write_disposition="replace", loader_file_format="parquet")
    conversations = pipeline.last_trace.last_normalize_info.row_counts["conversations"]
    task.done(watch, conversations, task.sent() - before, task.work / "out")


def _pages(url: str, interval: str, pages: int) -> Iterator[list[dict[str, Any]]]:
    auth = OAuth2ClientCredentials(access_token_url=f"{url}/oauth/token", client_id="bench", client_secret="bench")
    client = RESTClient(url, auth=auth)
    client.get(CONVERSATION_JOBS.availability.path).raise_for_status()
    job_id = client.post(CONVERSATION_JOBS.submit.path, json={"interval": interval}).json()["jobId"]
    while client.get(CONVERSATION_JOBS.status.path.format(jobId=job_id)).json()["state"] != "FULFILLED":
        pass
    told = client.paginate(
        CONVERSATION_JOBS.results.path.format(jobId=job_id),
        params={"pageSize": PAGE_SIZE},
        paginator=JSONResponseCursorPaginator(cursor_path="cursor", cursor_param="cursor"),
        data_selector=CONVERSATION_JOBS.records_key,
    )
    yield from islice(told, pages)


if __name__ == "__main__":
    main(Task.of_command_line())
