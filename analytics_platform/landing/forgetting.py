"""Forgetting conversations, external contacts and users: erased from the lake at once, for good, and looked for after.

First is kept that they are forgotten, so that nothing lands of them from then on; then jobs in flight are read again
from their first page, as what they spooled may name them; then raw days are written without them, their differences
too, and the home days made anew. Killed anywhere and asked for again, it comes to the same end.

A conversation goes whole. An external contact goes with every conversation that names it. Of a user go the presences
and routing statuses: the conversations a user took part in are those of others too, and stay.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl
import pyarrow as pa

from analytics_platform.catalogue.forgotten import CONVERSATION, EXTERNAL_CONTACT, USER
from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, STREAMS, USER_DETAILS, Stream
from analytics_platform.lake import Lake
from analytics_platform.landing.errors import RawReplaced
from analytics_platform.landing.forgotten import Forgotten, hashed, remember_forgotten
from analytics_platform.landing.home_days import claimed, stale_home_days
from analytics_platform.landing.ledger import SPLIT, Ledger
from analytics_platform.landing.named import Named, named
from analytics_platform.landing.removal import remove_differences, remove_records
from analytics_platform.landing.typed import stage_home_day

log = logging.getLogger(__name__)

_BATCH_ROWS = 500
_TRIES = 5
_IN_FLIGHT = ("submitting", "submitted", SPLIT)
_NOBODY: frozenset[str] = frozenset()
_OF_USERS = {
    table.name
    for table in (
        *USER_DETAILS.raws,
        USER_DETAILS.quarantine,
        USER_DETAILS.restatements,
        *USER_DETAILS.tables,
        USER_DETAILS.typed_quarantine,
    )
}


@dataclass(frozen=True)
class Wanted:
    """What is to be forgotten, by id."""

    conversations: frozenset[str] = frozenset()
    contacts: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Found:
    """What the lake holds of what is to be forgotten."""

    conversations: frozenset[str]
    """Those named, and those that name one of the external contacts."""
    places: tuple[Named, ...]
    """Every column of every day that names one of them."""
    tables: int
    """How many tables were looked through."""


def look(lake: Lake, wanted: Wanted) -> Found:
    """Look all of the lake through for what is to be forgotten; for users their own tables. Raises LakeError."""
    contacts = _as_written(lake, wanted.contacts)
    conversations = wanted.conversations | _naming(lake, contacts)
    places = [*named(lake, conversations | contacts), *named(lake, wanted.users, _OF_USERS.__contains__)]
    return Found(conversations, tuple(places), len(lake.tables()))


def forget(lake: Lake, ledger: Ledger, wanted: Wanted, now: datetime) -> Wanted:
    """Erase what is to be forgotten, for good, as of `now` (UTC); gives it with the conversations of its contacts.

    Waits for landings under way. Raises LakeError.
    """
    contacts = _as_written(lake, wanted.contacts)
    kinds = {CONVERSATION: wanted.conversations, EXTERNAL_CONTACT: contacts, USER: wanted.users}
    remember_forgotten(lake, ledger, kinds, now)
    for stream in STREAMS:
        _read_anew(stream, ledger)
    # Only now nothing more lands of the contacts' conversations.
    conversations = wanted.conversations | _naming(lake, contacts) | _begun(lake)
    remember_forgotten(lake, ledger, {CONVERSATION: conversations}, now)
    _erase(CONVERSATION_DETAILS, lake, ledger, conversations, contacts)
    _erase(USER_DETAILS, lake, ledger, wanted.users)
    return replace(wanted, conversations=conversations)


def _read_anew(stream: Stream, ledger: Ledger) -> None:
    """Wait for each landing under way, and throw away what jobs in flight have spooled: it comes again, and less."""
    for entry in ledger.entries():
        if entry.question.stream == stream.name and entry.state in _IN_FLIGHT:
            with ledger.claim(stream.name, entry.question.day):
                now = ledger.entry(entry.number)
                if now.state in _IN_FLIGHT and now.pages:
                    ledger.restarted(now)


def _erase(
    stream: Stream, lake: Lake, ledger: Ledger, ids: frozenset[str], also_named: frozenset[str] = _NOBODY
) -> None:
    """Take records out of raw, of its differences and of the typed tables."""
    if not ids and not also_named:
        return
    remove_records(stream, lake, ledger, ids, also_named=also_named)
    remove_differences(stream, lake, ledger, ids)
    for _ in range(_TRIES):
        # All that are stale: also those of a removal that was killed, whose ids nothing tells any more.
        stale = [home.day for home in stale_home_days(stream, lake)]
        try:
            with claimed(stream, ledger, stale):
                for home in stale_home_days(stream, lake, stale):
                    stage_home_day(stream, lake, home).publish(lake)
            return
        except RawReplaced as fault:
            log.info("%s", fault)
    raise RawReplaced(stream.raw.name, stale[-1])


def _begun(lake: Lake) -> frozenset[str]:
    """The conversations that raw still holds though they are forgotten: a removal was killed."""
    hashes = Forgotten.of(lake).hashes.get(CONVERSATION, {})
    raw = CONVERSATION_DETAILS.raw
    key, found = raw.columns[0].name, set[str]()
    for day in lake.days(raw.name) if hashes else ():
        with lake.open_partition(raw.name, day) as file:
            for batch in file.iter_batches(_BATCH_ROWS, columns=[key], use_threads=False):
                found.update(each for each in batch[key].to_pylist() if hashed(each) in hashes)
    return frozenset(found)


def _naming(lake: Lake, contacts: Collection[str]) -> frozenset[str]:
    """The conversations that name one of some external contacts, in any version."""
    stream, found = CONVERSATION_DETAILS, set[str]()
    key = stream.raw.columns[0].name
    for name, column in ((stream.raw.name, "record"), ("participants", "external_contact_id")):
        for day in lake.days(name) if contacts else ():
            with lake.open_partition(name, day) as file:
                for batch in file.iter_batches(_BATCH_ROWS, columns=[key, column], use_threads=False):
                    rows = pl.DataFrame(batch)
                    found.update(rows.filter(pl.col(column).str.contains_any(sorted(contacts)))[key])
    return frozenset(found)


def _as_written(lake: Lake, contacts: Collection[str]) -> frozenset[str]:
    """External contacts as the lake names them: by their ids, and by what a policy for people's data makes of these."""
    ids = pa.table({"external_contact_id": pa.array(sorted(contacts), pa.string())})
    masked = lake.protection.masks.mask("participants", ids)["external_contact_id"]
    return frozenset({*contacts, *(each for each in masked.to_pylist() if each is not None)})
