"""A lake in a temporary folder, and rows to put into it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from analytics_platform.lake import Lake, Layout, Manifest

DAY = date(2026, 1, 1)
SCHEMA = pa.schema(
    [
        pa.field("conversation_id", pa.string()),
        pa.field("start", pa.timestamp("ms", "UTC")),
        pa.field("duration", pa.int64()),
        pa.field("queues", pa.list_(pa.string())),
    ]
)
LAYOUT = Layout(
    instant="start",
    dictionary=("queues",),
    delta=("start", "duration"),
    bloom=("conversation_id",),
    sorted_by=("conversation_id",),
)

Land = Callable[..., Manifest]


def rows(count: int, *, version: int = 0) -> pa.Table:
    """`count` rows that all say `version` in their duration, one a minute from the start of DAY."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return pa.table(
        {
            "conversation_id": [f"conversation-{index:06}" for index in range(count)],
            "start": pa.array([start + timedelta(minutes=index) for index in range(count)], pa.timestamp("ms", "UTC")),
            "duration": [version] * count,
            "queues": [["sales"]] * count,
        },
        schema=SCHEMA,
    )


def land(
    lake: Lake,
    day: date = DAY,
    table: pa.Table | None = None,
    *,
    name: str = "conversations",
    layout: Layout = LAYOUT,
    **facts: object,
) -> Manifest:
    """Stage, seal and publish one partition."""
    table = rows(3) if table is None else table
    with lake.stage(name, day, table.schema, layout) as writer:
        writer.write(table)
        return writer.seal(facts).publish()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def lake(root: Path) -> Lake:
    return Lake.open(root)
