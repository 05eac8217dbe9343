"""What the vendor changed of a day it had told before: kept beside raw, one row a record, over all readings of the day.

The differences are staged with the raw day and published before it. A landing killed in between leaves rows that tell
of a change from what raw still holds: whoever lands the day next leaves them out, so that nothing stands twice.
"""

import contextlib
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, Stream
from analytics_platform.catalogue.tables import Table
from analytics_platform.lake import Lake, Manifest, PartitionDamaged, StagedPartition
from analytics_platform.landing.differing_rows import differing_parts
from analytics_platform.landing.layouts import layout
from analytics_platform.landing.states import COMPLETE, PARTIAL, PROVISIONAL
from analytics_platform.tables.restatements import CHANGED, KINDS, REMOVED, Difference, differences
from analytics_platform.tables.schemas import table_schema

log = logging.getLogger(__name__)

COUNTS = tuple(f"restated_{kind}" for kind in KINDS)
"""Facts of a raw day that was read again: how many of its records the reading before had not, or had otherwise, and
how many only that one had."""
FIELDS = "restated_fields"
"""The fact that tells the paths that changed most often, and in how many records."""
REMOVALS_SINCE = "removals_since"
"""The fact of a day's history that tells from which reading on it is still to be seen whether what was removed is
gone altogether; see `landing.erased`."""
ERASED = "erased"
"""The fact of a day's history that tells how many conversations its readings showed to be gone altogether."""

_MOST_PATHS = 20
_COUNTED_PATHS = 10_000
_ROWS_AT_ONCE = 5_000


@dataclass
class Restated:
    """A staged raw day that tells how it differs from the reading before, and the day's history of differences where
    that has to be replaced."""

    raw: StagedPartition
    history: StagedPartition | None


def known_differences(before: Manifest | None, facts: Mapping[str, Any]) -> Mapping[str, object]:
    """What a raw day with these facts tells of its differences to `before`, where no record need be compared for it.

    Nothing where the day is new, or lacked something that was known to be missing: what comes then restates nothing.
    """
    if before is not None and before.facts["job_ids"] == facts["job_ids"]:  # published by a run that was then killed
        return {name: before.facts.get(name) for name in (*COUNTS, FIELDS)}
    if before is None or not _whole(before.facts, facts) or before.facts["digest"] != facts["digest"]:
        return {}
    return dict.fromkeys(COUNTS, 0)


def restated(stream: Stream, lake: Lake, before: Manifest | None, raw: StagedPartition) -> Restated:
    """The staged raw day with its differences to the day the lake holds, `raw` itself where there is nothing to tell.

    Raises LakeError. Where the lake's file is damaged the day is replaced all the same, its differences unknown.
    """
    facts = raw.manifest.facts
    if before is None or before.facts["job_ids"] == facts["job_ids"] or not _whole(before.facts, facts):
        return Restated(raw, None)
    differ = before.facts["digest"] != facts["digest"]
    told = lake.manifest(stream.restatements.name, raw.day)
    if not differ and not (told is not None and never_came(told, before)):
        return Restated(raw, None)
    tally = _Tally()
    with contextlib.ExitStack() as on_fault:
        try:
            found = _found(stream, lake, raw) if differ else iter(())
            history = _history(stream, lake, before, told, raw.manifest, found, tally)
        except PartitionDamaged as fault:
            log.warning("What changed of %s of %s is not known: %s", stream.name, raw.day, fault)
            return Restated(raw, None)
        if history is not None:
            on_fault.callback(history.discard)
        if differ:
            with lake.open_staged(raw) as file:
                telling = with_facts(lake, stream.raw, raw.day, file, {**facts, **tally.facts()})
            raw.discard()
            raw = telling
        on_fault.pop_all()
    return Restated(raw, history)


def with_facts(
    lake: Lake, table: Table, day: date, file: pq.ParquetFile, facts: Mapping[str, object]
) -> StagedPartition:
    """The rows of an open partition, staged under other facts: a manifest stands in its file's footer."""
    with lake.stage(table.name, day, table_schema(table), layout(table)) as writer:
        for group in range(file.num_row_groups):
            writer.write(file.read_row_group(group, use_threads=False))
            writer.flush()
        return writer.seal(facts)


def never_came(history: Manifest, raw: Manifest) -> bool:
    """Whether a history ends with differences to a day that was never published: raw is what they start from."""
    return bool(history.facts["previous_job_ids"] == raw.facts["job_ids"])


def _whole(before: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    return not {before["state"], facts["state"]}.intersection((PROVISIONAL, PARTIAL))


def _found(stream: Stream, lake: Lake, raw: StagedPartition) -> Iterator[Difference]:
    """What the staged day holds otherwise than the lake's."""
    name = stream.raw.name
    keys = [column.name for column in stream.restatements.columns if column in stream.raw.columns]
    with lake.open_partition(name, raw.day) as before, lake.open_staged(raw) as after:
        for old, new in differing_parts(lake, name, raw.day, (before, after), [*keys, "record"]):
            yield from differences(old, new)


class _Tally:
    """Counts of differences by kind and by path."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self._paths: Counter[str] = Counter()

    def add(self, found: Sequence[Difference]) -> None:
        self.kinds.update(each.kind for each in found)
        self._paths.update(path for each in found for path in each.fields)
        if len(self._paths) > _COUNTED_PATHS:  # free keys may be without end: the rare ones are let go
            self._paths = Counter(dict(self._paths.most_common(_COUNTED_PATHS // 2)))

    def facts(self) -> dict[str, object]:
        most = sorted(self._paths.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_PATHS]
        counts = {f"restated_{kind}": self.kinds[kind] for kind in KINDS}
        return {**counts, FIELDS: dict(most) if self.kinds[CHANGED] else None}


def _history(
    stream: Stream,
    lake: Lake,
    before: Manifest,
    told: Manifest | None,
    now: Manifest,
    found: Iterator[Difference],
    tally: _Tally,
) -> StagedPartition | None:
    """The differences told so far and those found now, staged; the ones that never came are left out. None where there
    are none at all."""
    table = stream.restatements
    landings = {
        "previous_as_of": before.facts["as_of"],
        "as_of": now.facts["as_of"],
        "previous_job_ids": before.facts["job_ids"],
        "job_ids": now.facts["job_ids"],
    }
    with lake.stage(table.name, now.day, table_schema(table), layout(table)) as writer:
        if told is not None:
            with lake.open_partition(table.name, now.day) as file:
                for group in range(file.num_row_groups):
                    writer.write(_that_came(file.read_row_group(group, use_threads=False), before))
                    writer.flush()
        while some := list(islice(found, _ROWS_AT_ONCE)):
            tally.add(some)
            writer.write(_rows(table, some, landings))
            writer.flush()
        if told is None and not tally.kinds:
            return None
        since = told.facts[REMOVALS_SINCE] if told is not None else None
        if since is None and tally.kinds[REMOVED] and stream is CONVERSATION_DETAILS:
            since = now.facts["as_of"]
        facts = {"state": COMPLETE, **{name: now.facts[name] for name in ("stream", "source", "watermark")}}
        erased = told.facts.get(ERASED, 0) if told is not None else 0
        return writer.seal({**facts, **landings, **tally.facts(), REMOVALS_SINCE: since, ERASED: erased})


def _that_came(rows: pa.Table, raw: Manifest) -> pa.Table:
    """The rows of a history without those that tell of a change from what raw still holds."""
    jobs = pc.binary_join(rows["previous_job_ids"], " ")
    return rows.filter(pc.not_equal(jobs, " ".join(raw.facts["job_ids"])))


def _rows(table: Table, found: Sequence[Difference], landings: Mapping[str, Any]) -> pa.Table:
    schema = table_schema(table)
    told: dict[str, list[Any]] = {
        table.columns[0].name: [each.id for each in found],
        "home_day": [each.home_day for each in found],
        "kind": [each.kind for each in found],
        "fields": [list(each.fields) for each in found],
    }
    for name, value in landings.items():
        told[name] = [datetime.fromisoformat(value) if name.endswith("as_of") else value] * len(found)
    return pa.table({name: told[name] for name in schema.names}, schema=schema)
