"""Landing a day's export: its file as it came, a raw row that tells of it, and of a CSV the table in it.

Nothing is published here. A `StagedExport` publishes the file, then raw, then the table, the last being the mark that
the whole day is there; only then does the ledger let go of the export. Killed before, the same export is fetched again.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from threading import Event

import pyarrow as pa

from analytics_platform.catalogue.exports import export_file_table, files_of
from analytics_platform.genesys_cloud.exports import PARTIAL, Export, Exports
from analytics_platform.lake import Lake, Layout, Manifest, PartitionMissing, StagedPartition
from analytics_platform.lake.errors import told
from analytics_platform.lake.files import StagedFile
from analytics_platform.landing.answers import LandedAnswers
from analytics_platform.landing.errors import ExportUnusable
from analytics_platform.landing.export_asking import DailyExport, ExportAsking, ExportTimes, name_of
from analytics_platform.landing.in_turn import in_turn
from analytics_platform.landing.layouts import layout
from analytics_platform.landing.ledger import Entry, Ledger
from analytics_platform.landing.source import refuse_another_source
from analytics_platform.landing.states import PROVISIONAL, state_of
from analytics_platform.landing.watermark import Watermark
from analytics_platform.tables.exports import ExportRows, ExportUnreadable, export_rows
from analytics_platform.tables.schemas import table_schema

_NAMES = {False: "export.csv", True: "export.pdf"}
_DELIMITERS = {"COMMA": ",", "SEMICOLON": ";"}


@dataclass
class StagedExport:
    """One day, ready to be published; no table where the file is a PDF."""

    file: StagedFile
    raw: StagedPartition
    table: StagedPartition | None
    on_published: Callable[[], None]
    held: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    """The claim on the day, let go when it is published or given up."""

    @property
    def manifests(self) -> Mapping[str, Manifest]:
        """What the table holds of the day, by its name; nothing where there is none."""
        return {} if self.table is None else {self.table.table: self.table.manifest}

    def publish(self) -> Manifest:
        """Replace the day in the lake, let the ledger forget the export, and return the manifest of raw."""
        try:
            self.file.publish()
            self.raw.publish()
            if self.table is not None:
                self.table.publish()
            self.on_published()
        finally:
            self.discard()
        return self.raw.manifest

    def discard(self) -> None:
        """Give up what is not published, and let go of the day."""
        with self.held:
            for part in (self.file, self.raw, self.table):
                if part is not None:
                    part.discard()


class ExportLanding:
    """Lands days of one export. `org`, the host of its API, tells whose exports are in the ledger."""

    def __init__(
        self,
        export: DailyExport,
        exports: Exports,
        lake: Lake,
        ledger: Ledger,
        org: str,
        watermark: Watermark,
        times: ExportTimes = ExportTimes(),  # noqa: B008 - frozen
        *,
        provisional: bool = False,
        settled_after: timedelta = timedelta(days=3),
    ) -> None:
        self.export = export
        self.raw = export_file_table(export.name)
        self.marks = self.raw.name if export.is_pdf else export.stream
        self._exports = exports
        self._lake = lake
        self._ledger = ledger
        self._org = org
        self._source = org
        self._provisional = provisional
        self._settled_after = settled_after
        self._asking = ExportAsking(export, exports, ledger, watermark, times)

    def land_all(self, days: Sequence[date], request: str, at_once: int) -> Iterator[StagedExport | LandedAnswers]:
        """Stage the days, `at_once` exports in flight, oldest first; publish each before the next is asked for.

        A day that `request` has landed before comes as it is. Raises on the first day that cannot be
        landed; the exports of later days stay in the ledger.
        """

        def land(day: date, stop: Event) -> StagedExport | LandedAnswers:
            return self.land(day, request, stop)

        refuse_another_source(self._lake, self.raw.name, self._source)
        yield from in_turn(days, land, at_once, self.export.stream)

    def land(self, day: date, request: str, stop: Event | None = None) -> StagedExport | LandedAnswers:
        """Stage one day. `request` names the request this is part of, the same for each of its retries.

        Raises what `ExportAsking.completed` and `Exports.download` raise, ExportUnusable and LakeError.
        """
        stop = stop or Event()
        with contextlib.ExitStack() as held:
            held.enter_context(self._ledger.claim(self.export.stream, day, stop))
            question = self.export.question(self._org, day)
            landed, before = self._lake.manifest(self.raw.name, day), self._lake.manifest(self.marks, day)
            if landed is not None and before is not None and self._ledger.landed_by(question, request) is not None:
                return LandedAnswers(landed, {} if self.export.is_pdf else {self.marks: before})
            provisional = self._provisional and (before is None or before.facts["state"] == PROVISIONAL)
            entry, export = self._asking.completed(question, request, provisional, stop)
            staged = self._staged(entry, export, before)
            staged.held = held.pop_all()
            return staged

    def _staged(self, entry: Entry, export: Export, before: Manifest | None) -> StagedExport:
        day, pdf = entry.question.day, self.export.is_pdf
        with contextlib.ExitStack() as given_up:
            with self._lake.stage_file(files_of(self.export.name), day, _NAMES[pdf]) as writer:
                with told(f"fetching {self.export.stream} of {day}", self._lake.place.name, writing=True):
                    content_type = self._exports.of(entry.asked_as).download(export, writer.sink, pdf=pdf)
                file = writer.seal()
            given_up.callback(file.discard)
            rows = None if pdf else self._rows(file, entry)
            facts = self._facts(entry, export, file, rows, before)
            raw = self._partition(self.raw.name, day, self._row(entry, export, file, content_type), facts)
            given_up.callback(raw.discard)
            table = None if rows is None else self._partition(self.export.stream, day, rows.rows, facts)
            given_up.pop_all()
        return StagedExport(file, raw, table, partial(self._landed, entry))

    def _landed(self, entry: Entry) -> None:
        self._lake.remove_file(files_of(self.export.name), entry.question.day, _NAMES[not self.export.is_pdf])
        self._ledger.landed(entry)

    def _rows(self, file: StagedFile, entry: Entry) -> ExportRows:
        try:
            return rows_of_file(file.read(), self.export.content)
        except ExportUnreadable as fault:
            raise ExportUnusable(self.export.stream, file.day, str(entry.job_id), str(fault)) from None

    def _partition(self, name: str, day: date, rows: pa.Table, facts: Mapping[str, object]) -> StagedPartition:
        how = layout(self.raw) if name == self.raw.name else layout_of_export(rows.schema)
        with self._lake.stage(name, day, rows.schema, how) as writer:
            writer.write(rows)
            return writer.seal(facts)

    def _row(self, entry: Entry, export: Export, file: StagedFile, content_type: str) -> pa.Table:
        asked = {**self.export.content, "name": name_of(entry), "interval": entry.question.interval}
        row = {
            "file": f"{file.folder}/day={file.day}/{file.name}",
            "bytes": file.size,
            "sha256": file.sha256,
            "content_type": content_type,
            "export_id": export.id,
            "run_id": export.run_id,
            "export_name": export.name,
            "status": export.status,
            "created": export.created,
            "finished": export.modified,
            "request": json.dumps(asked, ensure_ascii=False, sort_keys=True),
        }
        return pa.Table.from_pylist([row], table_schema(self.raw))

    def _facts(
        self, entry: Entry, export: Export, file: StagedFile, rows: ExportRows | None, before: Manifest | None
    ) -> Mapping[str, object]:
        as_of: datetime | None = export.created or entry.submitted_at
        assert entry.watermark is not None and as_of is not None
        return {
            "stream": self.export.stream,
            "source": self._source,
            "state": self._state(entry, export, file, before),
            "watermark": entry.watermark,
            "as_of": as_of,
            "view": self.export.content["viewType"],
            "interval": entry.question.interval,
            "export_id": export.id,
            "run_id": export.run_id,
            "status": export.status,
            "partial": export.status == PARTIAL,
            "file": f"{file.folder}/day={file.day}/{file.name}",
            "file_bytes": file.size,
            **told_of_rows(rows),
            "question": entry.question.body_hash,
            "digest": file.sha256,
        }

    def _state(self, entry: Entry, export: Export, file: StagedFile, before: Manifest | None) -> str:
        assert entry.watermark is not None
        if before is not None and before.facts["run_id"] == export.run_id:
            return str(before.facts["state"])  # published by a run that was killed before the ledger knew
        # Days of different questions are no restatements of each other.
        same = before is not None and before.facts["question"] == entry.question.body_hash
        return state_of(
            file.day,
            watermark=entry.watermark,
            before=before if same else None,
            digest=file.sha256,
            settled_after=self._settled_after,
            whole=export.status != PARTIAL,
        )


def rows_of_file(file: bytes, asked: Mapping[str, object]) -> ExportRows:
    """The rows of an export's CSV, given what was `asked` for; ExportUnreadable where it is none."""
    return export_rows(
        file,
        delimiter=_DELIMITERS[str(asked.get("csvDelimiter", "COMMA"))],
        time_zone=str(asked["timeZone"]),
        locale=str(asked["locale"]),
    )


def told_of_rows(rows: ExportRows | None) -> Mapping[str, object]:
    """What a manifest tells of the rows of a file; of a PDF nothing."""
    return {
        "file_rows": None if rows is None else rows.rows.num_rows,
        "headings": None if rows is None else dict(rows.headings),
        "as_told": None if rows is None else list(rows.as_told),
    }


def layout_of_export(schema: pa.Schema) -> Layout:
    """How the table of an export is written: its columns are those of the file."""
    texts = [each.name for each in schema if pa.types.is_string(each.type)]
    begins = "interval_start"
    instant = begins in schema.names and pa.types.is_timestamp(schema.field(begins).type)
    return Layout(instant=begins if instant else None, dictionary=tuple(texts))


def differing(lake: Lake, name: str, raw: str, mark: str, day: date) -> str | None:
    """What a landed day of an export has that its kept file has not; None where all of it agrees.

    `mark` is the table the rows are in, raw itself where the file is a PDF.
    """
    told_by = {table: lake.manifest(table, day) for table in (raw, mark)}
    digests = {manifest.facts["digest"] for manifest in told_by.values() if manifest is not None}
    marked = told_by[mark]
    if None in told_by.values() or marked is None or len(digests) > 1:
        return "raw and the table tell of different files"
    try:
        content = lake.read_file(files_of(name), day, str(marked.facts["file"]).rpartition("/")[2])
    except PartitionMissing as fault:
        return str(fault)
    if {hashlib.sha256(content).hexdigest()} != digests:
        return "the kept file is not the one the table was made from"
    if mark != raw and marked.rows != marked.facts["file_rows"]:
        return f"the file has {marked.facts['file_rows']} rows, the table {marked.rows}"
    return None
