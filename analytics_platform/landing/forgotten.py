"""What was forgotten and must not come back: known by the hashes of ids alone, left out of every page that lands.

A conversation stays forgotten for good. Of an external contact the conversations that started before it was forgotten
are left out, of a user the activity days that began before; what they do later is new.
"""

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

import pyarrow as pa

from analytics_platform.catalogue.forgotten import CONVERSATION, EXTERNAL_CONTACT, FORGOTTEN, USER
from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, Stream
from analytics_platform.lake import Lake
from analytics_platform.landing.layouts import layout
from analytics_platform.landing.ledger import Ledger
from analytics_platform.tables.raw import RawPage
from analytics_platform.tables.schemas import table_schema

_NAMED = {
    CONVERSATION: re.compile(r'"conversationId"\s*:\s*"([^"]+)"'),
    EXTERNAL_CONTACT: re.compile(r'"externalContactId"\s*:\s*"([^"]+)"'),
    USER: re.compile(r'"userId"\s*:\s*"([^"]+)"'),
}
"""How a record names each kind, where its own keys do not tell."""


@dataclass(frozen=True)
class Forgotten:
    """The hashes of what was forgotten, by kind, each with the instant since when."""

    hashes: Mapping[str, Mapping[str, datetime]]

    @classmethod
    def of(cls, lake: Lake) -> "Forgotten":
        """All that was ever forgotten in a lake."""
        hashes: dict[str, dict[str, datetime]] = {}
        for day in lake.days(FORGOTTEN.name):
            for row in lake.read(FORGOTTEN.name, day).to_pylist():
                hashes.setdefault(row["kind"], {})[row["sha256"]] = row["forgotten_at"]
        return cls(hashes)

    def without(self, stream: Stream, rows: RawPage, day: date) -> RawPage:
        """The rows of a page of an activity day save those of what was forgotten, which are counted."""
        kind = CONVERSATION if stream is CONVERSATION_DETAILS else USER
        contacts = stream is CONVERSATION_DETAILS and EXTERNAL_CONTACT in self.hashes
        if kind not in self.hashes and not contacts:
            return rows
        begin = datetime.combine(day, time(), UTC)
        stays = [not self._has(kind, [key], begin) for key in rows.kept[stream.raw.columns[0].name].to_pylist()]
        if contacts:
            told = zip(rows.kept["record"].to_pylist(), rows.kept["conversation_start"].to_pylist(), strict=True)
            met = [self._has(EXTERNAL_CONTACT, _NAMED[EXTERNAL_CONTACT].findall(text), start) for text, start in told]
            stays = [stay and not meets for stay, meets in zip(stays, met, strict=True)]
        keyless = [
            not any(self._has(each, _NAMED[each].findall(text), begin) for each in (kind, EXTERNAL_CONTACT))
            for text in rows.set_aside["record"].to_pylist()
        ]
        dropped = stays.count(False) + keyless.count(False)
        if not dropped:
            return rows
        return replace(
            rows,
            kept=rows.kept.filter(pa.array(stays, pa.bool_())),
            set_aside=rows.set_aside.filter(pa.array(keyless, pa.bool_())),
            homes=[homes for homes, stay in zip(rows.homes, stays, strict=True) if stay],
            forgotten=rows.forgotten + dropped,
        )

    def _has(self, kind: str, ids: Collection[str], instant: datetime) -> bool:
        """Whether one of the ids was forgotten: a conversation ever, another thing after `instant`."""
        known = self.hashes.get(kind, {})
        since = [known[each] for each in map(hashed, ids) if each in known] if known else []
        return bool(since) and (kind == CONVERSATION or instant < max(since))


def remember_forgotten(lake: Lake, ledger: Ledger, ids: Mapping[str, Collection[str]], now: datetime) -> None:
    """Keep, by the hashes of their ids, that things of each kind are forgotten as of `now`, UTC. Raises LakeError."""
    day, now = now.date(), now.replace(microsecond=now.microsecond // 1000 * 1000)
    with ledger.claim(FORGOTTEN.name, day):
        known = lake.read(FORGOTTEN.name, day).to_pylist() if day in lake.days(FORGOTTEN.name) else []
        told = {(row["kind"], row["sha256"]): row["forgotten_at"] for row in known}
        told |= {(kind, hashed(each)): now for kind, those in ids.items() for each in those}
        rows = [{"kind": kind, "sha256": each, "forgotten_at": since} for (kind, each), since in sorted(told.items())]
        schema = table_schema(FORGOTTEN)
        with lake.stage(FORGOTTEN.name, day, schema, layout(FORGOTTEN)) as writer:
            writer.write(pa.Table.from_pylist(rows, schema))
            writer.seal({"stream": FORGOTTEN.name}).publish()


def hashed(each: str) -> str:
    """The SHA-256 of an id, hexadecimal digits."""
    return hashlib.sha256(each.encode()).hexdigest()
