"""People's data in a table's rows: kept, hashed with a key, or dropped, column by column; pure functions over Arrow.

A hash is HMAC-SHA-256 of the value's UTF-8, the first 128 bits of it, written `hmac:` and 32 hexadecimal digits: one
value has one hash in every table, day and run, so that joins still work, and nobody without the key can try values out.
What is written so already stays as it is: rows may pass here twice.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from analytics_platform.catalogue.exports import AS_TOLD
from analytics_platform.catalogue.personal import EXPORTED, WHOLE_TEXTS, made_from, made_together, places, raw_tables
from analytics_platform.tables.redaction import Redaction

_HASHED = r'^"?hmac:[0-9a-f]{32}"?$'
_BYTES = 16
_QUOTING = re.compile(r"(\"[^\"]*\"|\b(?:got|value|parse|whilst parsing)\b.*)", re.DOTALL)
_REASON = "reason"
_EXPORT = "export_"


class Action(StrEnum):
    """What becomes of the values of a column."""

    KEEP = "keep"
    HASH = "hash"
    DROP = "drop"


@dataclass(frozen=True)
class Masking:
    """What becomes of people's data in each table; columns that are not named are kept."""

    actions: Mapping[str, Mapping[str, Action]] = field(default_factory=dict)
    """By table and column."""
    exported: Action = Action.KEEP
    """Of the columns of exports that are known to carry people's data, where `actions` do not name them."""
    redacts_raw: bool = False
    """Whether what raw keeps whole is redacted too."""
    key: bytes = field(default=b"", repr=False)
    _redactions: dict[str, Redaction | None] = field(default_factory=dict, init=False, repr=False, compare=False)

    def of(self, table: str, columns: list[str]) -> dict[str, Action]:
        """What becomes of those of a table's columns that are not kept."""
        named = self.actions.get(table, {})
        if self.exported is not Action.KEEP and _is_export(table):
            own = {name: self.exported for name in columns if name.removesuffix(AS_TOLD) in EXPORTED}
            named = {**own, **named}
        return {name: action for name, action in named.items() if name in columns and action is not Action.KEEP}

    def mask(self, table: str, rows: pa.Table) -> pa.Table:
        """The rows as they may be written; the same object where all of them may be as they are."""
        for name, action in self.of(table, rows.column_names).items():
            rows = _replaced(rows, name, _dropped(rows[name]) if action is Action.DROP else self._hashed(rows[name]))
        if redaction := self._redaction(table):
            for name in [each for each in (*WHOLE_TEXTS, _REASON) if each in rows.column_names]:
                change = _unquoted if name == _REASON else partial(_redacted, redaction)
                texts = [None if text is None else change(text) for text in rows[name].to_pylist()]
                rows = _replaced(rows, name, pa.array(texts, rows.schema.field(name).type))
        return rows

    def mark(self, table: str) -> str:
        """Tells by which policy a table's rows are written, and those of the tables that are made together with it;
        empty where all of them are as the source told them."""
        told = {
            f"{each}.{name}": str(action)
            for each in made_together().get(table, (table,))
            for name, action in self.actions.get(each, {}).items()
            if action is not Action.KEEP
        }
        if self.exported is not Action.KEEP and _is_export(table):
            told[""] = str(self.exported)
        if rules := self._rules(table):
            told |= {".".join(path): str(action) for path, action in rules.items()}
        if not told:
            return ""
        key = hmac.digest(self.key, b"analytics-platform", "sha256").hex() if Action.HASH in told.values() else ""
        return hashlib.sha256(json.dumps([told, key], sort_keys=True).encode()).hexdigest()[:16]

    def text(self, table: str, text: bytes) -> bytes:
        """One of the texts that a raw table keeps whole, as it may be kept; `null` in place of what is no JSON."""
        redaction = self._redaction(table)
        return text if redaction is None else redaction.text(text) or b"null"

    def hashed(self, value: str) -> str:
        """The hash of a value; a hash itself where it is one."""
        if re.match(_HASHED, value):
            return value
        return f"hmac:{hmac.digest(self.key, value.encode(), 'sha256')[:_BYTES].hex()}"

    def _rules(self, table: str) -> dict[tuple[str, ...], Action]:
        """What is redacted in the whole texts of a table, by the end of its path."""
        tables = () if table in raw_tables() and not self.redacts_raw else made_from().get(table, ())
        mine = [place for place in places() if place.table in tables]
        wanted = {place.path: self.actions.get(place.table, {}).get(place.column, Action.KEEP) for place in mine}
        return {path: action for path, action in wanted.items() if action is not Action.KEEP}

    def _redaction(self, table: str) -> Redaction | None:
        if table not in self._redactions:
            rules = self._rules(table)
            changes = {path: self.hashed if action is Action.HASH else None for path, action in rules.items()}
            self._redactions[table] = Redaction(changes) if changes else None
        return self._redactions[table]

    def _hashed(self, column: pa.ChunkedArray) -> pa.ChunkedArray:
        """Each distinct value is hashed once."""
        if pa.types.is_list(column.type):
            chunks = [self._hashed_list(chunk) for chunk in column.chunks]
        else:
            chunks = [self._hashed_texts(chunk) for chunk in column.chunks]
        return pa.chunked_array(chunks, column.type)

    def _hashed_list(self, lists: pa.ListArray) -> pa.ListArray:
        ends = pc.cumulative_sum(pc.fill_null(pc.list_value_length(lists), 0))
        offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends.cast(pa.int32())])
        return pa.ListArray.from_arrays(offsets, self._hashed_texts(lists.flatten()), lists.type, mask=lists.is_null())

    def _hashed_texts(self, texts: pa.StringArray) -> pa.StringArray:
        encoded = texts.dictionary_encode()
        done = [None if value is None else self.hashed(value) for value in encoded.dictionary.to_pylist()]
        return pa.array(done, pa.string()).take(encoded.indices)


def clear(table: str, rows: pa.Table, column: str) -> int:
    """How many values of a column stand in clear: neither null nor a hash."""
    values = rows[column].combine_chunks()
    if pa.types.is_list(values.type):
        values = pc.list_flatten(values)
    present = pc.drop_null(values)
    return len(present) - int(pc.sum(pc.match_substring_regex(present, _HASHED)).as_py() or 0)


def _is_export(table: str) -> bool:
    """Whether a table's columns are those of an export's file."""
    return table.startswith(_EXPORT) and not table.endswith("_raw") and table not in made_from()


def _dropped(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array([pa.nulls(len(column), column.type)])


def _replaced(rows: pa.Table, name: str, column: pa.Array | pa.ChunkedArray) -> pa.Table:
    return rows.set_column(rows.column_names.index(name), rows.schema.field(name), column)


def _redacted(redaction: Redaction, text: str) -> str | None:
    told = redaction.text(text.encode())
    return None if told is None else told.decode()


def _unquoted(reason: str) -> str:
    """A reason without the values it quotes."""
    return _QUOTING.sub("…", reason)
