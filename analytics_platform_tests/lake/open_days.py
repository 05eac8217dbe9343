"""Activity days and home days of conversations as the lake holds them, in as few columns as tell of open ones."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

import pyarrow as pa

from analytics_platform.lake import Lake

D1, D2, D3, D4 = (date(2026, 3, day) for day in (2, 3, 4, 5))
SIX = timedelta(hours=6)


def end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def reading(
    lake: Lake, day: date, *ids: str, at: datetime | None = None, watermark: datetime | None = None, state: str = ""
) -> None:
    """An activity day that delivered conversations; read when the watermark, six hours behind, had passed it."""
    at = at or end_of(day) + SIX
    rows = pa.table({"conversation_id": pa.array(ids, pa.string())})
    with lake.stage("conversation_details", day, rows.schema) as writer:
        writer.write(rows)
        facts = {"state": state or "complete", "as_of": at, "watermark": watermark or at - SIX}
        writer.seal(facts).publish()


def home(
    lake: Lake, day: date, told: Mapping[str, tuple[date, datetime]], ended: tuple[str, ...] = (), counted: bool = True
) -> None:
    """A home day's conversations: of each the activity day and the instant of the version that is held; whether the
    manifest tells how many of them are open."""
    instant = pa.timestamp("ms", "UTC")
    start = datetime.combine(day, time(12), UTC)
    rows = pa.table(
        {
            "conversation_id": pa.array(told),
            "conversation_start": pa.array([start] * len(told), instant),
            "conversation_end": pa.array([start if id in ended else None for id in told], instant),
            "activity_day": pa.array([activity_day for activity_day, _ in told.values()], pa.date32()),
            "as_of": pa.array([as_of for _, as_of in told.values()], instant),
        }
    )
    with lake.stage("conversations", day, rows.schema) as writer:
        writer.write(rows)
        writer.seal({"state": "complete", **({"open": len(told) - len(ended)} if counted else {})}).publish()
