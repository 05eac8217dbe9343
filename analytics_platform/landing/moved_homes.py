"""Conversations whose start the vendor moved over midnight: raw holds versions of them under two home days.

A conversation is delivered on every day it was alive on, so a move shows in raw days next to each other: an id under
two home days. Each landing, once its day is published, compares it with the landed days before and after it and keeps
which home days share ids. Those are made looking at each other (`landing.versions`), and each shows a conversation only
where its newest version stands there. Of two days the one that is compared last sees the other as it is, so no order of
landings hides a move; a landing killed before it compared is landed again. A start that moves by more than a day is
found once its former days are read again.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from analytics_platform.catalogue.streams import TypedStream
from analytics_platform.lake import Lake
from analytics_platform.landing.layouts import layout
from analytics_platform.tables.schemas import table_schema

_IDS_AT_ONCE = 250_000


def note_moves(stream: TypedStream, lake: Lake, day: date) -> None:
    """Keep which home days a published raw day shares ids with, as its neighbours tell; nothing where there are none.

    Ids are compared by 64-bit hashes, 8 MB for a million: two ids of one hash make two home days look at each other in
    vain. Raises LakeError.
    """
    if stream.moves is None:
        return
    compared = _compared(stream, lake, day)
    own = _homes(stream, lake, day) if compared else pl.DataFrame()
    found = [_shared(own, _homes(stream, lake, other), other) for other in compared]
    moved = pl.concat(found) if found else pl.DataFrame()
    if moved.is_empty():
        lake.remove(stream.moves.name, day)
        return
    schema = table_schema(stream.moves)
    rows = moved.sort(list(stream.moves.key)).to_arrow().select(schema.names).cast(schema)
    homes = sorted({tuple(sorted(pair)) for pair in moved.select("home_day", "other_home_day").iter_rows()})
    with lake.stage(stream.moves.name, day, schema, layout(stream.moves)) as writer:
        writer.write(rows)
        writer.seal({"stream": stream.name, "homes": homes}).publish()


def sharing_homes(stream: TypedStream, lake: Lake) -> Mapping[date, frozenset[date]]:
    """For each home day that shares ids with others, these."""
    if stream.moves is None:
        return {}
    shared: dict[date, set[date]] = {}
    for manifest in lake.manifests(stream.moves.name).values():
        for pair in manifest.facts["homes"]:
            one, other = map(date.fromisoformat, pair)
            shared.setdefault(one, set()).add(other)
            shared.setdefault(other, set()).add(one)
    return {day: frozenset(others) for day, others in shared.items()}


def _compared(stream: TypedStream, lake: Lake, day: date) -> list[date]:
    """The landed days next before and after a day; itself too where it holds an id more than once."""
    landed, manifest = lake.days(stream.raw.name), lake.manifest(stream.raw.name, day)
    own = [day] if manifest is not None and manifest.facts["repeated"] else []
    return [each for each in landed if each < day][-1:] + own + [each for each in landed if each > day][:1]


def _homes(stream: TypedStream, lake: Lake, day: date) -> pl.DataFrame:
    key = stream.raw.own[0].name
    rows = lake.scan(stream.raw.name, [day]).select(pl.col(key).hash().alias("id"), "home_day")
    return rows.collect(engine="streaming")


def _shared(own: pl.DataFrame, other: pl.DataFrame, day: date) -> pl.DataFrame:
    """How many ids stand under a home day in one day and under another one in the other."""
    shares = 1 + len(own) // _IDS_AT_ONCE
    both = [
        own.filter(pl.col("id") % shares == share)
        .join(other.filter(pl.col("id") % shares == share), on="id", suffix="_there")
        .filter(pl.col("home_day") != pl.col("home_day_there"))
        for share in range(shares)
    ]
    counted = pl.concat(both).group_by("home_day", "home_day_there").agg(conversations=pl.col("id").n_unique())
    return counted.rename({"home_day_there": "other_home_day"}).with_columns(other_day=pl.lit(day))
