"""Conversations without an end: the view of them, how old they are, and which of them are stuck or have vanished.

A conversation is alive until it ends, and each activity day delivers all that were alive on it. One that was told to be
open and is missing in a later reading of a day it lived through is open in the lake alone: the vendor no longer has it.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import duckdb
import pyarrow as pa

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.lake.manifest import OPEN
from analytics_platform.lake.store import Lake

OPEN_CONVERSATIONS = "open_conversations"
"""The view's name; no table of the lake is called so."""
_RAW, _HEAD = CONVERSATION_DETAILS.raw.name, CONVERSATION_DETAILS.head.name
_BOUNDS = (0, 1, 7, 30, 60)
_INSTANT = pa.timestamp("us", "UTC")
_READINGS = pa.schema([("day", pa.date32()), ("as_of", _INSTANT), ("watermark", _INSTANT)])


@dataclass(frozen=True)
class Named:
    """How many conversations there are of a kind, and the ids of the first of them, the oldest first."""

    count: int
    ids: tuple[str, ...]


@dataclass(frozen=True)
class StillOpen:
    """The conversations without an end, by their age in days on the newest landed activity day."""

    ages: Mapping[str, int]
    """How many there are of each band of ages, `0-1`, the upper bound outside, to `60+`."""
    stuck: Named
    """Those older than a conversation should become."""
    no_longer_told: Named
    """Those missing in a reading of a day that they lived through, younger than what tells that they are open."""


def open_conversations_view(newest: date) -> str:
    """The statement that makes the view, given the newest landed activity day.

    Its rows are those of conversations that had not ended when they were last told of. `age_days` counts the days from
    the home day to the newest landed activity day.
    """
    return (
        f"CREATE VIEW {OPEN_CONVERSATIONS} AS SELECT *, DATE '{newest}' - day AS age_days "
        f"FROM {_HEAD} WHERE conversation_end IS NULL"
    )


def readings(lake: Lake) -> pa.Table:
    """The activity days that have landed whole, and when each was read. Take these before connecting: what is younger
    is then told of by neither or by both."""
    manifests = {day: each for day, each in lake.manifests(_RAW).items() if each.state != "provisional"}
    rows = [
        {"day": day, **{name: datetime.fromisoformat(each.facts[name]) for name in ("as_of", "watermark")}}
        for day, each in manifests.items()
    ]
    return pa.Table.from_pylist(rows, _READINGS)


def days_of_open(lake: Lake) -> dict[str, list[date]]:
    """The days that `still_open` has to be shown, by table: home days with open conversations, and the activity days
    from the first of these on. A home day made before it told of them may have some."""
    homes = [day for day, manifest in sorted(lake.manifests(_HEAD).items()) if manifest.facts.get(OPEN, 1)]
    return {_HEAD: homes, _RAW: [day for day in lake.days(_RAW) if homes and day >= homes[0]]}


def still_open(
    connection: duckdb.DuckDBPyConnection, readings: pa.Table, *, stuck_after_days: int, most: int
) -> StillOpen:
    """What is open in the lake that `connection` shows; at most `most` ids are named of each kind."""
    if (OPEN_CONVERSATIONS,) not in connection.execute("SHOW TABLES").fetchall():
        return StillOpen({band: 0 for band in _bands()}, Named(0, ()), Named(0, ()))
    ages = connection.execute(
        f"SELECT {', '.join(f'count(*) FILTER ({condition})' for condition in _bands().values())} "
        f"FROM {OPEN_CONVERSATIONS}"
    ).fetchone()
    assert ages is not None
    stuck = connection.execute(
        f"SELECT conversation_id FROM {OPEN_CONVERSATIONS} WHERE age_days > ? ORDER BY conversation_start, 1",
        [stuck_after_days],
    ).fetchall()
    vanished = _no_longer_told(connection, readings)
    return StillOpen(
        dict(zip(_bands(), ages, strict=True)),
        *(Named(len(found), tuple(id for (id,) in found[:most])) for found in (stuck, vanished)),
    )


def _no_longer_told(connection: duckdb.DuckDBPyConnection, readings: pa.Table) -> list[tuple[str]]:
    connection.register("readings", readings)
    # One that was open under a watermark was alive then.
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE to_be_told AS "
        f"SELECT open.conversation_id, open.conversation_start, again.day FROM {OPEN_CONVERSATIONS} open "
        "LEFT JOIN readings told ON told.day = open.activity_day AND told.as_of = open.as_of "
        "JOIN readings again ON again.as_of > open.as_of AND again.day >= open.day "
        "AND again.day <= coalesce(CAST(told.watermark AS DATE), open.activity_day)"
    )
    days = connection.execute("SELECT DISTINCT day FROM to_be_told").fetchall()
    if not days:
        return []
    named = ", ".join(f"DATE '{day}'" for (day,) in days)
    return connection.execute(
        "SELECT conversation_id FROM to_be_told "
        f"ANTI JOIN (SELECT conversation_id, day FROM {_RAW} WHERE day IN ({named})) USING (conversation_id, day) "
        "GROUP BY ALL ORDER BY min(conversation_start), 1"
    ).fetchall()


def _bands() -> dict[str, str]:
    """Each band of ages by its name, with the condition that tells its conversations."""
    bounded = {f"{low}-{high}": (low, high) for low, high in itertools.pairwise(_BOUNDS)}
    conditions = {band: f"age_days >= {low} AND age_days < {high}" for band, (low, high) in bounded.items()}
    return conditions | {f"{_BOUNDS[-1]}+": f"age_days >= {_BOUNDS[-1]}"}
