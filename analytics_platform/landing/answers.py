"""Landing days of answers: each answer whole in a raw table, and the typed tables made from them beside it.

Nothing is published here. A `StagedAnswers` publishes raw first and the typed tables after it, the last of them being
the mark that the whole day is there: killed in between, the day is asked for again.
"""

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import polars as pl
import pyarrow as pa
import xxhash

from analytics_platform.catalogue.tables import Table
from analytics_platform.genesys_cloud.answered import Answered
from analytics_platform.lake import Lake, Manifest, PartitionWriter, StagedPartition
from analytics_platform.lake.manifest import ENCRYPTED, MASKED
from analytics_platform.landing.errors import AnswerUnusable
from analytics_platform.landing.kept_answers import kept_answers
from analytics_platform.landing.layouts import layout
from analytics_platform.landing.ledger import Ledger
from analytics_platform.landing.source import refuse_another_source
from analytics_platform.landing.states import PROVISIONAL, state_of
from analytics_platform.landing.tally import Digest
from analytics_platform.landing.watermark import Watermark
from analytics_platform.tables.answers import UnreadableAnswer
from analytics_platform.tables.schemas import table_schema

Made = Mapping[str, pa.Table]
"""Rows by the name of their typed table."""
_ROWS_AT_ONCE = 10_000


@dataclass(frozen=True)
class DayOfAnswers:
    """How a day is asked for: its answers, one at a time, and the typed rows `make` makes of one.

    `question` is what was asked, whatever the day: days of different questions are no restatements of each other.
    `facts` are added to each manifest, as they are after the last answer.
    """

    answers: Iterable[Answered]
    make: Callable[[Answered], Made]
    question: Mapping[str, object] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)


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
class LandedAnswers:
    """One day that the same request has published before."""

    raw: Manifest
    manifests: Mapping[str, Manifest]

    @property
    def day(self) -> date:
        return self.raw.day

    def publish(self) -> Manifest:
        """Nothing is left to publish: the manifest of raw."""
        return self.raw


@dataclass(frozen=True)
class AnswersLanding:
    """Lands days of one stream of answers. `source`, the host of the org's API, keeps a lake to one org."""

    lake: Lake
    raw: Table
    tables: tuple[Table, ...]
    source: str
    settled_after: timedelta

    def land_all(
        self,
        days: Iterable[date],
        request: str,
        ask: Callable[[date], DayOfAnswers],
        *,
        ledger: Ledger,
        watermark: Watermark,
        provisional: bool = False,
    ) -> Generator[StagedAnswers | LandedAnswers]:
        """Stage the days, oldest first, each held against other runs until the next one is asked for.

        Publish each before that; one that was not is given up then. A day that `request`, the same for each of its
        retries, has published before comes as it is. Raises DayNotComplete before anything is asked of a day, and what
        `stage` raises.
        """
        stream = self.tables[-1].name
        for day in sorted(days):
            with ledger.claim(stream, day):
                landed = self._landed_by(request, day)
                if landed is not None:
                    yield landed
                    continue
                known = watermark.of(stream, day, provisional=self._may_be_provisional(day, provisional))
                staged = self.stage(day, ask(day), watermark=known, as_of=known, request=request)
                try:
                    yield staged
                finally:
                    staged.discard()

    def stage(
        self, day: date, asked: DayOfAnswers, *, watermark: datetime, as_of: datetime, request: str | None = None
    ) -> StagedAnswers:
        """Stage a day from its answers, which are true as of an instant by the vendor's clock.

        Raises OtherSource before the first answer is asked for, AnswerUnusable where `make` raises UnreadableAnswer,
        LakeError, and whatever the answers raise.
        """
        refuse_another_source(self.lake, self.raw.name, self.source)
        digest, number = Digest(), 0
        with contextlib.ExitStack() as staging:
            writers = {
                table.name: staging.enter_context(self.lake.stage(table.name, day, table_schema(table), layout(table)))
                for table in (self.raw, *self.tables)
            }
            for answer in asked.answers:
                writers[self.raw.name].write(raw_rows(self.raw, [answer], first=number))
                number += 1
                for name, rows in _made(asked.make, answer, self.tables[-1].name, day).items():
                    writers[name].write(rows)
                    _add(digest, name, rows)
            question = dict(asked.question)
            before = self.lake.manifest(self.tables[-1].name, day)
            if before is not None and before.facts.get("question") != question:
                before = None
            told: dict[str, object] = {
                "source": self.source,
                "state": state_of(
                    day,
                    watermark=watermark,
                    before=before,
                    digest=str(digest),
                    settled_after=self.settled_after,
                ),
                "watermark": watermark,
                "as_of": as_of,
                "request": request,
                "answers": number,
                "question": question,
                "digest": str(digest),
                **asked.facts,
            }
            return _sealed(writers.values(), told)

    def _landed_by(self, request: str, day: date) -> LandedAnswers | None:
        """The day as it is, where this request has published all of it."""
        found = {table.name: self.lake.manifest(table.name, day) for table in (self.raw, *self.tables)}
        mine = {name: known for name, known in found.items() if known and known.facts.get("request") == request}
        if len(mine) < len(found):
            return None
        return LandedAnswers(mine.pop(self.raw.name), mine)

    def _may_be_provisional(self, day: date, provisional: bool) -> bool:
        """Whether part of the day will do; a day once complete is never replaced by a part of it."""
        before = self.lake.manifest(self.tables[-1].name, day) if provisional else None
        return provisional and (before is None or before.facts["state"] == PROVISIONAL)


def remade(
    lake: Lake, raw: Manifest, tables: Sequence[Table], make: Callable[[Answered], Made], facts: Mapping[str, object]
) -> list[Manifest]:
    """Make the typed tables of a day anew from the answers that raw keeps, and publish them; nothing is asked.

    `facts` are added to what raw's manifest tells, as they are after the last answer. Raises AnswerUnusable, LakeError.
    """
    digest = Digest()
    with contextlib.ExitStack() as staging:
        writers = {
            table.name: staging.enter_context(lake.stage(table.name, raw.day, table_schema(table), layout(table)))
            for table in tables
        }
        for answer in kept_answers(lake, raw.table, raw.day):
            for name, rows in _made(make, answer, tables[-1].name, raw.day).items():
                writers[name].write(rows)
                _add(digest, name, rows)
        told = {**unprotected(raw), **facts, "digest": str(digest)}
        sealed = [writer.seal(told) for writer in writers.values()]
    return [part.publish() for part in sealed]


def unprotected(manifest: Manifest) -> dict[str, object]:
    """What a manifest tells, but how its rows were protected: another table's are by the policy of their own."""
    return {name: fact for name, fact in manifest.facts.items() if name not in (MASKED, ENCRYPTED)}


def _made(make: Callable[[Answered], Made], answer: Answered, table: str, day: date) -> Made:
    try:
        return make(answer)
    except UnreadableAnswer as fault:
        raise AnswerUnusable(table, day, fault) from None


def _sealed(writers: Iterable[PartitionWriter], facts: Mapping[str, object]) -> StagedAnswers:
    """The partitions, raw first; where one cannot be closed, none is left behind."""
    with contextlib.ExitStack() as given_up:
        sealed = []
        for writer in writers:
            sealed.append(writer.seal(facts))
            given_up.callback(sealed[-1].discard)
        given_up.pop_all()
    raw, *typed = sealed
    return StagedAnswers(raw, typed)


def raw_rows(table: Table, answers: Sequence[Answered], *, first: int = 0, **same: object) -> pa.Table:
    """Rows of a raw table of answers, numbered from `first`; `same` gives the columns that all of them share."""
    columns: dict[str, list[object]] = {
        "number": list(range(first, first + len(answers))),
        "asked_at": [answer.asked_at for answer in answers],
        "request": [answer.request for answer in answers],
        "answer": [answer.text.decode(errors="backslashreplace") for answer in answers],  # what is no UTF-8 lands too
        "correlation_id": [answer.correlation_id for answer in answers],
        **{name: [value] * len(answers) for name, value in same.items()},
    }
    schema = table_schema(table)
    return pa.table({name: pa.array(columns[name], schema.field(name).type) for name in schema.names}, schema=schema)


def _add(digest: Digest, name: str, rows: pa.Table) -> None:
    """Take rows into a digest of content: equal rows, however they are ordered and split into answers, make equal
    digests. Users are asked about in batches, which shift when somebody joins."""
    of_table = xxhash.xxh3_128_intdigest(name.encode())
    for line in _lines(rows):
        digest.add(of_table ^ xxhash.xxh3_128_intdigest(line))


def _lines(rows: pa.Table) -> Iterator[bytes]:
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        frame = pl.DataFrame(pl.from_arrow(rows.slice(first, _ROWS_AT_ONCE)))
        yield from frame.write_ndjson().encode().splitlines()
