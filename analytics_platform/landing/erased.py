"""Conversations that the vendor erased: taken out of every day as soon as one day's reading shows it.

A day delivers all conversations alive on it. One that a day held, and holds no longer when read again, may have been
erased, or told another lifetime since, or be hidden from whoever reads: where another day still holds it, the vendor is
asked for it by its id, and only what it does not know is taken out. So is one that a day left going on and the next day
does not tell of. Users cannot be asked for so: a user's day is what its own reading tells.

What is still to be looked at stands in the manifests of the history of differences, so that a kill forgets nothing.
"""

import logging
from collections.abc import Collection, Iterator
from datetime import date, datetime

import polars as pl

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, Stream
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.queries import unknown_conversations
from analytics_platform.lake import Lake, Manifest
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.removal import remove_records
from analytics_platform.landing.restatements import ERASED, REMOVALS_SINCE, never_came, with_facts
from analytics_platform.landing.vanished import vanished
from analytics_platform.source.errors import SourceError
from analytics_platform.tables.restatements import REMOVED

log = logging.getLogger(__name__)


def remove_erased(
    stream: Stream, lake: Lake, ledger: Ledger, client: GenesysCloud, landed: Collection[date] = ()
) -> None:
    """Take out of every day what its vendor no longer knows of what the readings since the last look no longer hold,
    and of what vanished between the days that have `landed` and their neighbours.

    Call it while no day is held. Nothing is asked where no other day holds any of it; where the vendor does not answer,
    a warning says so and the next call asks again. Killed at any instant and called again, it comes to the same end.
    Raises LakeError.
    """
    if stream is not CONVERSATION_DETAILS:
        return
    key = stream.raw.columns[0].name
    missed = [(history, _held_elsewhere(stream, lake, history)) for history in _to_look_at(stream, lake)]
    between = vanished(stream, lake, landed)
    wanted = sorted({each for held in (between, *(held for _, held in missed)) for each in held[key]})
    try:
        unknown = unknown_conversations(client, wanted)
    except SourceError as fault:
        log.warning(
            "Whether the vendor erased %d conversations that a day read again no longer holds is not known yet, and "
            "other days keep them; the next run asks again: %s",
            len(wanted),
            fault,
        )
        return
    _remove(stream, lake, ledger, between.filter(pl.col(key).is_in(unknown)))
    for history, held in missed:
        gone = held.filter(pl.col(key).is_in(unknown))
        _remove(stream, lake, ledger, gone)
        _looked_at(stream, lake, ledger, history, len(gone))


def _remove(stream: Stream, lake: Lake, ledger: Ledger, gone: pl.DataFrame) -> None:
    for (as_of,), erased in gone.group_by("as_of"):
        assert isinstance(as_of, datetime)
        log.info("%d conversations are gone: the vendor erased them", len(erased))
        remove_records(stream, lake, ledger, erased[stream.raw.own[0].name].to_list(), delivered_before=as_of)


def _to_look_at(stream: Stream, lake: Lake) -> Iterator[Manifest]:
    """The histories of days that lost conversations since they were looked at last."""
    for history in lake.manifests(stream.restatements.name).values():
        raw = lake.manifest(stream.raw.name, history.day)
        if history.facts[REMOVALS_SINCE] is not None and raw is not None and not never_came(history, raw):
            yield history


def _held_elsewhere(stream: Stream, lake: Lake, history: Manifest) -> pl.DataFrame:
    """Those the day no longer holds that other days do, told of before it was read so: id and `as_of`."""
    key = stream.raw.columns[0].name
    removed = _removed(stream, lake, history)
    others = [other for other in lake.days(stream.raw.name) if other != history.day]
    if removed.is_empty() or not others:
        return removed.clear()
    held = lake.scan(stream.raw.name, others).filter(pl.col(key).is_in(removed[key].implode()))
    told = held.select(key, told="as_of").join(removed.lazy(), on=key).filter(pl.col("told") < pl.col("as_of"))
    return told.select(key, "as_of").unique().sort(key).collect()


def _removed(stream: Stream, lake: Lake, history: Manifest) -> pl.DataFrame:
    """What the day no longer holds: id, and when the reading without it was asked for (`as_of`)."""
    key = stream.raw.columns[0].name
    since = datetime.fromisoformat(history.facts[REMOVALS_SINCE])
    return (
        lake.scan(history.table, [history.day])
        .filter(pl.col("as_of") >= since)
        .select(key, "kind", "as_of")
        .unique(key, keep="last", maintain_order=True)
        .filter(pl.col("kind") == REMOVED)
        .select(key, "as_of")
        .collect()
    )


def _looked_at(stream: Stream, lake: Lake, ledger: Ledger, history: Manifest, gone: int) -> None:
    """Note that the day's history has been looked at, unless the day has been read again meanwhile."""
    table, day = stream.restatements, history.day
    with ledger.claim(stream.name, day):
        if lake.manifest(table.name, day) != history:
            return
        facts = {**history.facts, REMOVALS_SINCE: None, ERASED: history.facts[ERASED] + gone}
        with lake.open_partition(table.name, day) as file:
            with_facts(lake, table, day, file, facts).publish()
