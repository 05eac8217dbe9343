"""Conversation records to their typed tables."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from analytics_platform.catalogue.tables import conversation_tables
from analytics_platform.tables.flatten import Level, levels

MODEL = "AnalyticsConversation"


def conversation_rows(records: pa.Table, activity_day: pa.Array, as_of: pa.Array) -> dict[str, pa.Table]:
    """All typed tables of a nested table of conversations, by table name, rows in the records' order.

    `activity_day` (date32) and `as_of` (timestamp[ms, UTC]) tell for each record the delivery it was taken from.
    """
    made = {level.table.name: level for level in levels(records, conversation_tables())}
    provenance = {"activity_day": activity_day, "as_of": as_of}
    context = _metric_context(made["session_metrics"], made["segments"])
    extra: dict[str, Mapping[str, pa.Array]] = {"conversations": provenance, "session_metrics": context}
    return {name: level.flat(extra.get(name, {})) for name, level in made.items()}


def _metric_context(metrics: Level, segments: Level) -> dict[str, pa.Array]:
    sessions = metrics.above
    assert sessions is not None and segments.parents is not None
    carried = {name: metrics.inherited(name) for name in ("user_id", "purpose", "media_type", "direction")}
    named = np.flatnonzero(segments.columns["queueId"].is_valid().to_numpy(zero_copy_only=False))
    last = np.full(sessions.length, -1, dtype=np.int64)
    # Segments stand in order, so of the segments that name a queue the last one of a session is written last.
    last[segments.parents[named]] = named
    of_metric = last[metrics.parents]
    rows = pa.array(of_metric, mask=of_metric < 0)
    return {"queue_id": segments.columns["queueId"].take(rows), **carried}
