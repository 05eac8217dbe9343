"""An answer that lists something - reports, schedules, exports - as rows: one an entity, each beside its JSON."""

import json
from datetime import datetime

import msgspec
import pyarrow as pa

from analytics_platform.catalogue.listings import Listing
from analytics_platform.catalogue.tables import snake_case
from analytics_platform.tables.answers import Tidy, envelope, snapshot_rows
from analytics_platform.tables.drift import drift
from analytics_platform.tables.records import read_records
from analytics_platform.tables.schemas import arrow_type


class _Page(msgspec.Struct):
    entities: list[msgspec.Raw] | None = None


def entity_rows(listing: Listing, request: str, answer: bytes, tick: datetime, taken_at: datetime) -> Tidy:
    """The rows of one answer in the order sent; `request` is what was asked, as JSON, the instants are UTC.

    Raises UnreadableAnswer when the answer is not what the vendor describes.
    """
    if listing.entity is None:
        words = pa.array(envelope(answer, list[str]), pa.string())
        return Tidy(snapshot_rows(listing.table, {listing.table.key[-1]: words}, tick, taken_at))
    entities = _entities(listing, answer)
    sources = {str(column.source): column for column in listing.table.columns if column.source}
    schema = pa.schema([pa.field(source, arrow_type(column.type)) for source, column in sources.items()])
    texts = pa.array([str(entity, "utf-8") for entity in entities], pa.string())
    keys = [source for source, column in sources.items() if column.name in listing.table.key]
    read = read_records(texts, schema, keys)
    kept = texts if read.rows is None else texts.take(read.rows)
    columns = {column.name: read.table[source].combine_chunks() for source, column in sources.items()}
    columns["entity"] = kept
    if listing.each is not None:
        for name, asked in json.loads(request)["path"].items():
            columns[snake_case(name)] = pa.repeat(pa.scalar(asked, pa.string()), len(kept))
    rows = snapshot_rows(listing.table, columns, tick, taken_at)
    return Tidy(rows, read.unreadable, drift(listing.entity, entities))


def _entities(listing: Listing, answer: bytes) -> list[msgspec.Raw]:
    """What the answer lists, or the answer itself where it is one entity."""
    if listing.entity == listing.operation.gives:
        return [envelope(answer, msgspec.Raw)]
    return envelope(answer, _Page).entities or []
