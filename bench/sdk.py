"""The vendor's SDK: it fetches the pages and makes objects of them; the same tables are written from those.

The objects are told to Arrow as dictionaries by the SDK's own names of fields (`attribute_map`), which is what it does
itself to write them out, without turning instants into text again. From there on the kernels are those of the floor.
"""

from typing import Any

import PureCloudPlatformClientV2 as sdk
import pyarrow as pa

from analytics_platform.tables.schemas import record_schema
from bench.figures import Stopwatch
from bench.recording import PAGE_SIZE, Recording
from bench.task import Task
from bench.typed_files import TypedFiles

_RECORD = pa.struct(list(record_schema("AnalyticsConversation")))


def main(task: Task) -> None:
    """Fetch the day served, page by page, and write its tables."""
    before, recording = task.sent(), Recording.read(task.recorded)
    watch = Stopwatch.started()
    typed = TypedFiles(task.work, recording)
    sdk.configuration.host = task.url
    client = sdk.api_client.ApiClient().get_client_credentials_token("bench", "bench")
    analytics = sdk.AnalyticsApi(client)
    analytics.get_analytics_conversations_details_jobs_availability()
    query = sdk.AsyncConversationQuery()
    query.interval = recording.interval
    job_id = analytics.post_analytics_conversations_details_jobs(query).job_id
    while analytics.get_analytics_conversations_details_job(job_id).state != "FULFILLED":
        pass
    cursor: dict[str, str] = {}
    conversations = 0
    for _ in task.recorded_pages():
        page = analytics.get_analytics_conversations_details_job_results(job_id, page_size=PAGE_SIZE, **cursor)
        conversations += len(page.conversations)
        records = pa.array([_told(record) for record in page.conversations], _RECORD)
        typed.take(pa.Table.from_struct_array(records), len(client.last_response.data))
        cursor = {"cursor": page.cursor}
    typed.close()
    task.done(watch, conversations, task.sent() - before)


def _told(value: Any) -> Any:
    if isinstance(value, list):
        return [_told(each) for each in value]
    names = getattr(value, "attribute_map", None)
    return value if names is None else {names[name]: _told(getattr(value, name)) for name in names}


if __name__ == "__main__":
    main(Task.of_command_line())
