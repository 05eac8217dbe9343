"""Conversations that a day left open or going on, and that the next day does not tell of: the vendor may have erased
them between the two readings, and no day that told of them will be read again."""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta

import polars as pl

from analytics_platform.catalogue.streams import Stream
from analytics_platform.lake import Lake
from analytics_platform.landing.states import PROVISIONAL


def vanished(stream: Stream, lake: Lake, landed: Collection[date]) -> pl.DataFrame:
    """Their ids, and the instant until which they were told of (`as_of`), as the days that have `landed` and their
    neighbours show. Raises LakeError."""
    found = [_gone(stream, lake, day) for day in _firsts(set(lake.days(stream.raw.name)), set(landed))]
    empty = pl.DataFrame(schema={stream.raw.own[0].name: pl.String, "as_of": pl.Datetime("ms", "UTC")})
    return pl.concat([empty, *(each for each in found if each is not None)])


def _firsts(days: Collection[date], landed: Collection[date]) -> Iterator[date]:
    """The first of each two days next to each other one of which has landed now."""
    for day in sorted(days):
        after = day + timedelta(days=1)
        if after in days and (day in landed or after in landed):
            yield day


def _gone(stream: Stream, lake: Lake, day: date) -> pl.DataFrame | None:
    table, after, key = stream.raw.name, day + timedelta(days=1), stream.raw.own[0].name
    manifests = lake.manifests(table, [day, after]).values()
    if len(manifests) < 2 or any(each.facts["state"] == PROVISIONAL for each in manifests):
        return None
    # One that ends with the day to the millisecond may or may not be told of by the next.
    on = pl.col("conversation_end").is_null() | (pl.col("conversation_end") > datetime.combine(after, time(), UTC))
    going_on = lake.scan(table, [day]).filter(on).select(key).unique().collect(engine="streaming")[key]
    told = lake.scan(table, [after]).filter(pl.col(key).is_in(going_on.implode())).select(key)
    gone = going_on.filter(~going_on.is_in(told.collect(engine="streaming")[key].implode())).sort()
    newest = max(datetime.fromisoformat(each.facts["as_of"]) for each in manifests) + timedelta(milliseconds=1)
    return pl.DataFrame({key: gone}).with_columns(as_of=pl.lit(newest, pl.Datetime("ms", "UTC")))
