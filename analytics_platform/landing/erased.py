"""Conversations that the vendor erased: taken out of every day as soon as one day's reading shows it.

A day delivers all conversations alive on it. One that a day held, and holds no longer when read again, may only have
been told another lifetime; what was told of it last decides. Where that lifetime still touches the day, or no other
reading is as new, the vendor has it no more. Users have no lifetime: a user's day is what its own reading tells.

What is still to be looked at stands in the manifests of the history of differences, so that a kill forgets nothing.
"""

import logging
from datetime import date, datetime, timedelta

import msgspec
import polars as pl

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, Stream
from analytics_platform.lake import Lake, Manifest
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.removal import remove_records
from analytics_platform.landing.restatements import ERASED, REMOVALS_SINCE, never_came, with_facts
from analytics_platform.landing.states import end_of
from analytics_platform.tables.restatements import REMOVED

log = logging.getLogger(__name__)


def remove_erased(stream: Stream, lake: Lake, ledger: Ledger) -> None:
    """Take out of every day what the readings since the last look show to be erased. Call it while no day is held.

    Killed at any instant and called again, it comes to the same end. Raises LakeError.
    """
    if stream is not CONVERSATION_DETAILS:
        return
    for history in lake.manifests(stream.restatements.name).values():
        raw = lake.manifest(stream.raw.name, history.day)
        if history.facts[REMOVALS_SINCE] is None or raw is None or never_came(history, raw):
            continue
        removed = _removed(stream, lake, history)
        told_without_id = _set_aside(stream, lake, raw)
        if told_without_id is None:
            log.warning("A record set aside on %s has no id: whether others are erased is not known yet.", raw.day)
            continue
        gone = _gone(stream, lake, raw.day, removed.filter(~pl.col(stream.raw.columns[0].name).is_in(told_without_id)))
        for (as_of,), erased in gone.group_by("as_of"):
            assert isinstance(as_of, datetime)
            ids = erased[stream.raw.columns[0].name].to_list()
            log.info("%d conversations of %s are gone: the vendor erased them", len(ids), raw.day)
            remove_records(stream, lake, ledger, ids, delivered_before=as_of)
        _looked_at(stream, lake, ledger, history, len(gone))


def _removed(stream: Stream, lake: Lake, history: Manifest) -> pl.DataFrame:
    """What the day no longer holds: id, and when the reading without it and the one before were asked for."""
    key = stream.raw.columns[0].name
    since = datetime.fromisoformat(history.facts[REMOVALS_SINCE])
    return (
        lake.scan(history.table, [history.day])
        .filter(pl.col("as_of") >= since)
        .select(key, "kind", "previous_as_of", "as_of")
        .unique(key, keep="last", maintain_order=True)
        .filter(pl.col("kind") == REMOVED)
        .collect()
    )


def _gone(stream: Stream, lake: Lake, day: date, removed: pl.DataFrame) -> pl.DataFrame:
    """Those of the removed that other days still hold, though nothing told since says that they were not alive on
    this one: id and `as_of`."""
    key = stream.raw.columns[0].name
    others = [other for other in lake.days(stream.raw.name) if other != day]
    if removed.is_empty() or not others:
        return removed.clear()
    told_last = (
        lake.scan(stream.raw.name, others)
        .filter(pl.col(key).is_in(removed[key].implode()))
        .select(key, "day", "conversation_start", "conversation_end", told=pl.col("as_of"))
        .sort("told", "day")
        .unique(key, keep="last")
        .join(removed.lazy(), on=key)
    )
    begin, end = end_of(day) - timedelta(days=1), end_of(day)
    ends_later = pl.col("conversation_end").is_null() | (pl.col("conversation_end") > begin)
    alive = (pl.col("conversation_start") < end) & ends_later
    newest = pl.col("told") < pl.col("as_of")
    return told_last.filter(newest & ((pl.col("told") <= pl.col("previous_as_of")) | alive)).sort(key).collect()


def _set_aside(stream: Stream, lake: Lake, raw: Manifest) -> list[str] | None:
    """The ids of records that the day delivered and could not keep; None where one does not tell its own."""
    if not raw.facts["set_aside"]:
        return []
    ids = [_id(record, stream.id_field) for record in lake.read(stream.quarantine.name, raw.day)["record"].to_pylist()]
    return [each for each in ids if each] if all(ids) else None


def _id(record: str, field: str) -> str | None:
    try:
        found = msgspec.json.decode(record).get(field)
    except (msgspec.DecodeError, AttributeError):
        return None
    return found if isinstance(found, str) else None


def _looked_at(stream: Stream, lake: Lake, ledger: Ledger, history: Manifest, gone: int) -> None:
    """Note that the day's history has been looked at, unless the day has been read again meanwhile."""
    table, day = stream.restatements, history.day
    with ledger.claim(stream.name, day):
        if lake.manifest(table.name, day) != history:
            return
        facts = {**history.facts, REMOVALS_SINCE: None, ERASED: history.facts[ERASED] + gone}
        with lake.open_partition(table.name, day) as file:
            with_facts(lake, table, day, file, facts).publish()
