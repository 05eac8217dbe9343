"""Landing a day of answers: each answer whole in a raw table, and the typed tables made from them beside it.

Nothing is published here. A `StagedAnswers` publishes raw first and the typed tables after it, the last of them being
the mark that the whole day is there: killed in between, the day is asked for again.
"""

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pyarrow as pa
import xxhash

from analytics_platform.catalogue.tables import Table
from analytics_platform.genesys_cloud.answered import Answered
from analytics_platform.lake import Lake, Manifest, StagedPartition
from analytics_platform.landing.layouts import layout
from analytics_platform.landing.source import refuse_another_source
from analytics_platform.landing.states import state_of
from analytics_platform.tables.schemas import table_schema

Made = Mapping[str, pa.Table]
"""Rows by the name of their typed table, in an order that follows from the answer's content alone."""


@dataclass
class StagedAnswers:
    """One day, ready to be published: the answers and what was made of them."""

    raw: StagedPartition
    typed: Sequence[StagedPartition]

    @property
    def day(self) -> date:
        return self.raw.day

    def publish(self) -> Manifest:
        """Replace the day in the lake and return the manifest of raw; what is published then is `manifests`."""
        try:
            for part in (self.raw, *self.typed):
                part.publish()
        finally:
            self.discard()
        return self.raw.manifest

    @property
    def manifests(self) -> Mapping[str, Manifest]:
        """What each typed table holds of the day, by its name."""
        return {part.table: part.manifest for part in self.typed}

    def discard(self) -> None:
        """Give up what is not published."""
        for part in (self.raw, *self.typed):
            part.discard()


@dataclass(frozen=True)
class AnswersLanding:
    """Lands days of one stream of answers. `source`, the host of the org's API, keeps a lake to one org."""

    lake: Lake
    raw: Table
    tables: tuple[Table, ...]
    source: str
    settled_after: timedelta

    def stage(
        self,
        day: date,
        answers: Iterable[Answered],
        make: Callable[[Answered], Made],
        *,
        watermark: datetime,
        as_of: datetime,
        facts: Mapping[str, object],
    ) -> StagedAnswers:
        """Stage a day from its answers, taken one at a time; `make` makes the typed rows of one.

        `facts` are added to each manifest. Raises OtherSource before the first answer is asked for, LakeError, and
        whatever the answers raise.
        """
        refuse_another_source(self.lake, self.raw.name, self.source)
        digest, number = xxhash.xxh3_128(), 0
        with contextlib.ExitStack() as staging:
            writers = {
                table.name: staging.enter_context(self.lake.stage(table.name, day, table_schema(table), layout(table)))
                for table in (self.raw, *self.tables)
            }
            for answer in answers:
                writers[self.raw.name].write(raw_rows(self.raw, [answer], first=number))
                number += 1
                for name, rows in make(answer).items():
                    writers[name].write(rows)
                    _add(digest, name, rows)
            before = self.lake.manifest(self.tables[-1].name, day)
            told: dict[str, object] = {
                "source": self.source,
                "state": state_of(
                    day,
                    watermark=watermark,
                    as_of=as_of,
                    before=before,
                    digest=digest.hexdigest(),
                    settled_after=self.settled_after,
                ),
                "watermark": watermark,
                "as_of": as_of,
                "answers": number,
                "digest": digest.hexdigest(),
                **facts,
            }
            return StagedAnswers(
                writers[self.raw.name].seal(told), [writers[table.name].seal(told) for table in self.tables]
            )


def raw_rows(table: Table, answers: Sequence[Answered], *, first: int = 0, **same: object) -> pa.Table:
    """Rows of a raw table of answers, numbered from `first`; `same` gives the columns that all of them share."""
    columns: dict[str, list[object]] = {
        "number": list(range(first, first + len(answers))),
        "asked_at": [answer.asked_at for answer in answers],
        "request": [answer.request for answer in answers],
        "answer": [answer.text.decode() for answer in answers],
        "correlation_id": [answer.correlation_id for answer in answers],
        **{name: [value] * len(answers) for name, value in same.items()},
    }
    schema = table_schema(table)
    return pa.table({name: pa.array(columns[name], schema.field(name).type) for name in schema.names}, schema=schema)


def _add(digest: "xxhash.xxh3_128", name: str, rows: pa.Table) -> None:
    """Take rows into a digest of content: equal rows, however they are chunked, make equal digests."""
    digest.update(name.encode())
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows.combine_chunks())
    digest.update(sink.getvalue())
